"""One SSH session with a simulated Junos device: its two modes, pipes, and loading from the terminal."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING

from ggi_net.lab import junos_show as show
from ggi_net.lab.junos import Refused
from ggi_net.lab.junos_text import changed, compared, parse, serialise
from ggi_net.lab.shell import reboot

if TYPE_CHECKING:
    from ggi_net.config.tree import Node
    from ggi_net.lab.junos import JunosDevice

_END_OF_TEXT = "\x04"
_USER = "ggi"
_CLI = (
    (re.compile(r"set cli screen-length (\d+)"), r"Screen length set to \1"),
    (re.compile(r"set cli screen-width (\d+)"), r"Screen width set to \1"),
    (re.compile(r"set cli complete-on-space off"), "Disabling complete-on-space"),
)
_ASKED = {
    "reboot": "Reboot the system ? [yes,no] (no) ",
    "leave": "Exit with uncommitted changes? [yes,no] (yes) ",
    "discard": "Discard uncommitted changes? [yes,no] (yes) ",
}


class JunosSession:
    """The state of one session. `configuring`: in configuration mode; `loading`: takes a text up to Ctrl-D."""

    asked = False

    def __init__(self, device: JunosDevice) -> None:
        self.device = device
        self.closed = False
        self.configuring = False
        self.loading = ""
        self._text: list[str] = []
        self._errors: list[str] = []
        self._question = ""

    @property
    def prompt(self) -> str:
        """What the device shows before the next line."""
        if self.loading:
            return ""
        if self._question:
            return _ASKED[self._question]
        waiting = self.device.pending
        note = f"# commit confirmed will be rolled back in {waiting.minutes} minutes\n" if waiting else ""
        where = f"\n{note}{self.device.member}{'[edit]' if self.configuring else ''}\n".replace("\n\n", "\n")
        return f"{where}{_USER}@{self.device.hostname}{'#' if self.configuring else '>'} "

    def enter(self, line: str) -> str:
        """Take one line; return the answer, without the prompt that follows it."""
        if self.loading:
            return self._collect(line)
        text = line.strip().rstrip(_END_OF_TEXT)
        if self._question:
            return self._answered(text)
        if not text:
            return ""
        try:
            return self._configure(text) if self.configuring else self._operate(text)
        except Refused as refused:
            return str(refused)

    def refuse(self, line: str) -> str:
        """What the device prints for a line that it does not take; a line that is being loaded is left out."""
        word = line.split()[0].rstrip(_END_OF_TEXT)
        if self.loading:
            self._text.append("")
            self._errors.append(f"terminal:{len(self._text)}:(1) syntax error: {word}")
            return ""
        return f"{' ' * len(self.prompt.rpartition(chr(10))[2])}^\nunknown command."

    def leave(self) -> None:
        """Ctrl-Z does nothing here."""

    def end(self) -> None:
        """The connection is gone: what is locked is free, and what an exclusive session did not commit is lost."""
        self._unlock()

    # -- operational mode ------------------------------------------------------------------------------

    def _operate(self, text: str) -> str:
        if text in ("exit", "quit"):
            self.closed = True
            return ""
        for pattern, answer in _CLI:
            found = pattern.fullmatch(text)
            if found:
                return found.expand(answer)
        if text in ("configure", "configure private", "configure exclusive"):
            return self._enter_configuration(exclusive=text.endswith("exclusive"))
        if text == "request system reboot":
            self._question = "reboot"
            return ""
        return self._show(text)

    def _show(self, text: str) -> str:
        command, *pipes = [part.strip() for part in text.split(" | ")]
        return _piped(self._shown(command), pipes)

    def _shown(self, command: str) -> str:
        if command == "show configuration":
            return self.device.show_running()
        rollback = re.fullmatch(r"show system rollback (\d+)", command)
        if rollback:
            number = int(rollback[1])
            if number >= len(self.device.commits):
                return "error: could not open configuration file: No such file or directory"
            return self.device.shown(self.device.commits[number])
        routes = re.fullmatch(r"show route advertising-protocol bgp (\S+)", command)
        if routes:
            return show.advertised(self.device, routes[1])
        for known, say in show.SHOWS:
            if command == known:
                return say(self.device)
        return self.refuse(command)

    # -- configuration mode ----------------------------------------------------------------------------

    def _enter_configuration(self, *, exclusive: bool) -> str:
        device = self.device
        if exclusive:
            if device.wrong.locked_by or (device.holder is not None and device.holder is not self):
                return self._locked()
            if device.modified:
                return "error: configuration database modified"
            device.holder = self
            self.configuring = True
            return "warning: uncommitted changes will be discarded on exit\nEntering configuration mode"
        self.configuring = True
        return "Entering configuration mode"

    def _locked(self) -> str:
        who, since = self.device.wrong.locked_by or _USER, self.device.stamp(self.device.started)
        return (
            "error: configuration database locked by:\n"
            f"  {who} terminal p0 (pid {os.getpid()}) on since {since}, idle 00:01:12\n"
            "      exclusive [edit]"
        )

    def _configure(self, text: str) -> str:
        if text.startswith("run "):
            return self._operate(text[4:])
        if text in ("exit", "quit", "exit configuration-mode"):
            if self.device.modified:
                self._question = "discard" if self.device.holder is self else "leave"
                return "The configuration has been changed but not committed"
            self._unlock()
            return "Exiting configuration mode"
        if text.startswith("show"):
            return self._show_candidate(text)
        if self.device.holder not in (None, self):
            return self._locked()
        loaded = re.fullmatch(r"load (override|update|merge|replace) terminal", text)
        if loaded:
            self.loading, self._text, self._errors = loaded[1], [], []
            return "[Type ^D at a new line to end input]"
        if text.startswith(("set ", "delete ")):
            return "" if changed(self.device.candidate, text) else "warning: statement not found"
        rollback = re.fullmatch(r"rollback(?: (\d+))?", text)
        if rollback:
            self.device.rollback(int(rollback[1] or 0))
            return "load complete"
        return self._commit(text) if text.split()[0] == "commit" else self.refuse(text)

    def _commit(self, text: str) -> str:
        words = shlex.split(text)[1:]
        if words == ["check"]:
            self.device.check()
            self.device.confirm()
            return "configuration check succeeds"
        minutes, comment = 0, ""
        if words[:1] == ["confirmed"]:
            words, minutes = words[1:], 10
            if words and words[0].isdigit():
                minutes, words = int(words[0]), words[1:]
        if words[:1] == ["comment"]:
            comment, words = words[1], words[2:]
        quits = words == ["and-quit"]
        if words and not quits:
            return self.refuse(text)
        self.device.commit(_USER, minutes=minutes, comment=comment)
        said = "commit complete"
        if minutes:
            said = f"commit confirmed will be automatically rolled back in {minutes} minutes unless confirmed\n{said}"
        if quits:
            self._unlock()
            said += "\nExiting configuration mode"
        return said

    def _show_candidate(self, text: str) -> str:
        _, *pipes = [part.strip() for part in text.split("|")]
        if pipes[:1] and re.fullmatch(r"compare(?: rollback \d+)?", pipes[0]):
            number = int(pipes[0].rpartition(" ")[2]) if "rollback" in pipes[0] else 0
            old = parse(self.device.commits[number].text)
            return _piped("\n".join(compared(old, self.device.candidate)), pipes[1:])
        return _piped(serialise(self.device.candidate), pipes)

    def _collect(self, line: str) -> str:
        self._text.append(line.rstrip(_END_OF_TEXT))
        if not line.endswith(_END_OF_TEXT):
            return ""
        how, self.loading = self.loading, ""
        errors = self._errors + self.device.load("\n".join(self._text), override=how in ("override", "update"))
        return "\n".join([*errors, f"load complete ({len(errors)} errors)" if errors else "load complete"])

    def _answered(self, text: str) -> str:
        question, self._question = self._question, ""
        if question == "reboot":
            if text == "yes":
                reboot(self.device, self.device.minute)
                return "Shutdown NOW!"
            return ""
        if text in ("yes", "y", ""):
            self._unlock()
            return "Exiting configuration mode"
        return ""

    def _unlock(self) -> None:
        self.configuring = False
        self.loading = ""
        if self.device.holder is self:
            self.device.holder = None
            self.device.reset()


def _piped(text: str, pipes: list[str]) -> str:
    """The text after the pipes of a command."""
    for pipe in pipes:
        word, _, argument = pipe.partition(" ")
        if word == "count":
            text = f"Count: {len(text.splitlines())} lines"
        elif word in ("match", "find"):
            text = "\n".join(line for line in text.splitlines() if re.search(argument.strip('"'), line))
        elif pipe == "display set":
            text = "\n".join(_set_lines(parse(text), ()))
    return text


def _set_lines(node: Node, path: tuple[str, ...]) -> list[str]:
    found = []
    for child in node.children:
        here = (*path, child.text.partition(" ## ")[0].rstrip(";"))
        found += _set_lines(child, here) if child.children else [f"set {' '.join(here)}"]
    return found
