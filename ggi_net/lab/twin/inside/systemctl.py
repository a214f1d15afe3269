"""`systemctl` without systemd: starts, reloads and stops the real daemons as Debian's unit files say.

Every process of a unit carries the unit's name in its environment, which is what a control group is to systemd: who is
left of a unit can be found and ended. Nothing is restarted by itself, except what watchfrr restarts.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from pwd import getpwnam

from ggi_net.lab.twin.inside import STATE, complain, reboot
from ggi_net.lab.twin.inside.unit import Unit

MARK = "GGI_TWIN_UNIT"
CHECKS = {
    "chrony": ["/usr/sbin/chronyd", "-p", "-f", "/etc/chrony/chrony.conf"],
    "rsyslog": ["/usr/sbin/rsyslogd", "-N1"],
}
"""Units that do not run in the twin, with the command by which the daemon checks its configuration."""
UNCHECKED = ("snmpd", "ulogd2")
"""Units that do not run in the twin and have no such command: whatever they are given is accepted."""

_PATIENCE = 30.0
_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


def main(arguments: list[str]) -> int:
    """The verbs that a device is managed with; the worst status of the units."""
    words = [word for word in arguments[1:] if not word.startswith("-")]
    verb, units = (words[0], words[1:]) if words else (arguments[0], [])
    if verb == "reboot":
        return reboot.main(arguments)
    if verb in ("daemon-reload", "reset-failed", "enable", "disable"):
        return 0
    known = {
        "start": start, "stop": stop, "restart": restart, "reload": reload, "is-active": is_active,
        "reload-or-restart": reload_or_restart, "try-reload-or-restart": reload_or_restart, "try-restart": restart,
        "status": is_active,
    }  # fmt: skip
    if verb not in known or not units:
        complain(f"systemctl: '{' '.join(arguments[1:])}' is not something that the twin does")
        return 1
    return max(known[verb](Unit(name)) for name in units)


def start(unit: Unit) -> int:
    """Start a unit and wait until it says that it is ready."""
    if _absent(unit):
        return _check(unit)
    if not unit.exists:
        complain(f"Failed to start {unit.name}.service: Unit {unit.name}.service not found.")
        return 5
    if _runs(unit):
        return 0
    environment = _ENVIRONMENT | unit.environment() | {MARK: unit.name}
    if unit.name == "frr":
        environment["zebra_wrap"] = "/run/ggi-twin/zebra"  # FRR's own hook: VRFs are namespaces here
    _folders(unit)
    commands = unit.commands("ExecStart", environment)
    if _all(unit, unit.commands("ExecStartPre", environment), environment):
        return _failed(unit)
    if unit.last("Type") == "oneshot":
        return _all(unit, commands, environment)
    if unit.last("Type") == "forking":
        status = _all(unit, commands, environment)
        return status if status == 0 and _comes(unit) else _failed(unit)
    if not _spawn(unit, commands[0], environment):
        return _failed(unit)
    if _all(unit, unit.commands("ExecStartPost", environment), environment):
        stop(unit)
        return _failed(unit)
    return 0


def stop(unit: Unit) -> int:
    """Stop a unit as its file says, and then whatever is left of it."""
    environment = _ENVIRONMENT | unit.environment() | {MARK: ""}
    main_pid = _main(unit)
    _all(unit, unit.commands("ExecStop", environment), environment)
    victims = [main_pid] if unit.last("KillMode") == "process" else processes(unit)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in filter(None, victims):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        end = time.monotonic() + 10
        while any(map(_alive, victims)) and time.monotonic() < end:
            time.sleep(0.02)
    _pid_file(unit).unlink(missing_ok=True)
    return 0


def restart(unit: Unit) -> int:
    """Stop and start."""
    if unit.exists and not _absent(unit):
        stop(unit)
    return start(unit)


def reload(unit: Unit) -> int:
    """Let a running unit read its configuration again."""
    if _absent(unit):
        return _check(unit)
    pid = _main(unit)
    if not _runs(unit):
        complain(f"{unit.name}.service is not active, cannot reload.")
        return 1
    environment = _ENVIRONMENT | unit.environment() | {MARK: unit.name, "MAINPID": str(pid)}
    if unit.name == "frr":
        environment["zebra_wrap"] = "/run/ggi-twin/zebra"
    if _all(unit, unit.commands("ExecReload", environment), environment):
        complain(f"Job for {unit.name}.service failed.")
        return 1
    return 0


def reload_or_restart(unit: Unit) -> int:
    """Reload what runs and can; else restart."""
    return reload(unit) if _runs(unit) and unit.commands("ExecReload", {}) else restart(unit)


def is_active(unit: Unit) -> int:
    """Print the state as systemd does; 0 for a unit that runs, 3 for one that does not."""
    state = "active" if _runs(unit) else "inactive"
    print(state)  # noqa: T201  what systemctl prints
    return 0 if state == "active" else 3


def processes(unit: Unit) -> list[int]:
    """Every process that carries the unit's mark."""
    mark = f"{MARK}={unit.name}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return [pid for pid in found if pid != os.getpid()]


