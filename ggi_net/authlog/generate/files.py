"""The files of all servers, written together with little memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.errors import DiskFull, FileError, Place

if TYPE_CHECKING:
    from pathlib import Path

_FULL = 64 * 1024
"""How many characters of one file wait before they are written. With 1,400 files this is less than 100 MB."""


class Files:
    """Lines go to files by their path; each file is opened for a moment only, since there are more than a process may
    hold open.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: dict[str, list[str]] = {}
        self._sizes: dict[str, int] = {}
        self.lines = 0
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def write(self, path: str, line: str) -> None:
        """Add a line to the file at `path` in the folder. Raises FileError or DiskFull."""
        waiting = self._waiting.setdefault(path, [])
        waiting.append(line)
        size = self._sizes.get(path, 0) + len(line)
        self._sizes[path] = size
        if size > _FULL:
            self._flush(path, waiting)

    def close(self) -> None:
        """Write what waits. Raises FileError or DiskFull."""
        for path, waiting in self._waiting.items():
            self._flush(path, waiting)

    def _flush(self, path: str, waiting: list[str]) -> None:
        if not waiting:
            return
        data = "\n".join([*waiting, ""]).encode()
        target = self._folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("ab") as file:
                file.write(data)
        except OSError as error:
            kind = DiskFull if error.errno in (28, 122) else FileError
            raise kind(f"can't be written: {error.strerror}", place=Place(str(target))) from None
        self.lines += len(waiting)
        self.bytes += len(data)
        waiting.clear()
        self._sizes[path] = 0
