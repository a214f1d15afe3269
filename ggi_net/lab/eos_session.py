"""One session with a simulated EOS device; within a configuration session it changes that, not what the device runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.lab.command_session import CommandSession
from ggi_net.lab.eos_exec import COMMANDS, IN_SESSION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ggi_net.lab.command_tree import CommandTree
    from ggi_net.lab.eos import ConfigSession, EosDevice
    from ggi_net.lab.eos_running import EosConfiguration

_BANNER = re.compile(r"banner (?:motd|login)$")
_NAME_IN_PROMPT = 6


class EosSession(CommandSession):
    """The state of one session. `config` is the configuration session that it is in."""

    device: EosDevice
    anybody = re.compile(r"(en(a(b(le?)?)?)?|exit|logout|quit|ter\w* .*|sh\w* ver\w*)$")

    def __init__(
        self, device: EosDevice, *, privileged: bool = False, user: str = "ggi", tree: EosConfiguration | None = None
    ) -> None:
        self.device = device
        self.config: ConfigSession | None = None
        self._tree = tree
        super().__init__(privileged=privileged, user=user)

    @property
    def commands(self) -> Sequence[tuple[str, Callable[[EosSession, re.Match[str]], str]]]:
        """What EOS knows."""
        return COMMANDS

    @property
    def tree(self) -> CommandTree:
        """The configuration that the session changes."""
        if self.config:
            return self.config.tree
        return self._tree or self.device

    def refuse(self, line: str) -> str:
        """What EOS prints for a line that it does not take."""
        words = line.split()
        return f"% Invalid input (at token {min(1, len(words) - 1)}: '{words[min(1, len(words) - 1)]}')"

    def leave(self) -> None:
        """Ctrl-Z, or `end`: out of configuration mode. The configuration session stays, with nobody in it."""
        super().leave()
        if self.config:
            self.config.inside.remove(self)
            self.config = None

    def _configure(self, text: str, line: str) -> str:
        for pattern, carry_out in IN_SESSION if self.config else ():
            found = re.fullmatch(pattern, text)
            if found:
                return carry_out(self, found)
        if text.startswith("show "):
            return self.command(text)
        return super()._configure(text, line)

    def _mode(self, word: str) -> str:
        if self.config is None:
            return word
        return f"config-s-{self.config.name[:_NAME_IN_PROMPT]}{word.removeprefix('config')}"

    def _begins_text(self, text: str) -> tuple[str, str, str] | None:
        return (text, "EOF", "") if _BANNER.match(text) else None

    def _ends_text(self, line: str) -> bool:
        return line.strip() == self._end

    def _caret(self, column: int | None, message: str) -> str:
        """EOS names what it does not take instead of pointing at it."""
        return message if column is None else "% Invalid input"
