"""One SSH session with a simulated IOS-XE router: prompts, modes, echo, the caret under what it does not understand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.config.tree import Node
from ggi_net.lab.ios import Refused

if TYPE_CHECKING:
    from ggi_net.lab.ios import IosDevice

_BANNER = re.compile(r"(banner (?:motd|login|exec|incoming|prompt-timeout)) +(\^C|\S)(.*)$")
_CERTIFICATE = re.compile(r"certificate (?:ca |self-signed )?[0-9A-Fa-f]+$")


class IosSession:
    """The state of one session. `enter` takes a line and returns what the router prints for it."""

    def __init__(self, device: IosDevice, *, privileged: bool = False) -> None:
        self.device = device
        self.privileged = privileged
        self.asked = False
        self.closed = False
        self.section: list[Node] = []
        self._text: list[str] = []
        self._text_of = ""
        self._end = ""

    @property
    def prompt(self) -> str:
        """What the router shows before the next line."""
        if self.asked:
            return "Password: "
        if self._end:
            return ""
        name = self.device.hostname
        if self.section:
            return f"{name}({self.device.prompt_of(self.section)})#"
        return f"{name}#" if self.privileged else f"{name}>"

    def enter(self, line: str) -> str:
        """Take one line; return the answer, without the prompt that follows it."""
        if self._end:
            return self._collect(line)
        if self.asked:
            self.asked = False
            self.privileged = line == self.device.password
            return "" if self.privileged else "% Access denied"
        text = line.strip()
        if not text or text.startswith("!"):
            return ""
        return self._configure(text, line) if self.section else self.command(text)

    def refuse(self, line: str) -> str:
        """What the router prints for a line that it does not take: the caret stands below its second word."""
        words = line.split()
        column = len(line) - len(line.lstrip()) + (len(words[0]) + 1 if len(words) > 1 else 0)
        return self._caret(column, "% Invalid input detected at '^' marker.")

    def leave(self) -> None:
        """Ctrl-Z: out of configuration mode."""
        self.section = []

    def end(self) -> None:
        """The connection is gone."""
        self.leave()

    def command(self, text: str) -> str:
        """One command of the exec mode."""
        if re.match(r"en(a(b(le?)?)?)?$", text):
            self.asked = not self.privileged
            return ""
        if text in ("exit", "logout", "quit"):
            self.closed = True
            return ""
        if re.match(r"ter\w* (length|width|no monitor|monitor)", text):
            return ""
        if re.match(r"sh\w* ver\w*$", text):
            return self.device.show_version()
        if self.privileged:
            if re.match(r"conf\w* t\w*$", text):
                self.section = [self.device.running]
                return "Enter configuration commands, one per line.  End with CNTL/Z."
            if re.match(r"sh\w* run\S*$", text):
                return self.device.show_running()
            if re.match(r"sh\w* start\S*$", text):
                return self.device.startup
            if re.match(r"(wr(ite)?( mem\w*)?|copy run\S* start\S*)$", text):
                self.device.startup = self.device.show_running()
                return "Building configuration...\n[OK]"
        return self._caret(0, "% Invalid input detected at '^' marker.")

    def _configure(self, text: str, line: str) -> str:
        if text == "end":
            self.section = []
            return ""
        if text == "exit":
            self.section = self.section[:-1]
            return ""
        if text.startswith("do "):
            return self.command(text[3:])
        banner = _BANNER.match(text)
        if banner:
            self._text_of, self._end, first = banner.groups()
            self._text = []
            return self._collect(first) if first else ""
        if _CERTIFICATE.match(text) and self.section[-1].text.startswith("crypto pki certificate chain"):
            self._text_of, self._end, self._text = text, "quit", []
            return ""
        try:
            self.section = self.device.configure(self.section, text)
        except Refused as refused:
            indent = len(line) - len(line.lstrip())
            return self._caret(None if refused.column is None else indent + refused.column, refused.message)
        return ""

    def _collect(self, line: str) -> str:
        if self._end not in line:
            self._text.append(line)
            return ""
        last = line.split(self._end, 1)[0]
        if last:
            self._text.append(last)
        self._end = ""
        if self._text_of.startswith("banner"):
            self.device.set_banner(self._text_of, tuple(self._text))
        else:
            owner = self.section[-1]
            owner.children[:] = [n for n in owner.children if n.text != self._text_of]
            owner.children.append(Node(self._text_of, block=tuple(part.strip() for part in self._text)))
        return ""

    def _caret(self, column: int | None, message: str) -> str:
        if column is None:
            return message
        return " " * (len(self.prompt) + column) + "^\n" + message + "\n"
