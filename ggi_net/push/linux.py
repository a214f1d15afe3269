"""The driver for Debian hosts: files over SFTP, each written beside and renamed, then the commands that apply them.

A push can be cut off at any point. What it is about to replace is first saved on the device, and `pending.json` there
says so until every command has been accepted; the next push sees it and completes the job, or brings the saved files
back when the device refuses it.
"""

from __future__ import annotations

import hashlib
import posixpath
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import paramiko

from ggi_net.errors import DeviceRefused, DeviceUnreachable, PushError
from ggi_net.model.types import Record
from ggi_net.push.diff import unified
from ggi_net.push.driver import Change, Identity
from ggi_net.push.ssh import Host
from ggi_net.secrets import REFERENCE
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ggi_net.push.driver import Target
    from ggi_net.render.artifact import Artifact
    from ggi_net.render.platform import ArtifactKind
    from ggi_net.secrets import Masker, Resolver

KEPT = "/var/lib/ggi/push"
_NOBODY_ELSE = 0o7770


class Saved(Record, frozen=True, kw_only=True):
    """A file as it was before: `copy` is the name of its saved content, empty when there was no file."""

    path: str
    apply: str
    copy: str = ""
    mode: str = ""
    owner: str = ""


class Pending(Record, frozen=True, kw_only=True):
    """A push that was begun and not yet accepted as a whole."""

    files: tuple[Saved, ...] = ()


@dataclass(frozen=True)
class Found:
    """A file on the device."""

    content: bytes
    mode: int
    owner: str


@dataclass(frozen=True)
class Step:
    """One file to write: what it becomes, and what it was (None: there was none)."""

    path: str
    content: bytes
    mode: int
    owner: str
    apply: str
    old: Found | None


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


def wanted(target: Target, resolver: Resolver) -> list[Wanted]:
    """Every artifact of the target with its place on the device; raise PushError for one that has none.

    A file that holds a secret is closed for others, whatever its platform says.
    """
    kinds = {kind.file: kind for kind in target.platform.artifacts}
    found = []
    for artifact in target.artifacts:
        kind = kinds.get(artifact.file)
        if kind is None or not kind.path.startswith("/"):
            raise PushError(f"{target.device}: '{artifact.file}' has no place on a {target.platform.name} device")
        mode = int(kind.mode, 8)
        if REFERENCE.search(artifact.text):
            mode &= _NOBODY_ELSE
        found.append(Wanted(artifact, kind, resolver.resolve(artifact.text).encode(), mode))
    order = list(kinds)
    return sorted(found, key=lambda w: order.index(w.artifact.file))


