"""One session with a simulated command-line device: prompts, modes, questions, the caret under a mistake."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from ggi_net.config.tree import Node
from ggi_net.lab.command_tree import CommandTree, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_FILTER = re.compile(r"(.*?) \| (?:include|i) (.+)$")
INVALID = "% Invalid input detected at '^' marker."


class CommandSession(ABC):
    """The state of one session. `enter` takes a line and returns what the device prints for it.

    `section` is where in the configuration it is, from the root down; empty in the exec mode.
    """

    anybody: ClassVar[re.Pattern[str]]
    """The commands that need no rights."""

    device: Any
    closed = False

    def __init__(self, *, privileged: bool = False, user: str = "ggi") -> None:
        self.privileged = privileged
        self.user = user
        self.section: list[Node] = []
        self.question = ""
        self.answer: Callable[[str], str] | None = None
        self._text: list[str] = []
        self._text_of = ""
        self._end = ""
        self.device.sessions.append(self)

    @property
    @abstractmethod
    def commands(self) -> Sequence[tuple[str, Callable[[Any, re.Match[str]], str]]]:
        """A pattern for each command of the exec mode, and what carries it out; the first that matches counts."""

    @property
    def tree(self) -> CommandTree:
        """The configuration that the session changes."""
        found: CommandTree = self.device
        return found

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
        """What the device shows before the next line."""
        if self.question or self._end:
            return self.question
        name = self.device.hostname
        if self.section:
            return f"{name}({self._mode(self.tree.prompt_of(self.section))})#"
        return f"{name}#" if self.privileged else f"{name}>"

    @property
    def line(self) -> int:
        """The number of the terminal line that the session is on."""
        return int(self.device.sessions.index(self)) + 2

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
        """What the device prints for a line that it does not take: the caret stands below its second word."""
        words = line.split()
        column = len(line) - len(line.lstrip()) + (len(words[0]) + 1 if len(words) > 1 else 0)
        return self._caret(column, INVALID)

    def leave(self) -> None:
        """Ctrl-Z, or `end`: out of configuration mode."""
        self.section = []

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
        if self.privileged or self.anybody.match(text):
            for pattern, carry_out in self.commands:
                found = re.fullmatch(pattern, text)
                if found:
                    return carry_out(self, found)
        return self._caret(0, INVALID)

    def take(self, text: str, line: str) -> str:
        """Take a line of the configuration."""
        begins = self._begins_text(text)
        if begins:
            self._text_of, self._end, first = begins
            self._text = []
            return self._collect(first) if first else ""
        try:
            self.section = self.tree.configure(self.section, text)
        except Refused as refused:
            indent = len(line) - len(line.lstrip())
            return self._caret(None if refused.column is None else indent + refused.column, refused.message)
        return ""

    def _configure(self, text: str, line: str) -> str:
        """A line that is entered in the configuration mode."""
        if text == "end" or (text == "exit" and len(self.section) == 1):
            self.leave()
            return ""
        if text == "exit":
            self.section = self.section[:-1]
            return ""
        return self.take(text, line)

    def _mode(self, word: str) -> str:
        """What stands between the brackets of the prompt in a section whose own word is `word`."""
        return word

    @abstractmethod
    def _begins_text(self, text: str) -> tuple[str, str, str] | None:
        """Of a line that begins a text: what the text is of, what ends it, and what of it is in this line."""

    def _ends_text(self, line: str) -> bool:
        return self._end in line

    def _collect(self, line: str) -> str:
        if not self._ends_text(line):
            self._text.append(line)
            return ""
        last = line.split(self._end, 1)[0]
        if last:
            self._text.append(last)
        self._end = ""
        if self._text_of.startswith("banner"):
            self.tree.set_banner(self._text_of, tuple(self._text))
        else:
            owner = self.section[-1]
            owner.children[:] = [n for n in owner.children if n.text != self._text_of]
            owner.children.append(Node(self._text_of, block=tuple(part.strip() for part in self._text)))
        return ""

    def _caret(self, column: int | None, message: str) -> str:
        if column is None:
            return message
        return " " * (len(self.prompt) + column) + "^\n" + message + "\n"
