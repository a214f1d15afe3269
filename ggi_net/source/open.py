"""One way to an estate, whatever holds it: a folder of files, NetBox, or the snapshot of it that the last pull kept.

`DIR`       the files in a folder (a folder called `netbox` or `snapshot` is meant by `./netbox`)
`snapshot`  NetBox as the last pull found it; nothing is asked of NetBox
`netbox`    NetBox as it is now: pulls what changed, then uses it
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ggi_net.errors import Place
from ggi_net.source.files import load_estate
from ggi_net.source.validate import as_finding, findings_of, validate

if TYPE_CHECKING:
    from collections.abc import Callable

    from ggi_net.model.estate import Estate
    from ggi_net.source.netbox.assemble import Assembled
    from ggi_net.source.rules.base import Spot
    from ggi_net.source.validate import Finding

NETBOX = "netbox"
SNAPSHOT = "snapshot"


def _quiet(_: str) -> None:
    """Say nothing."""


def open_estate(source: str | Path, *, strict: bool = False, say: Callable[[str], None] = _quiet) -> Estate:
    """The estate that `source` names.

    `say` gets what the user must know about it: how old a snapshot is, and for each gemeente whose data in NetBox is
    broken that it was left out, and why; with `strict` that is GemeenteLeftOut instead. Files are always read
    strictly. Raises the FileError, StandardError, EstateError or NetBoxError of what can't be read.
    """
    if str(source) not in (NETBOX, SNAPSHOT):
        return load_estate(Path(source))
    assembled = _assembled(str(source), strict=strict, say=say)
    for slug, problem in assembled.problems.items():
        say(f"{slug} is left out: {problem}")
    return assembled.estate


def _assembled(source: str, *, strict: bool, say: Callable[[str], None]) -> Assembled:
    from ggi_net.source.netbox.pull import put_together, stored

    if source == SNAPSHOT:
        snapshot = stored()
        say(f"using the snapshot of {snapshot.url}, which is {snapshot.age}")
        return put_together(snapshot, snapshot.url, strict=strict)
    from ggi_net.source.netbox.client import NetBox
    from ggi_net.source.netbox.pull import pull
    from ggi_net.source.netbox.settings import load_settings

    settings = load_settings()
    pulled = pull(NetBox(settings), settings)
    for note in pulled.reading.notes:
        say(f"note: {note}")
    return put_together(pulled.reading, settings.url, strict=strict)


def validate_source(source: str | Path, say: Callable[[str], None] = _quiet) -> tuple[Estate | None, list[Finding]]:
    """As `ggi_net.source.validate.validate`, for any source: of NetBox, the places are pages of NetBox."""
    if str(source) not in (NETBOX, SNAPSHOT):
        return validate(Path(source))
    assembled = _assembled(str(source), strict=False, say=say)
    findings = [as_finding(problem) for problem in assembled.problems.values()]

    def page(spot: Spot) -> Place:
        return Place(assembled.page_of(spot.slug, spot.steps))

    return assembled.estate, findings + findings_of(assembled.estate, frozenset(assembled.problems), page)
