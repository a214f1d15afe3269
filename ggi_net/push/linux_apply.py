"""What a Debian host has to be told when files change: as little as possible, each command once."""

from __future__ import annotations

import difflib
import posixpath
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ggi_net.push.linux_files import beside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ggi_net.push.linux_files import Found
    from ggi_net.render.platform import ArtifactKind

STAGE = "stage"
"""The folder, in that of the run, in which a test finds all files of the platform as they will be."""

_RESTART = re.compile(r"\bsystemctl (?:restart|try-restart) (\S+)")
_RELOAD = re.compile(r"systemctl reload (\S+)")


@dataclass(frozen=True)
class Step:
    """One file that changes: from `old` to `new`, None for no file.

    Both are equal when only the daemon has to be told again. `back`: the new file is an older one, maybe not ours.
    """

    kind: ArtifactKind
    old: Found | None
    new: Found | None
    back: bool = False

    @property
    def moves(self) -> bool:
        """Whether the file itself changes."""
        return self.old != self.new

    @property
    def commands(self) -> Iterator[tuple[str, str]]:
        """What makes the daemon use the new file, and beside each what makes it use the old one again."""
        do = self.kind.undo if (self.back or self.new is None) and self.kind.undo else self.kind.apply
        undo = self.kind.undo or self.kind.apply
        parts, backwards = _parts(do), _parts(undo)
        if len(parts) == len(backwards):
            yield from zip(parts, backwards, strict=True)
        elif parts:
            yield from [(part, "true") for part in parts[:-1]]
            yield parts[-1], undo
        changed = self._changed_lines()
        for also in self.kind.also:
            found = dict.fromkeys(also.run.format_map(m.groupdict()) for m in _matches(also.changed, changed))
            yield from ((command, command) for command in found)

    def _changed_lines(self) -> list[str]:
        old = self.old.text.splitlines() if self.old else []
        new = self.new.text.splitlines() if self.new else []
        return [line[2:] for line in difflib.ndiff(old, new) if line[:2] in ("+ ", "- ")]


def commands_of(steps: Sequence[Step]) -> list[tuple[str, str]]:
    """Every command of a change with its way back, in order and each once; a restart makes a reload needless."""
    pairs = dict(pair for step in steps for pair in step.commands)
    restarted = {name for command in pairs for name in _RESTART.findall(command)}
    return [
        (command, back)
        for command, back in pairs.items()
        if not ((reload := _RELOAD.fullmatch(command)) and reload[1] in restarted)
    ]


def checks_of(steps: Sequence[Step], kinds: Sequence[ArtifactKind], root: str, folder: str) -> list[str]:
    """The commands that refuse a file before it is in its place; `folder` is that of the run on the device.

    A test of one file may need the others, so that is run as well when one of those in the same folder changes.
    """
    moving = {step.kind.path: step for step in steps if step.moves}
    folders = {posixpath.dirname(path) for path in moving}
    stage = posixpath.join(folder, STAGE)
    found, staged = [], False
    for kind in kinds:
        step = moving.get(kind.path)
        needs_stage = "{stage}" in kind.test
        if not kind.test or (step is not None and step.new is None):
            continue
        if step is None and not (needs_stage and posixpath.dirname(kind.path) in folders):
            continue
        staged = staged or needs_stage
        file = root + (beside(kind.path) if step else kind.path)
        test = kind.test.replace("{file}", shlex.quote(file)).replace("{stage}", shlex.quote(stage))
        found.append(test if step else f"[ ! -e {shlex.quote(file)} ] || {{ {test}; }}")
    return [*_stage(moving, kinds, root, stage), *found] if staged else found


def _stage(moving: dict[str, Step], kinds: Sequence[ArtifactKind], root: str, stage: str) -> Iterator[str]:
    folders = dict.fromkeys(posixpath.dirname(kind.path) for kind in kinds)
    yield "mkdir -p -- " + " ".join(shlex.quote(stage + folder) for folder in folders)
    for kind in kinds:
        step = moving.get(kind.path)
        if step is None or step.new is not None:
            there = root + (beside(kind.path) if step else kind.path)
            yield f"ln -sfn -- {shlex.quote(there)} {shlex.quote(stage + kind.path)}"


def _parts(command: str) -> list[str]:
    return [part.strip() for part in command.split("&&") if part.strip()]


def _matches(pattern: str, lines: Sequence[str]) -> Iterator[re.Match[str]]:
    find = re.compile(pattern)
    return (found for line in lines if (found := find.search(line)))