def _absent(unit: Unit) -> bool:
    """Whether a unit does not run in the twin."""
    return unit.name in CHECKS or unit.name in UNCHECKED


def _check(unit: Unit) -> int:
    """Let the daemon check its configuration, where it can, and go no further."""
    command = CHECKS.get(unit.name)
    done = subprocess.run(command, capture_output=True, text=True, check=False) if command else None
    if done and done.returncode:
        complain(done.stderr or done.stdout)
        return _failed(unit)
    return 0


def _failed(unit: Unit) -> int:
    complain(f"Job for {unit.name}.service failed.")
    return 1


def _runs(unit: Unit) -> bool:
    pid = _main(unit)
    return bool(pid and _alive(pid))


def _main(unit: Unit) -> int:
    """The unit's main process: what was noted, what its pid file names, or the oldest with its mark; 0 for none."""
    for file in (_pid_file(unit), Path(unit.last("PIDFile") or "/nowhere")):
        with suppress(OSError, ValueError):
            return int(file.read_text())
    return min(processes(unit), default=0) if unit.last("Type") == "forking" else 0


def _pid_file(unit: Unit) -> Path:
    return STATE / f"{unit.name}.pid"


def _alive(pid: int | None) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _comes(unit: Unit) -> bool:
    """Whether a unit that forked is there soon."""
    end = time.monotonic() + 5
    while not _runs(unit):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _folders(unit: Unit) -> None:
    """Make the folders that the unit wants below /run, for its user."""
    for name in unit.last("RuntimeDirectory").split():
        folder = Path("/run", name)
        folder.mkdir(exist_ok=True)
        folder.chmod(int(unit.last("RuntimeDirectoryMode", "0755"), 8))
        if unit.last("User"):
            shutil.chown(folder, unit.last("User"), unit.last("Group") or None)


def _as_user(unit: Unit, command: list[str]) -> list[str]:
    user = unit.last("User")
    if not user:
        return command
    group = unit.last("Group") or str(getpwnam(user).pw_gid)
    return ["/usr/bin/setpriv", f"--reuid={user}", f"--regid={group}", "--init-groups", "--", *command]


def _all(unit: Unit, commands: list[list[str]], environment: dict[str, str]) -> int:
    """Run commands one after the other until one fails; what it said goes to standard error."""
    for command in commands:
        with (STATE / f"{unit.name}.log").open("a+b") as log:
            begin = log.seek(0, os.SEEK_END)
            done = subprocess.run(
                _as_user(unit, command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, check=False
            )
            log.seek(begin)
            said = log.read().decode(errors="replace")
        if done.returncode:
            complain(*said.strip().splitlines()[-5:])
            return done.returncode
    return 0


def _spawn(unit: Unit, command: list[str], environment: dict[str, str]) -> bool:
    """Start a daemon that stays in the foreground; wait for its word (sd_notify), where its type has one."""
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    address = str(STATE / f"{unit.name}.notify")
    Path(address).unlink(missing_ok=True)
    channel.bind(address)
    Path(address).chmod(0o666)
    channel.settimeout(0.05)
    with (STATE / f"{unit.name}.log").open("ab") as log:
        process = subprocess.Popen(
            _as_user(unit, command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env=environment | {"NOTIFY_SOCKET": address},
        )  # fmt: skip
    _pid_file(unit).write_text(f"{process.pid}\n")
    end = time.monotonic() + _PATIENCE
    while unit.last("Type") == "notify" and time.monotonic() < end and process.poll() is None:
        with suppress(TimeoutError):
            if b"READY=1" in channel.recv(4096):
                return True
    if process.poll() is None and unit.last("Type") != "notify":
        return True
    said = (STATE / f"{unit.name}.log").read_text(errors="replace").strip().splitlines()[-5:]
    complain(*said)
    return False
