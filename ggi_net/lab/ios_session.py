"""One session with a simulated IOS-XE router."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.lab.command_session import INVALID, CommandSession
from ggi_net.lab.ios_configure import holder
from ggi_net.lab.ios_exec import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ggi_net.lab.ios import IosDevice

_BANNER = re.compile(r"(banner (?:motd|login|exec|incoming|prompt-timeout)) +(\^C|\S)(.*)$")
_CERTIFICATE = re.compile(r"certificate (?:ca |self-signed )?[0-9A-Fa-f]+$")


class IosSession(CommandSession):
    """The state of one session. `enter` takes a line and returns what the router prints for it."""

    device: IosDevice
    anybody = re.compile(r"(en(a(b(le?)?)?)?|exit|logout|quit|ter\w* .*|sh\w* ver\w*)$")

    def __init__(self, device: IosDevice, *, privileged: bool = False, user: str = "ggi") -> None:
        self.device = device
        super().__init__(privileged=privileged, user=user)

    @property
    def commands(self) -> Sequence[tuple[str, Callable[[IosSession, re.Match[str]], str]]]:
        """What IOS-XE knows."""
        return COMMANDS

    def leave(self) -> None:
        """Ctrl-Z, or `end`: out of configuration mode, which gives the lock up."""
        super().leave()
        if self.device.lock is self:
            self.device.lock = None

    def _configure(self, text: str, line: str) -> str:
        if text.startswith("do "):
            return self._do(text[3:])
        kept_out = "" if text in ("end", "exit") else holder(self)
        return kept_out or super()._configure(text, line)

    def _do(self, text: str) -> str:
        """A command of the exec mode from within the configuration mode; none that enters or leaves that mode."""
        if text.startswith("conf"):
            return self._caret(3, INVALID)
        return self.command(text)

    def _begins_text(self, text: str) -> tuple[str, str, str] | None:
        banner = _BANNER.match(text)
        if banner:
            return banner[1], banner[2], banner[3]
        if _CERTIFICATE.match(text) and self.section[-1].text.startswith("crypto pki certificate chain"):
            return text, "quit", ""
        return None