class LinuxSession:
    """A session with one Debian host."""

    def __init__(self, target: Target, resolver: Resolver) -> None:
        self._target = target
        self._resolver = resolver
        self._root = target.connection.root.rstrip("/")
        self._wanted = wanted(target, resolver)
        self._host = Host(target.device, target.connection, resolver)

    def identify(self) -> Identity:
        """The host's name, and its serial number where the firmware tells one to this login."""
        name = self._host.run("hostname")
        serial = self._host.run(f"cat {shlex.quote(self._root)}/sys/class/dmi/id/product_serial")
        return Identity(name.output.strip(), serial.output.strip() if serial.status == 0 else "")

    def compare(self) -> Change:
        """Compare every file's content, mode and owner; what an interrupted push left pending counts as a change."""
        files = self.files([item.path for item in self._wanted])
        pending = {saved.path: saved for saved in self._pending().files}
        mask = self._resolver.masker
        steps, diffs = [], []
        for item in self._wanted:
            found = files.get(item.path)
            same = found == Found(item.content, item.mode, item.kind.owner)
            if same and item.path not in pending:
                continue
            old = self._before(pending[item.path]) if item.path in pending else found
            steps.append(Step(item.path, item.content, item.mode, item.kind.owner, item.kind.apply, old))
            diffs.append(_diff(item, found, mask, again=same))
        return Change("".join(diffs), tuple(steps))

    def files(self, paths: Sequence[str]) -> dict[str, Found]:
        """Content, mode and owner of those of `paths` that exist."""
        full = {self._root + path: path for path in paths}
        answer = self._host.run("stat -c '%a %U:%G %n' -- " + self._quoted(paths))
        found = {}
        for line in answer.output.splitlines():
            mode, _, rest = line.partition(" ")
            owner, _, name = rest.partition(" ")
            path = full.get(name)
            content = self._host.read(name) if path else None
            if path and content is not None:
                found[path] = Found(content, int(mode, 8), owner)
        return found

    def run(self, command: str) -> str:
        """The output of a command; raise DeviceRefused when it fails."""
        answer = self._host.run(command)
        if answer.status:
            raise DeviceRefused(
                f"{self._target.device}: `{command}` failed: {self._said(answer.errors or answer.output)}"
            )
        return answer.output

    def change(self, change: Change) -> None:
        """Save what is there, put every file in place, apply; on refusal put everything back and apply that."""
        steps = [step for step in change.steps if isinstance(step, Step)]
        try:
            self._save(steps)
            self._put([(step.path, Found(step.content, step.mode, step.owner)) for step in steps])
        except (EOFError, paramiko.SSHException) as error:
            raise DeviceUnreachable(f"{self._target.device}: the session broke: {printable(error)}") from None
        except OSError as error:
            self._restore(steps)
            reason = printable(error.strerror or error)
            raise DeviceRefused(
                f"{self._target.device}: a file can't be written: {reason}", hint="a full disk, or a missing right"
            ) from None
        refusal = self._apply(steps)
        if refusal:
            again = self._restore(steps)
            outcome = (
                f"what was there before is back, but: {again}" if again else "what was there before is back and in use"
            )
            raise DeviceRefused(
                f"{self._target.device}: {refusal}; {outcome}", hint="correct what the device refuses, then push again"
            )
        self._settle()

    def close(self) -> None:
        """End the session."""
        self._host.close()

    def _apply(self, steps: Sequence[Step]) -> str:
        """Run each apply command once; return what the device said when it refused one, else nothing."""
        for command in dict.fromkeys(step.apply for step in steps if step.apply):
            answer = self._host.run(command)
            if answer.status:
                return f"`{command}` was refused: {self._said(answer.errors or answer.output)}"
        return ""

    def _save(self, steps: Sequence[Step]) -> None:
        """Keep on the device what is about to be replaced, then say that a push is pending."""
        self._host.run(f"mkdir -p -m 0700 {shlex.quote(self._root + KEPT)}")
        saved = []
        for step in steps:
            if step.old is None:
                saved.append(Saved(path=step.path, apply=step.apply))
                continue
            copy = hashlib.sha256(step.path.encode()).hexdigest()[:16]
            self._write(f"{self._root}{KEPT}/{copy}", step.old.content, 0o600)
            saved.append(
                Saved(path=step.path, apply=step.apply, copy=copy, mode=f"{step.old.mode:o}", owner=step.old.owner)
            )
        record = msgspec.json.encode(Pending(files=tuple(saved)))
        beside = f"{self._root}{KEPT}/.pending.json"
        self._write(beside, record, 0o600)
        self._host.sftp.posix_rename(beside, f"{self._root}{KEPT}/pending.json")

    def _pending(self) -> Pending:
        content = self._host.read(f"{self._root}{KEPT}/pending.json")
        if content is None:
            return Pending()
        try:
            return msgspec.json.decode(content, type=Pending)
        except msgspec.MsgspecError:
            raise PushError(
                f"{self._target.device}: {KEPT}/pending.json is damaged",
                hint="look at the saved files beside it, then remove it",
            ) from None

    def _before(self, saved: Saved) -> Found | None:
        if not saved.copy:
            return None
        content = self._host.read(f"{self._root}{KEPT}/{saved.copy}")
        return Found(content, int(saved.mode, 8), saved.owner) if content is not None else None

    def _restore(self, steps: Sequence[Step]) -> str:
        """Put the old files back and apply them; return what went wrong, or nothing."""
        try:
            self._put([(step.path, step.old) for step in steps if step.old is not None])
            new = [step.path for step in steps if step.old is None]
            if new:
                self._host.run(f"rm -f -- {self._quoted(new)}")
        except OSError as error:
            return f"a file can't be written: {printable(error.strerror or error)}"
        refusal = self._apply([step for step in steps if step.old is not None])
        if not refusal:
            self._settle()
        return refusal

    def _settle(self) -> None:
        """Nothing is pending any more: forget the saved files."""
        self._host.run(f"rm -rf -- {shlex.quote(self._root + KEPT)}")

    def _put(self, files: Sequence[tuple[str, Found]]) -> None:
        """Write every file beside its place, closed until it has its owner; then rename all of them into place."""
        self._host.run(f"mkdir -p -- {self._quoted(dict.fromkeys(posixpath.dirname(path) for path, _ in files))}")
        by_owner: dict[str, list[str]] = {}
        for path, file in files:
            self._write(self._root + _beside(path), file.content, 0o600)
            by_owner.setdefault(file.owner, []).append(_beside(path))
        for owner, paths in by_owner.items():
            if self._host.run(f"chown -- {shlex.quote(owner)} {self._quoted(paths)}").status:
                raise PermissionError(1, f"files can't be given to {owner}")
        for path, file in files:
            self._host.sftp.chmod(self._root + _beside(path), file.mode)
        for path, _ in files:
            self._host.sftp.posix_rename(self._root + _beside(path), self._root + path)

    def _quoted(self, paths: Iterable[str]) -> str:
        return " ".join(shlex.quote(self._root + path) for path in paths)

    def _write(self, path: str, content: bytes, mode: int) -> None:
        """Write a file of which nobody else sees any content: the mode is set before the first byte."""
        with self._host.sftp.open(path, "wb") as file:
            file.chmod(mode)
            file.set_pipelined(True)
            file.write(content)

    def _said(self, text: str) -> str:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return printable(self._resolver.masker(" / ".join(lines[-3:])), 300) or "it gave no reason"


def _beside(path: str) -> str:
    folder, name = posixpath.split(path)
    return posixpath.join(folder, f".{name}.ggi")


def _diff(item: Wanted, found: Found | None, mask: Masker, *, again: bool) -> str:
    name = item.artifact.file
    if again:
        return f"{name}: in place, but an interrupted push left it to be applied\n"
    running = found.content.decode(errors="replace") if found else ""
    text = unified(name, running, item.content.decode(), mask)
    if found and (found.mode, found.owner) != (item.mode, item.kind.owner):
        text += f"{name}: mode {found.mode:04o} {found.owner} -> {item.mode:04o} {item.kind.owner}\n"
    return text
