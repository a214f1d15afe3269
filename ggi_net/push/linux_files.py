"""The files of a Debian host: what they should be, what they are, and the stream in which new ones reach it."""

from __future__ import annotations

import base64
import binascii
import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ggi_net.errors import PushError
from ggi_net.push.diff import unified
from ggi_net.secrets import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ggi_net.push.driver import Target
    from ggi_net.push.ssh import Host
    from ggi_net.render.artifact import Artifact
    from ggi_net.render.platform import ArtifactKind
    from ggi_net.secrets import Masker, Resolver

_NOBODY_ELSE = 0o7770
_READ = """\
stat -L -c '%a %U:%G %n' -- "$@" 2>/dev/null
for path; do
	[ ! -f "$path" ] || { text=$(base64 -w 0 <"$path") && printf 'text %s %s\\n' "$text" "$path"; } || exit 1
done
echo end
"""


@dataclass(frozen=True)
class Found:
    """A file on the device."""

    content: bytes
    mode: int
    owner: str

    @property
    def text(self) -> str:
        """The content for people and for comparison."""
        return self.content.decode(errors="replace")


@dataclass(frozen=True)
class Wanted:
    """One artifact as it must be on the device, its secrets resolved."""

    artifact: Artifact
    kind: ArtifactKind
    content: bytes
    mode: int

    @property
    def path(self) -> str:
        """Where it lives on the device."""
        return self.kind.path

    @property
    def file(self) -> Found:
        """What is on the device when it is there."""
        return Found(self.content, self.mode, self.kind.owner)


def wanted(target: Target, artifacts: Sequence[Artifact], resolver: Resolver) -> list[Wanted]:
    """Every artifact with its place on the device, in the order of the platform; raise PushError for one without.

    A file that holds a secret is closed for others, whatever its platform says.
    """
    kinds = {kind.file: kind for kind in target.platform.artifacts}
    found = []
    for artifact in artifacts:
        kind = kinds.get(artifact.file)
        if kind is None or not kind.path.startswith("/"):
            raise PushError(f"{target.device}: '{artifact.file}' has no place on a {target.platform.name} device")
        mode = int(kind.mode, 8)
        if REFERENCE.search(artifact.text):
            mode &= _NOBODY_ELSE
        found.append(Wanted(artifact, kind, resolver.resolve(artifact.text).encode(), mode))
    order = list(kinds)
    return sorted(found, key=lambda w: order.index(w.artifact.file))


def read_files(host: Host, device: str, root: str, paths: Iterable[str]) -> dict[str, Found]:
    """Content, mode and owner of those of `paths` that are files; raise PushError for an answer that is not whole."""
    full = {root + path: path for path in paths}
    if not full:
        return {}
    answer = host.run(_READ, *full)
    lines = answer.output.splitlines()
    if answer.status or not lines or lines[-1] != "end":
        raise PushError(f"{device}: its files came in incomplete", hint="nothing was changed because of it; try again")
    modes: dict[str, tuple[int, str]] = {}
    contents: dict[str, bytes] = {}
    try:
        for line in lines[:-1]:
            first, second, name = line.split(" ", 2)
            if first == "text":
                contents[full[name]] = base64.b64decode(second, validate=True)
            else:
                modes[full[name]] = (int(first, 8), second)
    except (ValueError, KeyError, binascii.Error):
        raise PushError(f"{device}: its files came in garbled", hint="does its login print something?") from None
    return {path: Found(content, *modes[path]) for path, content in contents.items() if path in modes}


def file_diff(file: str, old: Found | None, new: Found | None, mask: Masker) -> str:
    """The difference of one file for people: its lines, then its mode and owner."""
    text = unified(file, old.text if old else "", new.text if new else "", mask)
    if old and new and (old.mode, old.owner) != (new.mode, new.owner):
        text += f"{file}: mode {old.mode:04o} {old.owner} -> {new.mode:04o} {new.owner}\n"
    if new is None:
        text += f"{file}: taken away\n"
    if old is None and not text:
        text += f"{file}: new and empty\n"
    return text


def beside(path: str) -> str:
    """Where the new file waits to be renamed to `path`; the guard knows the same name."""
    folder, name = posixpath.split(path)
    return posixpath.join(folder, f".ggi-new.{name}")


def stream(guard: tuple[str, bytes], files: Mapping[str, Found]) -> bytes:
    """What `receive.sh` reads: the guard with its path, then every file by its path."""
    parts = [_entry(f"{guard[0]}.new", Found(guard[1], 0o700, "root:root")), b"tidy\n"]
    parts += [_entry(path, file) for path, file in files.items()]
    return b"".join([*parts, b"end\n"])


def _entry(path: str, file: Found) -> bytes:
    return f"file {len(file.content)} {file.mode:04o} {file.owner} {path}\n".encode() + file.content
