"""What a simulated IOS-XE router does at `configure ...`, and what it shows of its lock, archive and rollback.

Syntax and behaviour are those of Cisco's "Configuration Fundamentals Command Reference" and of the configuration guides
that `ios_archive` names; what it says is also known from recorded sessions on 15.x to 17.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.errors import ConfigurationBroken
from ggi_net.lab.command_tree import Refused
from ggi_net.lab.ios_archive import DISK, RUNNING, STARTUP
from ggi_net.lab.ios_diff import commands, differences, tree

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
_MINUTES = r"(?:[1-9]|[1-9]\d|1[01]\d|120)"
_REPLACE = (
    r"configure replace (?P<url>\S+)(?P<nolock> nolock)?(?P<list> list)?(?P<force> force)?(?: ignorecase)?"
    rf"(?: revert trigger(?= error| timer)(?P<error> error)?(?: timer (?P<timer>{_MINUTES}))?"
    rf"| time (?P<time>{_MINUTES}))?"
)
_SURE = (
    "This will apply all necessary additions and deletions\n"
    "to replace the current running configuration with the\n"
    "contents of the specified configuration file, which is\n"
    "assumed to be a complete configuration, not a partial"
)
_PROCEED = "configuration. Enter Y if you are sure you want to proceed. ? [no]: "
_STARS = "********"
_MOST_PASSES = 5


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


def _configure(session: IosSession, found: re.Match[str]) -> str:
    device = session.device
    kept_out = holder(session)
    if kept_out:
        return kept_out
    said = ""
    if found["lock"]:
        device.lock = session
        said = _LOCKED
    elif found["minutes"]:
        try:
            said = _backed_up(device.arm(int(found["minutes"]), session.user))
        except Refused as refused:
            return refused.message
    session.section = [device.running]
    return said + _ENTER


def _confirm(session: IosSession, _: re.Match[str]) -> str:
    if session.device.rollback is None:
        return _NONE_PENDING
    session.device.rollback = None
    return ""


def _revert_now(session: IosSession, _: re.Match[str]) -> str:
    rollback = session.device.rollback
    if rollback is None:
        return _NONE_PENDING
    session.device.go_back()
    return f"Rollback Confirmed Change: rolling to:{rollback.file}\n\n{_done(1)}"


def _revert_later(session: IosSession, found: re.Match[str]) -> str:
    if session.device.rollback is None:
        return _NONE_PENDING
    session.device.wait_again(int(found["minutes"]))
    return ""


def _replace(session: IosSession, found: re.Match[str]) -> str:
    def sure(answer: str) -> str:
        return _replaced(session, found) if answer[:1] in ("y", "Y") else ""

    kept_out = "" if found["nolock"] else holder(session)
    if kept_out or found["force"]:
        return kept_out or _replaced(session, found)
    session.ask(_PROCEED, sure)
    return _SURE


def _replaced(session: IosSession, found: re.Match[str]) -> str:
    """Make the replacement and say how it went; one that must be confirmed is like any other armed change."""
    device = session.device
    text = device.read(found["url"])
    if text is None:
        return _missing(found["url"])
    minutes = found["timer"] or found["time"]
    try:
        entered = commands(tree(device.show_running()), tree(text))
        file = device.arm(int(minutes), session.user) if minutes else device.back_up() if found["error"] else ""
    except ConfigurationBroken:
        return "%The input file is not a valid config file."
    except Refused as refused:
        return refused.message
    said = _backed_up(file) if minutes else ""
    refused_lines = device.replace(text, device.wrong.refuses)
    if found["list"] and entered:
        passes = _MOST_PASSES if refused_lines and not found["error"] else 1
        said += "".join(f"!Pass {number}\n{_listed(entered)}\n\n\n" for number in range(1, passes + 1))
    if not refused_lines:
        return said + _done(1 if entered else 0)
    if not found["error"]:
        return said + _given_up(refused_lines)
    device.rollback = None
    device.replace(device.read(file) or "")
    return (
        f"{said}Failed to apply command {refused_lines[0]}\nAborting Rollback.\n\n"
        f"Rollback failed.Reverting back to the original configuration: {file} ...\n\n{_done(1)}\n"
        "The original configuration has been successfully restored."
    )


def _given_up(refused: list[str]) -> str:
    lines = "\n".join(refused)
    return (
        f"The rollback configlet from the last pass is listed below:\n{_STARS}\n{_listed(refused)}\n{_STARS}\n\n\n"
        f"Rollback aborted after {_MOST_PASSES} passes\n"
        f"The following commands are failed to apply to the IOS image.\n{_STARS}\n{lines}\n{_STARS}\n"
    )


def _listed(lines: list[str]) -> str:
    return "\n".join(["!List of Rollback Commands:", *lines, "end"])


def _backed_up(file: str) -> str:
    return f"Rollback Confirmed Change: Backing up current running config to {file}\n\n"


def _done(passes: int) -> str:
    return f"Total number of passes: {passes}\nRollback Done\n"


def _missing(url: str) -> str:
    return f"%Error opening {url} (No such file or directory)"


def _show_differences(session: IosSession, found: re.Match[str]) -> str:
    """One file is compared with what runs; none is the startup configuration."""
    first, second = found["first"] or STARTUP, found["second"]
    trees = []
    for url in (first, second) if second else (RUNNING, first):
        text = session.device.read(url)
        if text is None:
            return _missing(url)
        trees.append(tree(text))
    return "\n".join(["!Contextual Config Diffs:", *(differences(*trees) or ["!No changes were found"])])


def _show_lock(session: IosSession, _: re.Match[str]) -> str:
    lock = session.device.lock
    user, line, state = (lock.user, lock.line, "LOCKED") if lock else ("unknown", -1, "FREE")
    return (
        f"Parser Configure Lock\n---------------------\nOwner PID : {540 + line if lock else -1}\nUser : {user}\n"
        f"TTY : {line}\nType : {'EXCLUSIVE' if lock else 'NO LOCK'}\nState : {state}"
    )


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


CONFIGURE: tuple[tuple[str, Callable[[IosSession, re.Match[str]], str]], ...] = (
    (rf"conf\w* t\w*(?: (?:(?P<lock>lock)|revert timer (?P<minutes>{_MINUTES})))?", _configure),
    (r"configure confirm", _confirm),
    (r"configure revert now", _revert_now),
    (rf"configure revert timer (?P<minutes>{_MINUTES})", _revert_later),
    (_REPLACE, _replace),
    (r"show configuration lock", _show_lock),
    (r"show archive", _show_archive),
    (r"show archive config rollback timer", _show_timer),
    (r"show archive config differences(?: (?P<first>\S+))?(?: (?P<second>\S+))?", _show_differences),
)
"""What belongs to the configuration mode and the archive, for the commands of the exec mode."""
