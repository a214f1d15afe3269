"""What `ggi onboard` and `ggi offboard` share: the place that they read and write, and the progress of writing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net import paths
from ggi_net.cli.console import err, note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ggi_net.onboard.backend import Backend, Readable
    from ggi_net.onboard.netbox.backend import InNetBox

TakeOverOption = Annotated[
    bool,
    typer.Option(
        "--take-over",
        help="Complete what another user or machine began and certainly does not go on with (NetBox only).",
    ),
]


def readable(estate: Path) -> Readable:
    """The place that `--estate` names, for planning: a folder, NetBox, or the last snapshot of it."""
    from ggi_net.onboard.backend import Files
    from ggi_net.source.open import NETBOX, SNAPSHOT

    if str(estate) == SNAPSHOT:
        from ggi_net.onboard.netbox.offline import Offline

        return Offline(note)
    return in_netbox() if str(estate) == NETBOX else Files(estate)


def reading(estate: Path) -> Backend:
    """The folder or NetBox that `--estate` names, to be looked at; raise SpecError for a snapshot."""
    from ggi_net.errors import SpecError
    from ggi_net.onboard.backend import Files
    from ggi_net.source.open import NETBOX, SNAPSHOT

    if str(estate) == SNAPSHOT:
        raise SpecError("a snapshot does not say what is under way", hint="ask NetBox: --estate netbox")
    return in_netbox() if str(estate) == NETBOX else Files(estate)


def writable(estate: Path, *, take_over: bool = False) -> Backend:
    """The place that `--estate` names, to be changed; raise SpecError for one that isn't."""
    from ggi_net.errors import Place, SpecError
    from ggi_net.onboard.backend import Files
    from ggi_net.source.open import NETBOX, SNAPSHOT

    if str(estate) == NETBOX:
        return in_netbox(take_over=take_over)
    if str(estate) == SNAPSHOT:
        raise SpecError(
            "a snapshot is a copy of NetBox, and not changed", hint="`--estate netbox` changes NetBox itself"
        )
    if estate == paths.demo_folder():
        raise SpecError(
            "the embedded demo estate is not changed unless it is named",
            place=Place(str(estate)),
            hint="work on a copy: cp -r the folder above, and name the copy with --estate",
        )
    return Files(estate)


def in_netbox(*, take_over: bool = False) -> InNetBox:
    """The NetBox of the settings; its first reading begins with the last pull."""
    from ggi_net.onboard.netbox import place

    return place.in_netbox(note, take_over=take_over)


@contextmanager
def progress(backend: Backend, title: str) -> Iterator[None]:
    """A bar on standard error while objects are written to NetBox; nothing when it isn't a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from ggi_net.onboard.netbox.backend import InNetBox

    if not isinstance(backend, InNetBox) or not err.is_terminal:
        yield
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(title, total=None)

        def expect(total: int) -> None:
            bar.update(task, total=total)

        def tick(kind: str, count: int) -> None:
            bar.update(task, advance=count, description=f"{title}: {kind.replace('_', ' ')}")

        backend.expect, backend.tick = expect, tick
        yield
