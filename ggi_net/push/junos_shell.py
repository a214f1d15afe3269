"""netmiko's session with Junos, made to know a prompt from a note that stands before it."""

from __future__ import annotations

import re
from typing import Any

from netmiko.juniper import JuniperSSH

from ggi_net.push.cli import PinnedHostKey

_PROMPT = r"(?:^|\n)[\w.-]+@[\w.-]+[>#] ?\Z"
_PREPARATION = ("set cli complete-on-space off", "set cli screen-width 0", "set cli screen-length 0")


class JunosShell(PinnedHostKey, JuniperSSH):  # type: ignore[misc]  # netmiko has no type information
    """netmiko's Junos session, which accepts the one host key that it was given and no other.

    netmiko takes the first `#` for the end of a prompt; while a commit waits, a note that begins with one stands before
    each prompt. So this session looks for the whole prompt, of a user who gets the CLI, not the shell of `root`.
    """

    def session_preparation(self) -> None:
        """Await the prompt, and ask for whole answers in lines as long as they are."""
        self._test_channel_read(pattern=_PROMPT)
        for command in _PREPARATION:
            self.write_channel(f"{command}\n")
            self.read_until_pattern(pattern=rf"{re.escape(command)}[\s\S]*{_PROMPT}")
        self.set_base_prompt()

    def set_base_prompt(self, *_: Any, **__: Any) -> str:
        """Learn `user@host` from a prompt."""
        self.write_channel("\n")
        shown = str(self.read_until_pattern(pattern=_PROMPT))
        self.base_prompt = shown.splitlines()[-1].rstrip(" >#")
        return self.base_prompt
