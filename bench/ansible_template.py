"""The same devices through Ansible's `template` module: the same templates, the views as prepared host variables.

What Ansible is given for free: the views are computed beforehand and lie as JSON beside the inventory; facts are not
gathered; hosts are local, so nothing goes over a network; pipelining; as many forks as there are cores; and of each
device only the largest artifact, where `ggi render` makes all of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bench.measure import Cost, cost
from ggi_net.paths import templates_folder
from ggi_net.render.device import render_device, view_of
from ggi_net.render.platform import platform

if TYPE_CHECKING:
    from ggi_net.model.estate import Estate, Placed


def run(estate: Estate, devices: list[Placed], folder: Path) -> Cost:
    """Render `devices` below `folder`/out by an ad-hoc playbook; what it cost."""
    (folder / "host_vars").mkdir(parents=True)
    _copy_templates(folder / "templates")
    hosts = {}
    for placed in devices:
        name = placed.device.name
        largest = max(render_device(estate, placed), key=lambda artifact: len(artifact.text)).file
        kind = next(kind for kind in platform(placed.device.platform).artifacts if kind.file == largest)
        variables = {
            "device": msgspec.to_builtins(view_of(estate, placed)),
            "artifact": {"template": kind.template, "file": kind.file},
        }
        (folder / "host_vars" / f"{name}.json").write_text(json.dumps(variables))
        hosts[name] = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    playbook = [
        {
            "hosts": "all",
            "gather_facts": False,
            "tasks": [
                {"file": {"path": f"{folder}/out/{{{{ inventory_hostname }}}}", "state": "directory"}},
                {
                    "template": {
                        "src": "{{ artifact.template }}",
                        "dest": f"{folder}/out/{{{{ inventory_hostname }}}}/{{{{ artifact.file }}}}",
                        "lstrip_blocks": True,
                    }
                },
            ],
        }
    ]
    (folder / "ansible.cfg").write_text("[defaults]\nstdout_callback = minimal\npipelining = true\n")
    (folder / "playbook.json").write_text(json.dumps(playbook))
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(folder / "inventory.json")]
    spent = Cost()
    with cost(spent):
        done = subprocess.run(
            [*command, "--forks", str(len(os.sched_getaffinity(0))), str(folder / "playbook.json")],
            cwd=folder,
            env={**os.environ, "ANSIBLE_CONFIG": str(folder / "ansible.cfg")},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"bench: ansible-playbook failed: {(done.stdout + done.stderr)[-2000:]}")
    return spent


def _copy_templates(folder: Path) -> None:
    """The templates as they are, but for one thing: what is a tuple in a view is a list once it has been JSON."""
    shutil.copytree(templates_folder(), folder)
    for template in folder.rglob("*.j2"):
        text = template.read_text()
        if "else ()" in text:
            template.write_text(text.replace("else ()", "else []"))
