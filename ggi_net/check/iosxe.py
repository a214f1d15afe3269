"""The structural check of an IOS-XE configuration: its words, and a session without a filter, a secret in clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.check import command_line
from ggi_net.check import iosxe_words as words
from ggi_net.check.iosxe_meaning import RULES

if TYPE_CHECKING:
    from ggi_net.check.result import Finding

IOSXE = command_line.Language(
    top=words.TOP,
    defines=words.DEFINITIONS,
    refers=words.REFERENCES,
    rules=RULES,
    first_defined=words.FIRST_DEFINED,
    built_in=words.BUILT_IN,
    used_by_being=words.USED_BY_BEING,
    repeatable=("exit-address-family", "exit-vrrp", "remark "),
)


def check(text: str) -> list[Finding]:
    """Everything that is wrong with the configuration `text`, by line."""
    return command_line.check(text, IOSXE)
