"""What a run does to which device: push what was rendered, go on with an earlier run, or take earlier pushes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.errors import ArtifactsStale, NothingKept, Place
from ggi_net.push.artifacts import read_current
from ggi_net.push.journal import OPEN, Status, read_entry
from ggi_net.push.rollout import Job
from ggi_net.push.rollout_state import FILE, run_folder
from ggi_net.push.targets import targets
from ggi_net.render.store import estate_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from ggi_net.model.estate import Estate
    from ggi_net.push.connections import Connections
    from ggi_net.push.journal import Journal, JournalEntry
    from ggi_net.push.rollout_state import RunState
    from ggi_net.render.artifact import Artifact

_MAY_HAVE_CHANGED = (Status.CHANGED, *OPEN)


def push_jobs(estate: Estate, folder: Path, devices: Iterable[str], connections: Connections) -> list[Job]:
    """Bring `devices` (all in the folder when none are named) to the artifacts in `folder`.

    Raises what `read_current` and `targets` raise.
    """
    return _jobs(estate, read_current(folder, estate, devices), {}, connections)


def resumed_jobs(estate: Estate, state: RunState, journal: Journal, connections: Connections) -> list[Job]:
    """What is left of a run, with the artifacts that it was begun with.

    Raises ArtifactsStale when the estate is not what it was then, NothingKept when the journal lost an artifact.
    """
    if estate_digest(estate) != state.estate and not state.asked.rollback:
        raise ArtifactsStale(
            f"run {state.run} was begun with another state of the estate '{estate.name}'",
            place=Place(str(journal.folder)),
        )
    left = {name: state.devices[name] for name in state.left()}
    artifacts = {
        name: _kept(journal.kept(name, device.platform, device.artifacts), name, state.run)
        for name, device in left.items()
    }
    return _jobs(estate, artifacts, {name: device.back_to for name, device in left.items()}, connections)


def rollback_of_run(estate: Estate, journal: Journal, run: str, connections: Connections) -> list[Job]:
    """Bring back every device that a run changed, or may have changed, to what it ran before that run.

    Raises RunUnknown, or NothingKept when the run changed nothing.
    """
    folder = run_folder(journal.folder, run)
    found = [read_entry(path) for path in sorted(folder.glob("*.json")) if path.name != FILE]
    changed = [entry for entry in found if entry.outcome in _MAY_HAVE_CHANGED]
    if not changed:
        raise NothingKept(f"run {run} changed no device", hint=f"`ggi journal {run}` shows what it did")
    return _back(estate, journal, changed, connections)


def rollback_of_devices(
    estate: Estate, journal: Journal, devices: Sequence[str], connections: Connections
) -> list[Job]:
    """Bring back each device to what it ran before the last push that changed it and was not itself taken back.

    A device that no push changed is left out; raises NothingKept when that leaves none.
    """
    last = [entry for name in devices if (entry := last_in_force(journal.entries(name))) is not None]
    if not last:
        what = devices[0] if len(devices) == 1 else f"any of the {len(devices)} devices"
        raise NothingKept(
            f"the journal knows of no push to {what} that could be taken back", place=Place(str(journal.folder))
        )
    return _back(estate, journal, last, connections)


def last_in_force(newest_first: Iterable[JournalEntry]) -> JournalEntry | None:
    """The last push that changed the device and still holds: a rollback undoes its run and all that came after it."""
    undone = ""
    for entry in newest_first:
        if entry.outcome not in _MAY_HAVE_CHANGED or (undone and entry.run >= undone):
            continue
        if not entry.back_to:
            return entry
        undone = entry.back_to
    return None


def _back(estate: Estate, journal: Journal, taken: Iterable[JournalEntry], connections: Connections) -> list[Job]:
    """The driver is given what that push brought: it says which files or sections are the toolkit's."""
    by_device = {entry.device: entry for entry in taken}
    artifacts = {name: _kept(journal.stored(entry), name, entry.run) for name, entry in by_device.items()}
    return _jobs(estate, artifacts, {name: entry.run for name, entry in by_device.items()}, connections)


def _kept(artifacts: tuple[Artifact, ...], device: str, run: str) -> tuple[Artifact, ...]:
    if not artifacts:
        raise NothingKept(
            f"{device}: the journal no longer has what run {run} pushed",
            hint="render what it should run, and push that",
        )
    return artifacts


def _jobs(
    estate: Estate,
    artifacts: Mapping[str, tuple[Artifact, ...]],
    back_to: Mapping[str, str],
    connections: Connections,
) -> list[Job]:
    return [Job(target, back_to.get(target.device, "")) for target in targets(estate, artifacts.values(), connections)]
