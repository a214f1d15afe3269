"""Configuration lines in groups that may be sent to a command line in one go, without waiting for each answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_AT_ONCE = 16


def batches(lines: Sequence[str]) -> Iterator[list[str]]:
    """`lines` in groups that may be sent in one go: a line that opens a section, or a text, always goes alone.

    What follows a refused line must not end up in the wrong section, so a section's answer is awaited first.
    """
    group: list[str] = []
    text = ""
    for line, following in zip(lines, [*lines[1:], ""], strict=False):
        if text:
            group.append(line)
            if text in line:
                yield group
                group, text = [], ""
            continue
        opens = _depth(following) > _depth(line)
        text = _ending(line)
        if (opens or text) and group:
            yield group
            group = []
        group.append(line)
        if not text and (opens or len(group) == _AT_ONCE or _depth(following) < _depth(line)):
            yield group
            group = []
    if group:
        yield group


def is_text(line: str) -> bool:
    """Whether `line` begins a text: a banner, a certificate. Its lines get one answer."""
    return bool(_ending(line))


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _ending(line: str) -> str:
    """What ends the text that `line` begins (a banner, a certificate); empty for any other line."""
    words = line.split()
    if words[:1] == ["banner"] and len(words) > 2:
        return words[2][0]
    return "quit" if words[:1] == ["certificate"] else ""
