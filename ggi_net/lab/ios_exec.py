"""The commands of the exec mode that a simulated IOS-XE router knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.lab import ios_bgp
from ggi_net.lab.ios_archive import DISK

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from ggi_net.lab.ios_session import IosSession

_ENTER = "Enter configuration commands, one per line.  End with CNTL/Z."
_LOCKED = (
    "Configuration mode locked exclusively. The lock will be cleared once you exit out of configuration mode using "
    "end/exit\n"
)
_NONE_PENDING = "%No Rollback Confirmed Change pending"
_ADVERTISED = (
    r"show bgp (?P<family>vpnv[46]|ipv[46]) unicast(?: vrf (?P<vrf>\S+))? neighbors (?P<address>\S+) advertised-routes"
)
_DONE = "Total number of passes: 1\nRollback Done\n"


def _enable(session: IosSession, _: re.Match[str]) -> str:
    def check(password: str) -> str:
        session.privileged = password == session.device.password
        return "" if session.privileged else "% Access denied"

    return "" if session.privileged else session.ask("Password: ", check)


def _exit(session: IosSession, _: re.Match[str]) -> str:
    session.closed = True
    return ""


def _nothing(session: IosSession, _: re.Match[str]) -> str:
    return ""


def _show_version(session: IosSession, _: re.Match[str]) -> str:
    return session.device.show_version()


def _show_running(session: IosSession, _: re.Match[str]) -> str:
    return session.device.show_running()


def _show_startup(session: IosSession, _: re.Match[str]) -> str:
    return session.device.startup


def _show_privilege(session: IosSession, _: re.Match[str]) -> str:
    return "Current privilege level is 15"


def _show_clock(session: IosSession, _: re.Match[str]) -> str:
    return session.device.timer.shown()


def _save(session: IosSession, _: re.Match[str]) -> str:
    if session.device.wrong.disk_full:
        return "startup-config file open failed (Not enough space)\n"
    session.device.startup = session.device.show_running()
    return "Building configuration...\n[OK]"


def _configure(session: IosSession, found: re.Match[str]) -> str:
    device = session.device
    how = found["how"] or ""
    kept_out = holder(session)
    if kept_out:
        return kept_out
    if how == "lock":
        device.lock = session
        said = _LOCKED
    elif how:
        if not device.archive:
            return "%Turn config archive on before using Rollback Confirmed Change"
        if device.rollback:
            return "%Rollback Confirmed Change is already pending"
        file = device.arm(int(how.split()[-1]), session.user)
        if not file:
            return f"%Error opening {device.archive} (Not enough space)\n%Failed to back up the running config"
        said = f"Rollback Confirmed Change: Backing up current running config to {file}\n\n"
    else:
        said = ""
    session.section = [device.running]
    return said + _ENTER


def holder(session: IosSession) -> str:
    """What keeps the session out of the configuration mode; empty when nothing does."""
    device = session.device
    user, line = device.wrong.locked_by, 1
    if not user and device.lock not in (None, session):
        user, line = device.lock.user, device.lock.line
    if not user:
        return ""
    return (
        f"Configuration mode locked exclusively by user '{user}' process '{540 + line}' from terminal '{line}'. "
        "Please try later."
    )


def _show_lock(session: IosSession, _: re.Match[str]) -> str:
    lock = session.device.lock
    user, line, state = (lock.user, lock.line, "LOCKED") if lock else ("unknown", -1, "FREE")
    return (
        f"Parser Configure Lock\n---------------------\nOwner PID : {540 + line if lock else -1}\nUser : {user}\n"
        f"TTY : {line}\nType : {'EXCLUSIVE' if lock else 'NO LOCK'}\nState : {state}"
    )


def _confirm(session: IosSession, _: re.Match[str]) -> str:
    if session.device.rollback is None:
        return _NONE_PENDING
    session.device.rollback = None
    return ""


def _revert(session: IosSession, _: re.Match[str]) -> str:
    rollback = session.device.rollback
    if rollback is None:
        return _NONE_PENDING
    session.device.go_back()
    return f"Rollback Confirmed Change: rolling to:{rollback.file}\n\n{_DONE}"


def _replace(session: IosSession, found: re.Match[str]) -> str:
    text = session.device.flash.files.get(found["file"])
    if text is None:
        return f"%Error opening {DISK}{found['file']} (No such file or directory)"
    session.device.replace(text)
    return _DONE


def _show_archive(session: IosSession, _: re.Match[str]) -> str:
    device = session.device
    if not device.archive:
        return " Archive feature not enabled"
    names = [name for name in device.flash.files if f"{DISK}{name}".startswith(device.archive)]
    listed = "\n".join(f"   {number}        {DISK}{name}" for number, name in enumerate(names, 1))
    return f"The next archive file will be named {device.archive}-<timestamp>-{len(names)}\n Archive #  Name\n{listed}"


def _show_timer(session: IosSession, _: re.Match[str]) -> str:
    rollback = session.device.rollback
    if rollback is None:
        return _NONE_PENDING
    return (
        f"Time configured(or reconfigured): {rollback.since}\nTimer type: absolute timer\n"
        f"Timer value: {rollback.minutes} min\nUser: {rollback.user}"
    )


def _show_users(session: IosSession, _: re.Match[str]) -> str:
    rows = [
        f"{'*' if other is session else ' '}{other.line:>3} vty {other.line - 2}     {other.user:<10} idle"
        f"                 00:00:00 127.0.0.1"
        for other in session.device.sessions
    ]
    return "\n".join(["    Line       User       Host(s)              Idle       Location", *rows])


def _dir(session: IosSession, _: re.Match[str]) -> str:
    return session.device.flash.listing()


def _copy(session: IosSession, found: re.Match[str]) -> str:
    def write(name: str) -> str:
        text = session.device.show_running()
        name = name or found["file"]
        if not session.device.flash.write(name, text):
            return f"%Error opening {DISK}{name} (Not enough space)"
        return f"{len(text)} bytes copied in 0.433 secs ({len(text) * 2} bytes/sec)"

    return session.ask(f"Destination filename [{found['file']}]? ", write)


def _more(session: IosSession, found: re.Match[str]) -> str:
    missing = f"%Error opening {DISK}{found['file']} (No such file or directory)"
    return session.device.flash.files.get(found["file"], missing)


def _delete(session: IosSession, found: re.Match[str]) -> str:
    if session.device.flash.files.pop(found["file"], None) is None:
        return f"%Error deleting {DISK}{found['file']} (No such file or directory)"
    return ""


def _show_neighbors(session: IosSession, _: re.Match[str]) -> str:
    return session.device.neighbors()


def _show_announced(session: IosSession, found: re.Match[str]) -> str:
    family = "ipv6" if found["family"] in ("vpnv6", "ipv6") else "ipv4"
    return ios_bgp.show_announced(session.device.running, found["vrf"] or "", family, found["address"])


def _clear(session: IosSession, found: re.Match[str]) -> str:
    if found["soft"]:
        session.device.refreshes += 1
    else:
        session.device.resets += 1
    return ""


COMMANDS: tuple[tuple[str, Callable[[IosSession, re.Match[str]], str]], ...] = (
    (r"en(a(b(le?)?)?)?", _enable),
    (r"exit|logout|quit", _exit),
    (r"ter\w* (length|width|no monitor|monitor).*", _nothing),
    (r"sh\w* ver\w*", _show_version),
    (r"sh\w* run\S*", _show_running),
    (r"sh\w* start\S*", _show_startup),
    (r"show clock", _show_clock),
    (r"show privilege", _show_privilege),
    (r"wr(ite)?( mem\w*)?|copy run\S* start\S*", _save),
    (r"conf\w* t\w*(?: (?P<how>lock|revert timer (?:[1-9]|[1-9]\d|1[01]\d|120)))?", _configure),
    (r"configure confirm", _confirm),
    (r"configure revert now", _revert),
    (rf"configure replace {DISK}(?P<file>\S+) force", _replace),
    (r"show configuration lock", _show_lock),
    (r"show archive", _show_archive),
    (r"show archive config rollback timer", _show_timer),
    (r"show users", _show_users),
    (rf"dir {DISK}", _dir),
    (rf"copy running-config {DISK}(?P<file>\S+)", _copy),
    (rf"more {DISK}(?P<file>\S+)", _more),
    (rf"delete /force {DISK}(?P<file>\S+)", _delete),
    (r"show bgp all neighbors", _show_neighbors),
    (_ADVERTISED, _show_announced),
    (r"clear ip bgp \* ?(?P<soft>soft (?:in|out))?", _clear),
)
"""A pattern for the whole command, and what carries it out; the first that matches counts."""
