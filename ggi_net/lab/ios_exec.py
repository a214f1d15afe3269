"""The commands of the exec mode that a simulated IOS-XE router knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.lab import ios_bgp
from ggi_net.lab.ios_archive import DISK
from ggi_net.lab.ios_configure import CONFIGURE
from ggi_net.lab.shell import reboot

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from ggi_net.lab.ios_session import IosSession

_SAVE = "System configuration has been modified. Save? [yes/no]: "
_PROCEED = "Proceed with reload? [confirm]"
_ADVERTISED = (
    r"show bgp (?P<family>vpnv[46]|ipv[46]) unicast(?: vrf (?P<vrf>\S+))? neighbors (?P<address>\S+) advertised-routes"
)


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


def _reload(session: IosSession, _: re.Match[str]) -> str:
    """Ask whether to save what would be lost, then whether to go on."""
    device = session.device

    def save(answer: str) -> str:
        if answer[:1].lower() not in ("y", "n"):
            session.ask(_SAVE, save)
            return "% Please answer 'yes' or 'no'."
        session.ask(_PROCEED, proceed)
        return _save(session, _) if answer[:1].lower() == "y" else ""

    def proceed(answer: str) -> str:
        if answer[:1].lower() in ("", "y"):
            reboot(device, device.minute)
        return ""

    return session.ask(_PROCEED, proceed) if device.startup == device.show_running() else session.ask(_SAVE, save)


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
    (r"reload", _reload),
    (r"show users", _show_users),
    (rf"dir {DISK}", _dir),
    (rf"copy running-config {DISK}(?P<file>\S+)", _copy),
    (rf"more {DISK}(?P<file>\S+)", _more),
    (rf"delete /force {DISK}(?P<file>\S+)", _delete),
    (r"show bgp all neighbors", _show_neighbors),
    (_ADVERTISED, _show_announced),
    (r"clear ip bgp \* ?(?P<soft>soft (?:in|out))?", _clear),
    *CONFIGURE,
)
"""A pattern for the whole command, and what carries it out; the first that matches counts."""
