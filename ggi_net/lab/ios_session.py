"""One session with a simulated IOS-XE router: prompts, modes, the caret under what it does not understand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.config.tree import Node
from ggi_net.lab.command_tree import Refused
from ggi_net.lab.ios_exec import COMMANDS, holder

if TYPE_CHECKING:
    from collections.abc import Callable

    from ggi_net.lab.ios import IosDevice

_BANNER = re.compile(r"(banner (?:motd|login|exec|incoming|prompt-timeout)) +(\^C|\S)(.*)$")
_CERTIFICATE = re.compile(r"certificate (?:ca |self-signed )?[0-9A-Fa-f]+$")
_FILTER = re.compile(r"(.*?) \| (?:include|i) (.+)$")
_ANYBODY = re.compile(r"(en(a(b(le?)?)?)?|exit|logout|quit|ter\w* .*|sh\w* ver\w*)$")
_INVALID = "% Invalid input detected at '^' marker."


class IosSession:
    """The state of one session. `enter` takes a line and returns what the router prints for it."""

    def __init__(self, device: IosDevice, *, privileged: bool = False, user: str = "ggi") -> None:
        self.device = device
        self.privileged = privileged
        self.user = user
        self.closed = False
        self.section: list[Node] = []
        self.question = ""
        self.answer: Callable[[str], str] | None = None
        self._text: list[str] = []
        self._text_of = ""
        self._end = ""
        device.sessions.append(self)

    @property
    def asked(self) -> bool:
        """Whether the next line is a password."""
        return self.question == "Password: "

    @property
    def awaits_text(self) -> bool:
        """Whether the next line is one of a banner or a certificate."""
        return bool(self._end)

    @property
    def prompt(self) -> str:
        """What the router shows before the next line."""
        if self.question or self._end:
            return self.question
        name = self.device.hostname
        if self.section:
            return f"{name}({self.device.prompt_of(self.section)})#"
        return f"{name}#" if self.privileged else f"{name}>"

    @property
    def line(self) -> int:
        """The number of the terminal line that the session is on."""
        return self.device.sessions.index(self) + 2

    def enter(self, line: str) -> str:
        """Take one line; return the answer, without the prompt that follows it."""
        self.device.settle()
        if self._end:
            return self._collect(line)
        if self.answer:
            carry_on, self.answer, self.question = self.answer, None, ""
            return carry_on(line.strip())
        text = line.strip()
        if not text or text.startswith("!"):
            return ""
        return self._configure(text, line) if self.section else self.command(text)

    def refuse(self, line: str) -> str:
        """What the router prints for a line that it does not take: the caret stands below its second word."""
        words = line.split()
        column = len(line) - len(line.lstrip()) + (len(words[0]) + 1 if len(words) > 1 else 0)
        return self._caret(column, _INVALID)

    def leave(self) -> None:
        """Ctrl-Z, or `end`: out of configuration mode, which gives the lock up."""
        self.section = []
        if self.device.lock is self:
            self.device.lock = None

    def end(self) -> None:
        """The connection is gone."""
        self.leave()
        if self in self.device.sessions:
            self.device.sessions.remove(self)

    def ask(self, question: str, carry_on: Callable[[str], str]) -> str:
        """Show a question instead of a prompt; `carry_on` gets the answer and returns what is printed then."""
        self.question, self.answer = question, carry_on
        return ""

    def command(self, text: str) -> str:
        """One command of the exec mode."""
        filtered = _FILTER.match(text)
        if filtered:
            wanted = re.compile(filtered[2])
            return "\n".join(line for line in self.command(filtered[1]).split("\n") if wanted.search(line))
        if self.privileged or _ANYBODY.match(text):
            for pattern, carry_out in COMMANDS:
                found = re.fullmatch(pattern, text)
                if found:
                    return carry_out(self, found)
        return self._caret(0, _INVALID)

    def _configure(self, text: str, line: str) -> str:
        if text == "end" or (text == "exit" and len(self.section) == 1):
            self.leave()
            return ""
        if text == "exit":
            self.section = self.section[:-1]
            return ""
        if text.startswith("do "):
            return self._do(text[3:])
        kept_out = holder(self)
        if kept_out:
            return kept_out
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

    def _do(self, text: str) -> str:
        """A command of the exec mode from within the configuration mode; none that enters or leaves that mode."""
        if text.startswith("conf"):
            return self._caret(3, _INVALID)
        return self.command(text)

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
