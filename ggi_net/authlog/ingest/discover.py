"""Which files: patterns become paths, and a log's rotated files are found beside it."""

from __future__ import annotations

import glob
import re
from bisect import bisect_left
from pathlib import Path
from typing import TYPE_CHECKING

from ggi_net.errors import NoLogs, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

_ROTATED = re.compile(r"(?:[.-][0-9]{1,14}(?:[T_][0-9]{1,6})?)*(?:\.old)?(?:\.(?:gz|bz2|xz|zst))?", re.ASCII)
"""What logrotate and its like put behind a name: `.1`, `-20261123`, `.2.gz`, `-20261123-1795422000.xz`, `.old`."""

_WILD = frozenset("*?[")


def matching(patterns: Iterable[str], *, required: bool = True) -> list[Path]:
    """The files that the patterns name, oldest writing first; each once.

    A pattern without wildcards is a file that must be there, a folder stands for the files in it. Raises NoLogs when a
    pattern matches nothing, unless not `required`.
    """
    found: dict[Path, float] = {}
    for pattern in patterns:
        paths = [Path(path) for path in glob.glob(pattern, recursive=True)]  # noqa: PTH207  patterns are absolute, too
        if not paths and required:
            raise NoLogs(
                "nothing is there" if not _WILD & set(pattern) else "no file matches",
                place=Place(pattern),
                hint="check the path; put a pattern between quotes",
            )
        for path in paths:
            inside = [one for one in path.iterdir() if one.name[0] != "."] if path.is_dir() else [path]
            found.update((one, _written(one)) for one in inside if not one.is_dir())
    return sorted(found, key=lambda path: (found[path], str(path)))


class Folders:
    """The names in folders, each listed once: to look for the rotated files of many logs."""

    def __init__(self) -> None:
        self._names: dict[Path, list[str]] = {}

    def beginning(self, folder: Path, start: str) -> list[str]:
        """The names in `folder` that begin so, in order."""
        if folder not in self._names:
            try:
                self._names[folder] = sorted(other.name for other in folder.iterdir())
            except OSError:
                return []  # it went away, or may not be listed: whoever reads the log says so
        names = self._names[folder]
        first = last = bisect_left(names, start)
        while last < len(names) and names[last].startswith(start):
            last += 1
        return names[first:last]


def rotated(path: Path, folders: Folders | None = None) -> list[Path]:
    """The files beside `path` whose names say that they were rotated from it, oldest writing first."""
    stem, suffix = path.stem, path.suffix
    found = [
        path.with_name(name)
        for name in (folders or Folders()).beginning(path.parent, stem)
        if name != path.name and (_is_rotation(name, path.name) or (suffix and _is_dated(name, stem, suffix)))
    ]
    return sorted(found, key=_written)


def _is_rotation(name: str, of: str) -> bool:
    """`radius.log.1`, `radius.log-20261123.gz`."""
    return name.startswith(of) and bool(_ROTATED.fullmatch(name, len(of)))


def _is_dated(name: str, stem: str, suffix: str) -> bool:
    """`radius-20261123.log`, `radius-20261123.log.gz`: logrotate's `extension`."""
    base, found, rest = name.rpartition(suffix)
    return (
        bool(found)
        and base.startswith(stem)
        and bool(_ROTATED.fullmatch(base, len(stem)))
        and bool(_ROTATED.fullmatch(rest))
    )


def _written(path: Path) -> float:
    """When it was last written; a file that went away comes first, and opening it says so."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
