"""netmiko's session with IOS-XE, made to await prompts where netmiko waits a fixed time."""

from __future__ import annotations

from typing import Any

from netmiko.cisco import CiscoIosSSH

from ggi_net.push.cli import PinnedHostKey

_WIDE = "terminal width 511"
_ENDLESS = "terminal length 0"
_PROMPT = r"(?:^|[\r\n])[^\s>#]+[>#] ?\Z"


class IosShell(PinnedHostKey, CiscoIosSSH):  # type: ignore[misc]  # netmiko has no type information
    """netmiko's IOS session, which accepts the one host key that it was given and no other.

    netmiko keeps only the beginning of the name that it finds in a prompt; this session keeps the whole.
    """

    def _try_session_preparation(self, force_data: bool = False) -> None:
        """Send nothing into a session that has shown no prompt yet, as netmiko would.

        What comes before may be dropped (a line can have `flush-at-activation`), or be echoed before the prompt: that
        would be taken for the one after it, and every answer for the one to the command before.
        """
        super()._try_session_preparation(force_data=force_data)

    def session_preparation(self) -> None:
        """Await the prompt, make the terminal so wide and long that nothing is broken off, and learn the name."""
        self._test_channel_read(pattern=_PROMPT)
        self._answered(_WIDE)
        self.set_base_prompt()

    def set_base_prompt(self, *_: Any, **__: Any) -> str:
        """Learn the name, and what this session may, from the prompt that follows a command."""
        prompt = self._answered(_ENDLESS).split()[-1]
        self.base_prompt, self.privileged = prompt.rstrip(">#"), prompt.endswith("#")
        return self.base_prompt

    def _answered(self, command: str) -> str:
        """Send a command; its echo, its answer and the prompt."""
        self.write_channel(f"{command}\n")
        return str(self.read_until_pattern(rf"{command}\b[\s\S]*{_PROMPT}"))
