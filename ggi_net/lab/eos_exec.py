"""The commands that a simulated EOS device knows: of the exec mode, and of a configuration session."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ggi_net.lab import eos_bgp
from ggi_net.lab.eos_running import EosConfiguration, copied

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from ggi_net.lab.eos_session import EosSession

_DISK = "flash:"
_NO_SPACE = "% Error copying system:/running-config to {} (No space left on device)"
_SAVED = "Copy completed successfully."
_MISSING = "% Error opening {}{} (No such file or directory)"
_TIMER = r"timer (?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d)"
_NAME = r"configure session (?P<name>[\w.-]+)"


def _enable(session: EosSession, _: re.Match[str]) -> str:
    def check(password: str) -> str:
        session.privileged = password == session.device.password
        return "" if session.privileged else "% Authentication failed"

    return "" if session.privileged else session.ask("Password: ", check)


def _exit(session: EosSession, _: re.Match[str]) -> str:
    session.closed = True
    return ""


def _terminal(session: EosSession, found: re.Match[str]) -> str:
    return f"Width set to {found['size']} columns." if found["what"] == "width" else "Pagination disabled."


def _show_version(session: EosSession, _: re.Match[str]) -> str:
    return session.device.show_version()


def _show_running(session: EosSession, _: re.Match[str]) -> str:
    return session.device.show_running()


def _show_startup(session: EosSession, _: re.Match[str]) -> str:
    return session.device.show_startup()


def _show_unsaved(session: EosSession, _: re.Match[str]) -> str:
    device = session.device
    saved = EosConfiguration(device.serial, device.ports, device.startup)
    return "" if saved.body() == device.body() else "--- flash:/startup-config\n+++ system:/running-config"


def _save(session: EosSession, _: re.Match[str]) -> str:
    if session.device.wrong.disk_full:
        return _NO_SPACE.format("flash:/startup-config")
    session.device.startup = copied(session.device.running)
    return _SAVED


def _copy(session: EosSession, found: re.Match[str]) -> str:
    kept = session.device.flash.write(found["file"], session.device.show_running())
    return _SAVED if kept else _NO_SPACE.format(f"{_DISK}/{found['file']}")


def _more(session: EosSession, found: re.Match[str]) -> str:
    return session.device.flash.files.get(found["file"], _MISSING.format(_DISK, found["file"]))


def _delete(session: EosSession, found: re.Match[str]) -> str:
    gone = session.device.flash.files.pop(found["file"], None)
    return "" if gone is not None else _MISSING.format(_DISK, found["file"])


def _dir(session: EosSession, _: re.Match[str]) -> str:
    return session.device.flash.listing().replace("bootflash:", _DISK)


def _configure(session: EosSession, _: re.Match[str]) -> str:
    session.section = [session.device.running]
    return ""


def _enter(session: EosSession, found: re.Match[str]) -> str:
    config = session.device.open(found["name"], session)
    if config is None:
        return "% Maximum number of pending sessions has been reached. Please commit or abort previous sessions"
    session.config = config
    session.section = [config.tree.running]
    return ""


def _commit_named(session: EosSession, found: re.Match[str]) -> str:
    device = session.device
    if device.pending and device.pending.session == found["name"]:
        device.pending = None
        return ""
    config = device.configs.get(found["name"])
    if config is None or config.state != "pending":
        return f"% Cannot commit session {found['name']}: no such session"
    device.commit(config, None)
    return ""


def _abort_named(session: EosSession, found: re.Match[str]) -> str:
    device = session.device
    if device.pending and device.pending.session == found["name"]:
        device.go_back()
        return ""
    config = device.configs.get(found["name"])
    if config is None or config.state != "pending":
        return f"% Cannot abort session {found['name']}: no such session"
    for other in list(config.inside):
        other.leave()
    del device.configs[found["name"]]
    return ""


def _sessions(session: EosSession, _: re.Match[str]) -> str:
    device = session.device
    listed: dict[str, Any] = {
        config.name: {
            "state": config.state,
            "commitUser": session.user if config.state == "committed" else "",
            "description": "",
            "instances": {
                str(4000 + other.line): {"user": other.user, "terminal": f"vty{other.line}"} for other in config.inside
            },
        }
        for config in device.configs.values()
    }
    if device.wrong.locked_by:
        inside = {"3999": {"user": device.wrong.locked_by, "terminal": "vty1"}}
        listed["sess-1"] = {"state": "pending", "commitUser": "", "description": "", "instances": inside}
    told: dict[str, Any] = {"sessions": listed, "maxSavedSessions": 1, "maxOpenSessions": 5}
    if device.pending:
        told |= {"commitTimerSessionName": device.pending.session, "commitTimerExpireTime": device.pending.due}
    return json.dumps(told, indent=4)


def _summary(session: EosSession, _: re.Match[str]) -> str:
    return json.dumps(eos_bgp.summary(session.device.running, broken=session.device.broken), indent=4)


def _advertised(session: EosSession, found: re.Match[str]) -> str:
    return json.dumps(eos_bgp.advertised(session.device.running, found["vrf"], found["address"]), indent=4)


COMMANDS: tuple[tuple[str, Callable[[EosSession, re.Match[str]], str]], ...] = (
    (r"en(a(b(le?)?)?)?", _enable),
    (r"exit|logout|quit", _exit),
    (r"ter\w* (?P<what>length|width) (?P<size>\d+)", _terminal),
    (r"sh\w* ver\w*", _show_version),
    (r"sh\w* run\S*", _show_running),
    (r"show running-config diffs", _show_unsaved),
    (r"sh\w* start\S*", _show_startup),
    (r"wr(ite)?( mem\w*)?|copy run\S* start\S*", _save),
    (r"conf\w*( t\w*)?", _configure),
    (rf"{_NAME} commit", _commit_named),
    (rf"{_NAME} abort", _abort_named),
    (_NAME, _enter),
    (r"show configuration sessions detail \| json", _sessions),
    (rf"dir {_DISK}", _dir),
    (rf"copy running-config {_DISK}(?P<file>\S+)", _copy),
    (rf"more {_DISK}(?P<file>\S+)", _more),
    (rf"delete {_DISK}(?P<file>\S+)", _delete),
    (r"show bgp summary vrf all \| json", _summary),
    (r"show bgp neighbors (?P<address>\S+) advertised-routes vrf (?P<vrf>\S+) \| json", _advertised),
)
"""A pattern for the whole command, and what carries it out; the first that matches counts."""


def _commit(session: EosSession, found: re.Match[str]) -> str:
    config, device = session.config, session.device
    if config is None:
        return ""
    given = found.groupdict()
    timed = given.get("hours") is not None
    if device.pending:
        return "% Cannot commit: another session is waiting for its commit timer"
    units = (("hours", 3600), ("minutes", 60), ("seconds", 1))
    seconds = sum(int(given[name]) * size for name, size in units) if timed else None
    device.commit(config, seconds)
    session.leave()
    return ""


def _abort(session: EosSession, _: re.Match[str]) -> str:
    config = session.config
    session.leave()
    if config:
        session.device.configs.pop(config.name, None)
    return ""


def _clean(session: EosSession, _: re.Match[str]) -> str:
    if session.config:
        session.config.tree = EosConfiguration(session.device.serial, session.device.ports)
        session.section = [session.config.tree.running]
    return ""


def _load(session: EosSession, found: re.Match[str]) -> str:
    text = session.device.flash.files.get(found["file"])
    if text is None:
        return _MISSING.format(_DISK, found["file"])
    if session.config:
        session.config.tree = session.device.read(text)
        session.section = [session.config.tree.running]
    return ""


def _show_candidate(session: EosSession, _: re.Match[str]) -> str:
    return session.device.shown(session.config.tree, "show session-config") if session.config else ""


def _show_diffs(session: EosSession, _: re.Match[str]) -> str:
    return session.device.diffs(session.config.tree, session.config.name) if session.config else ""


IN_SESSION: tuple[tuple[str, Callable[[EosSession, re.Match[str]], str]], ...] = (
    (rf"commit(?: {_TIMER})?", _commit),
    (r"abort", _abort),
    (r"rollback clean-config", _clean),
    (rf"copy {_DISK}(?P<file>\S+) session-config", _load),
    (r"show session-config", _show_candidate),
    (r"show session-config diffs", _show_diffs),
)
"""What is meant for the configuration session that one is in."""
