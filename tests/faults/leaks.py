"""Looking for secrets where none may be: in texts, in files, and in what other processes can see meanwhile."""

from __future__ import annotations

import base64
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ggi_net.config.cisco import decode_type7
from ggi_net.config.juniper import decode_9

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_TYPE_7 = re.compile(r"(?<![0-9A-Fa-f])[01][0-9](?:[0-9A-Fa-f]{2}){6,}(?![0-9A-Fa-f])")
_JUNOS_9 = re.compile(r"\$9\$[\w./-]{8,}")
_HASHED = re.compile(r"\$(?:1|5|6|8|9)\$[\w./-]{4,}\$[\w./-]{20,}")
_PAUSE_SECONDS = 0.01


class Secrets:
    """What must not be found: by name, the values."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = {value: name for name, value in values.items() if value}
        self._needles = {
            needle: name for value, name in self._values.items() for needle in (value.encode(), *_forms(value.encode()))
        }

    def __len__(self) -> int:
        return len(self._values)

    def within(self, data: bytes) -> set[str]:
        """The names of the secrets that `data` shows: as they are, encoded, or in a form that a device shows."""
        found = {name for needle, name in self._needles.items() if needle in data}
        text = data.decode(errors="replace")
        found |= {name for shown in _TYPE_7.findall(text) for name in self._in(decode_type7(shown))}
        found |= {name for shown in _JUNOS_9.findall(text) for name in self._in(decode_9(shown))}
        return found | {f"a hash: {hashed[:12]}..." for hashed in _HASHED.findall(text)}

    def in_files(self, folder: Path, *, but: Iterable[Path] = ()) -> dict[str, set[str]]:
        """By file below `folder` what is found in it; nothing below `but` is looked at."""
        found = {}
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink() and not any(path.is_relative_to(other) for other in but):
                names = self.within(path.read_bytes()) | self.within(path.name.encode())
                if names:
                    found[str(path.relative_to(folder))] = names
        return found

    def _in(self, text: str | None) -> set[str]:
        return {name for value, name in self._values.items() if text and value in text}


def _forms(value: bytes) -> set[bytes]:
    """Base 64, at each of the three places where it may begin and without what its neighbours decide; hexadecimal."""
    whole = (base64.b64encode(bytes(shift) + value)[(shift * 8 + 5) // 6 :] for shift in range(3))
    forms = {part[: len(value) * 8 // 6 - 1] for part in whole}
    return forms | {form.translate(bytes.maketrans(b"+/", b"-_")) for form in forms} | {value.hex().encode()}


class Watcher:
    """Reads, all the time while its block runs, what other users of the machine could: the arguments and environment
    of every process, and the files in `folders`.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._seen: dict[bytes, str] = {}
        self._files: set[tuple[str, int, int]] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def __len__(self) -> int:
        return len(self._seen)

    def found(self, secrets: Secrets) -> dict[str, set[str]]:
        """By process or file what was seen there."""
        every = ((where, secrets.within(data)) for data, where in self._seen.items())
        return {where: names for where, names in every if names}

    def _watch(self) -> None:
        while not self._stop.is_set():
            for process in Path("/proc").iterdir():
                if process.name.isdigit():
                    for what in ("cmdline", "environ"):
                        self._see(process / what)
            for folder in self._folders:
                for path in folder.rglob("*"):
                    self._see_once(path)
            self._stop.wait(_PAUSE_SECONDS)

    def _see(self, path: Path) -> None:
        try:
            self._seen.setdefault(path.read_bytes(), str(path))
        except OSError:  # it has ended, or it is a folder
            return

    def _see_once(self, path: Path) -> None:
        try:
            state = path.stat()
        except OSError:
            return
        which = (str(path), state.st_size, state.st_mtime_ns)
        if which not in self._files and path.is_file():
            self._files.add(which)
            self._see(path)
