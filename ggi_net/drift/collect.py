"""What a device runs, compared with its artifacts, per push driver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import msgspec

from ggi_net.config.compare import Difference, Kind, differences
from ggi_net.config.ruleset import load_rules
from ggi_net.config.statement import Reader
from ggi_net.errors import DriftError, WrongDevice
from ggi_net.push.driver import open_right

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ggi_net.config.ruleset import FileRules
    from ggi_net.push.driver import Target
    from ggi_net.push.linux_files import Found, Wanted
    from ggi_net.secrets import Resolver


@runtime_checkable
class ShowsWhole(Protocol):
    """A session with a device that shows all that it runs in one text."""

    def running(self) -> str:
        """The running configuration; raises PushError when it comes in incomplete."""
        ...


@runtime_checkable
class ShowsFiles(Protocol):
    """A session with a device that is configured by files."""

    def files(self, paths: Sequence[str]) -> dict[str, Found]:
        """Content, mode and owner of those of `paths` that exist."""
        ...

    def run(self, command: str) -> str:
        """The output of a command; raises DeviceRefused when it fails."""
        ...


def compare_device(target: Target, resolver: Resolver, key: bytes) -> list[Difference]:
    """Every difference of one device, artifact by artifact, in order; `key` is what secrets are hashed with.

    Raises PushError (unreachable, host key), DriftError or ConfigurationBroken when the device can't be compared.
    """
    try:
        if target.platform.driver == "linux":
            return _compare_linux(target, resolver, key)
        return _compare_shown_whole(target, resolver, key)
    except WrongDevice as error:
        raise DriftError(error.message, hint="correct the address in the connections file") from None


def _compare_shown_whole(target: Target, resolver: Resolver, key: bytes) -> list[Difference]:
    """The differences of a device that shows all that it runs in one text."""
    from ggi_net.push.cli import artifact_of

    session = open_right(target, resolver)
    try:
        if not isinstance(session, ShowsWhole):
            raise DriftError(f"{target.device}: nothing collects from '{target.platform.driver}' devices")
        running = session.running()
    finally:
        session.close()
    artifact = artifact_of(target)
    rules = load_rules(target.platform.drift).of(artifact.file)
    return compare_texts(resolver.resolve(artifact.text), running, rules, key, target.device, artifact.file)


def _compare_linux(target: Target, resolver: Resolver, key: bytes) -> list[Difference]:
    from ggi_net.push.linux_files import wanted

    rules = load_rules(target.platform.drift)
    items = wanted(target, target.artifacts, resolver)
    found: list[Difference] = []
    session = open_right(target, resolver)
    try:
        if not isinstance(session, ShowsFiles):
            raise DriftError(f"{target.device}: nothing collects files from '{target.platform.driver}' devices")
        files = session.files([item.path for item in items])
        for item in items:
            there = files.get(item.path)
            of_file = rules.of(item.artifact.file)
            found.extend(_compare_file(item, there, of_file, key))
            if there is not None and of_file.shown_by:
                found.extend(_compare_shown(session, item, of_file, key, list(found)))
    finally:
        session.close()
    return found


def _compare_file(item: Wanted, there: Found | None, rules: FileRules, key: bytes) -> list[Difference]:
    """The differences of one file: its content by meaning, its mode, its owner."""
    file = item.artifact.file
    if there is None:
        return [Difference(kind=Kind.FILE_MISSING, file=file, intended=item.path)]
    found: list[Difference] = []
    if there.content != item.content:
        running = there.content.decode(errors="replace")
        found += compare_texts(item.content.decode(), running, rules, key, item.artifact.device, file)
    if there.mode != item.mode:
        found.append(Difference(kind=Kind.MODE, file=file, intended=f"{item.mode:04o}", running=f"{there.mode:04o}"))
    if there.owner != item.kind.owner:
        found.append(Difference(kind=Kind.OWNER, file=file, intended=item.kind.owner, running=there.owner))
    return found


def _compare_shown(
    session: ShowsFiles, item: Wanted, rules: FileRules, key: bytes, known: list[Difference]
) -> list[Difference]:
    """What the daemon runs compared with the artifact, leaving out what the file on disk has told already."""
    shown = session.run(rules.shown_by)
    told = {(d.section, d.intended, d.running) for d in known}
    found = compare_texts(item.content.decode(), shown, rules, key, item.artifact.device, item.artifact.file)
    return [
        msgspec.structs.replace(d, shown_by=rules.shown_by)
        for d in found
        if (d.section, d.intended, d.running) not in told
    ]


def compare_texts(
    intended: str, running: str, rules: FileRules, key: bytes, device: str, file: str
) -> list[Difference]:
    """The differences in meaning between two texts of one file; `intended` has its secrets resolved.

    Raises ConfigurationBroken when one of them can't be cut into sections.
    """
    reader = Reader(rules, key)
    wanted = reader.intended(intended, f"{device}/{file}")
    return differences(wanted, reader.running(running, f"{file} on {device}", wanted), rules, file)
