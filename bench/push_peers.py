"""The peers of a push, in a Python environment of their own, on the same simulated routers.

`nornir` with netmiko does what the toolkit does, and once more what its own tasks do: enter the lines and save.
Ansible's `ios_config` compares with the running configuration first, enters what is missing, and saves. Nobody but the
toolkit checks host keys.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import run
from bench.peers import environment
from bench.push_devices import ADDED
from ggi_net.push.connections import read_connections

if TYPE_CHECKING:
    from bench.measure import Ran

NORNIR = "3.6.0"
NORNIR_NETMIKO = "1.0.1"
NETMIKO = "4.8.0"
ANSIBLE = "12.3.0"
"""The PyPI package with the collections; cisco.ios is in it."""
PYLIBSSH = "1.4.0"
"""What Ansible's network_cli is quickest with."""

_HERE = Path(__file__).parent
_TASKS = {
    "push": {"cisco.ios.ios_config": {"lines": list(ADDED), "save_when": "changed"}},
    "collect": {"cisco.ios.ios_command": {"commands": ["show running-config"]}},
}


class Peers:
    """The peers; `folder` is scratch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = (
            environment(
                f"nornir=={NORNIR}",
                f"nornir-netmiko=={NORNIR_NETMIKO}",
                f"netmiko=={NETMIKO}",
                f"ansible=={ANSIBLE}",
                f"ansible-pylibssh=={PYLIBSSH}",
            )
            / "bin"
        )
        self._environment = {**os.environ, "HOME": str(folder), "ANSIBLE_CONFIG": str(folder / "ansible.cfg")}
        (folder / "ansible.cfg").write_text("[defaults]\nhost_key_checking = False\nretry_files_enabled = False\n")

    def nornir(self, what: str, connections: Path, workers: int) -> tuple[Ran, float]:
        """Do it once; what it took, and the seconds of the work itself."""
        hosts = {
            name: {
                "hostname": one.host,
                "port": one.port,
                "username": one.username,
                "password": one.password,
                "platform": "cisco_xe",
                "connection_options": {"netmiko": {"extras": {"secret": one.enable}}},
            }
            for name, one in read_connections(connections).devices.items()
        }
        file = self._write("hosts.json", hosts)
        job = {"hosts": str(file), "workers": workers, "what": what, "added": list(ADDED)}
        command = [str(self.bin / "python"), str(_HERE / "peer_nornir.py")]
        ran = run(command, json.dumps(job), environment=self._environment, folder=self.folder)
        said = json.loads(ran.output)
        if said["errors"]:
            raise SystemExit(f"bench: nornir: {said['errors'][0]}")
        return ran, said["seconds"]

    def ansible(self, what: str, connections: Path, workers: int) -> tuple[Ran, float]:
        """Do it once; what it took, and the seconds of the whole run."""
        hosts = {
            name: {
                "ansible_host": one.host,
                "ansible_port": one.port,
                "ansible_user": one.username,
                "ansible_password": one.password,
                "ansible_connection": "ansible.netcommon.network_cli",
                "ansible_network_cli_ssh_type": "libssh",
                "ansible_network_os": "cisco.ios.ios",
                "ansible_become": True,
                "ansible_become_method": "ansible.netcommon.enable",
                "ansible_become_password": one.enable,
            }
            for name, one in read_connections(connections).devices.items()
        }
        inventory = self._write("inventory.json", {"all": {"hosts": hosts}})
        playbook = self._write("playbook.json", [{"hosts": "all", "gather_facts": False, "tasks": [_TASKS[what]]}])
        command = [str(self.bin / "ansible-playbook"), "-i", str(inventory), "--forks", str(workers), str(playbook)]
        ran = run(command, "", environment=self._environment, folder=self.folder)
        return ran, ran.wall

    def _write(self, name: str, data: object) -> Path:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(json.dumps(data))
        return path
