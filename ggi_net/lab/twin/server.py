"""The process of a twin: it has the wires, starts the machines, and starts again those that reboot.

Run as `python -m ggi_net.lab.twin.server FOLDER`, with `plan.json` in the folder. Everything of the twin ends with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ggi_net.errors import LabFailure
from ggi_net.files import write_atomic
from ggi_net.lab import namespaces as ns
from ggi_net.lab.twin import body
from ggi_net.lab.twin.plan import Plan
from ggi_net.lab.twin.state import State, established

if TYPE_CHECKING:
    from ggi_net.lab.twin.plan import Machine, Station

_CONVERGE_SECONDS = 180.0
_BOOT_SECONDS = 300.0
_WIDEST = 9216


class Twin:
    """The machines and hosts of a plan, in this process's care."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._folder = folder
        self._ports = 0
        self._pids: dict[str, int] = {}
        self._wires: dict[str, list[tuple[int, str]]] = {}
        for number, wire in enumerate(plan.wires):
            for name, interface in wire.ends:
                self._wires.setdefault(name, []).append((number, interface))

    def up(self) -> None:
        """Start everything: routers first, and the servers when the network is there. Raises LabFailure."""
        ns.unshare(ns.NEWNET)
        wires = range(len(self._plan.wires))
        _ip([f"link add b{number} mtu {_WIDEST} type bridge mcast_snooping 0" for number in wires])
        _ip(["link set lo up", *(f"link set b{number} up" for number in wires)])
        # The bridges are wires: nothing on them is for this machine.
        Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")
        for station in self._plan.stations:
            self._host(station)
        routers = [machine for machine in self._plan.machines if machine.router]
        servers = [machine for machine in self._plan.machines if not machine.router]
        for machine in routers:
            self._start(machine)
        self._booted(routers)
        if any(machine.shell for machine in routers):
            self._shells()
        self._converged(routers)
        for machine in servers:
            self._start(machine)
        self._booted(servers)
        self._tell(ready=True)

    def care(self) -> None:
        """Start again whatever reboots, until this process is told to end."""
        names = {machine.name: machine for machine in self._plan.machines}
        while True:
            try:
                pid, status = os.wait()
            except ChildProcessError:
                signal.pause()
                continue
            name = next((name for name, own in self._pids.items() if own == pid), "")
            if not name:
                continue
            del self._pids[name]
            wants_more = os.waitstatus_to_exitcode(status) in (body.REBOOT, -signal.SIGHUP)
            if name in names and wants_more:
                self._start(names[name])
            self._tell(ready=True)

    def down(self) -> None:
        """End every machine and host."""
        for pid in self._pids.values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in self._pids.values():
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)

    def _shells(self) -> None:
        """Start the simulated devices, which live in the networks of their stand-ins; they end with this process."""
        with (self._folder / "shells.log").open("wb") as log:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "ggi_net.lab.twin.shells", str(self._folder)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        if process.stdout is None or process.stdout.readline() != "ready\n":
            said = (self._folder / "shells.log").read_text(errors="replace").strip().splitlines()
            raise LabFailure(f"the simulated devices did not start: {said[-1] if said else 'no reason given'}")

    def _host(self, station: Station) -> None:
        pid = body.start_host(station.name)
        self._pids[station.name] = pid
        self._connect(station.name, pid)
        lines = ["link set lo up"]
        for number, addresses in enumerate(station.ports):
            lines.append(f"link set eth{number} up")
            lines += [f"addr add {a} dev eth{number}{' nodad' if ':' in a else ''}" for a in addresses]
        lines += [f"route add default via {gateway}" for gateway in station.gateways]
        _ip(lines, pid)
        if len(station.ports) > 1:
            with ns.inside(f"/proc/{pid}/ns/net"):
                for setting in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
                    Path("/proc/sys/net", setting).write_text("1")

    def _start(self, machine: Machine) -> None:
        pid, tell = body.start_machine(machine.name, self._folder / "devices" / machine.name, machine.units)
        self._pids[machine.name] = pid
        self._connect(machine.name, pid)
        os.write(tell, b"1")
        os.close(tell)
        self._tell(ready=False)

    def _connect(self, name: str, pid: int) -> None:
        """Give a machine its end of each wire that it is on. The ends go when it does."""
        lines = []
        for number, interface in self._wires.get(name, ()):
            self._ports += 1
            port = f"p{self._ports}"
            lines.append(f"link add {port} mtu {_WIDEST} type veth peer name {interface} mtu {_WIDEST} netns {pid}")
            lines.append(f"link set {port} master b{number} up")
        _ip(lines)

    def _booted(self, machines: list[Machine]) -> None:
        end = time.monotonic() + _BOOT_SECONDS
        for machine in machines:
            place = Path(f"/proc/{self._pids[machine.name]}/root/run/ggi-twin")
            while not (place / "booted").exists():
                if time.monotonic() > end:
                    raise LabFailure(f"{machine.name} did not start in {_BOOT_SECONDS:.0f} s")
                time.sleep(0.05)
            if (place / "booted").read_text().strip() != "0":
                raise LabFailure(f"{machine.name}: {(place / 'boot.log').read_text(errors='replace').strip()}")

    def _converged(self, routers: list[Machine]) -> None:
        """Wait until every session between machines of the twin is established, and hosts reach their gateways.

        A server whose first packets are lost would try again only much later.
        """
        end = time.monotonic() + _CONVERGE_SECONDS
        ours = set(self._plan.addresses)
        for machine in routers:  # one after the other, since asking takes more of the processor than routing does
            while not all((established(self._pids[machine.name], ours) or {"": False}).values()):
                if time.monotonic() > end:
                    raise LabFailure(f"the BGP sessions of {machine.name} did not come up")
                time.sleep(0.5)
        lost = [(station.name, gateway) for station in self._plan.stations for gateway in station.gateways]
        while lost:
            lost = [(name, gateway) for name, gateway in lost if not _answers(self._pids[name], gateway)]
            if lost and time.monotonic() > end:
                raise LabFailure(f"no gateway answers at {', '.join(sorted({gateway for _, gateway in lost}))}")

    def _tell(self, *, ready: bool) -> None:
        state = State(ready=ready, pids=dict(self._pids))
        write_atomic(self._folder / "state.json", msgspec.json.encode(state), mode=0o600, durable=False)


def _ip(lines: list[str], pid: int = 0) -> None:
    """Give `ip` a batch of commands, in the network of process `pid`. Raises LabFailure."""
    enter = ["nsenter", f"--net=/proc/{pid}/ns/net", "--"] if pid else []
    done = subprocess.run([*enter, "ip", "-batch", "-"], input="\n".join(lines) + "\n", capture_output=True, text=True)
    if done.returncode:
        raise LabFailure(f"the twin's wires: {done.stderr.strip()}")


def _answers(pid: int, address: str) -> bool:
    """Whether an address answers to the host whose first process is `pid`."""
    command = ["nsenter", f"--net=/proc/{pid}/ns/net", "--", "ping", "-n", "-c1", "-W1", address]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def main(folder: Path) -> int:
    """Run the twin that is planned in `folder` until told to end."""
    plan = msgspec.json.decode((folder / "plan.json").read_bytes(), type=Plan)
    twin = Twin(plan, folder)

    def end(*_: object) -> None:
        twin.down()
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    try:
        twin.up()
    except (LabFailure, OSError) as error:
        twin.down()
        sys.stderr.write(f"{error}\n")
        return 1
    twin.care()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
