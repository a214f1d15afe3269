"""The same devices through Ansible's `template` module: the same templates, the views as prepared host variables.

What Ansible is given for free: the views are computed beforehand and lie as JSON beside the inventory; facts are not
gathered; hosts are local, so nothing goes over a network; as many forks as there are cores; one task per artifact kind.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bench.measure import Cost, cost
from ggi_net.paths import templates_folder
from ggi_net.render.device import applies, view_of
from ggi_net.render.platform import platform

if TYPE_CHECKING:
    from ggi_net.model.estate import Estate, Placed


def run(estate: Estate, devices: list[Placed], folder: Path) -> Cost:
    """Render `devices` below `folder`/out by an ad-hoc playbook; what it cost."""
    (folder / "host_vars").mkdir(parents=True)
    (folder / "templates").symlink_to(templates_folder())
    hosts = {}
    for placed in devices:
        name = placed.device.name
        view = view_of(estate, placed)
        kinds = [k for k in platform(placed.device.platform).artifacts if applies(k, view)]
        variables = {
            "device": msgspec.to_builtins(view),
            "artifacts": [{"template": k.template, "file": k.file} for k in kinds],
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
                        "src": "{{ item.template }}",
                        "dest": f"{folder}/out/{{{{ inventory_hostname }}}}/{{{{ item.file | replace('/', '_') }}}}",
                        "lstrip_blocks": True,
                    },
                    "loop": "{{ artifacts }}",
                    "loop_control": {"label": "{{ item.file }}"},
                },
            ],
        }
    ]
    (folder / "playbook.json").write_text(json.dumps(playbook))
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(folder / "inventory.json")]
    spent = Cost()
    with cost(spent):
        done = subprocess.run(
            [*command, "--forks", str(len(os.sched_getaffinity(0))), str(folder / "playbook.json")],
            cwd=folder,
            env={**os.environ, "ANSIBLE_CONFIG": "/dev/null", "ANSIBLE_STDOUT_CALLBACK": "minimal"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"bench: ansible-playbook failed: {(done.stdout + done.stderr)[-2000:]}")
    return spent
