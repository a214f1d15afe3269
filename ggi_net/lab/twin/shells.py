"""Simulated devices at the management addresses of the machines that stand in for them, reached as those are.

Run as `python -m ggi_net.lab.twin.shells FOLDER` once the machines are there; says `ready` on standard output. One
process has all of them: a socket belongs to the network that it was made in, whoever answers it.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from functools import partial
from pathlib import Path

import asyncssh
import msgspec

from ggi_net.lab.fleet import Blueprint, Ground, Login, simulate
from ggi_net.lab.namespaces import inside
from ggi_net.lab.twin.layout import PASSWORD
from ggi_net.lab.twin.plan import Plan
from ggi_net.lab.twin.state import State
from ggi_net.secrets import LabSecrets

_VRF = "mgmt"


async def serve(folder: Path) -> None:
    """Listen for every simulated device of the twin in `folder`, for ever."""
    plan = msgspec.json.decode((folder / "plan.json").read_bytes(), type=Plan)
    pids = msgspec.json.decode((folder / "state.json").read_bytes(), type=State).pids
    ground = Ground(folder / "simulated", LabSecrets.read(folder / "secrets.seed").value(PASSWORD))
    login = asyncssh.read_private_key(folder / "login.key")
    for machine in plan.machines:
        if machine.shell is None:
            continue
        made_from = Blueprint(
            name=machine.name, driver=machine.shell.driver, serial=machine.shell.serial, ports=machine.shell.ports
        )
        device = simulate(made_from, ground)
        key = asyncssh.read_private_key(folder / "devices" / machine.name / "host.key")
        greet = partial(Login, device, ground.password, login, set())
        for address in machine.shell.addresses:
            with inside(f"/proc/{pids[machine.name]}/root/run/netns/{_VRF}"):
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                listener = socket.create_server((address, 22), family=family, backlog=100)
            await asyncssh.create_server(
                greet, sock=listener, server_host_keys=[key], login_timeout=60, **device.acceptor()
            )
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
