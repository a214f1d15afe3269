"""The drift report on disk: JSON for programs, one self-contained HTML file for people."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
import msgspec

from ggi_net.drift.result import Report, State
from ggi_net.files import write_atomic

if TYPE_CHECKING:
    from ggi_net.drift.result import DeviceResult

_MONTHS = (
    "januari", "februari", "maart", "april", "mei", "juni",
    "juli", "augustus", "september", "oktober", "november", "december",
)  # fmt: skip
KINDS = {
    "missing": ("ontbreekt", "missing"),
    "extra": ("hoort er niet", "extra"),
    "changed": ("gewijzigd", "changed"),
    "order": ("andere volgorde", "out of order"),
    "secret": ("ander geheim", "secret differs"),
    "mode": ("andere rechten", "mode differs"),
    "owner": ("andere eigenaar", "owner differs"),
    "file missing": ("bestand ontbreekt", "file missing"),
}


def write_json(report: Report, path: Path) -> None:
    """Write the report as JSON; raise DiskFull or FileError."""
    write_atomic(path, msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n", mode=0o600)


def write_html(report: Report, path: Path) -> None:
    """Write the report as one HTML file without scripts or links to elsewhere; raise DiskFull or FileError."""
    write_atomic(path, to_html(report), mode=0o600)


def to_html(report: Report) -> str:
    """The report as HTML; every string in it is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    started = datetime.fromisoformat(report.started)
    return environment.get_template("report.html.j2").render(
        report=report,
        dutch_date=f"{started.day} {_MONTHS[started.month - 1]} {started.year}, {started:%H:%M} UTC",
        english_date=f"{started:%d %B %Y, %H:%M} UTC",
        drift=_in(report, State.DRIFT),
        unknown=_in(report, State.UNKNOWN),
        clean=_in(report, State.CLEAN),
        differences=sum(len(device.findings) for device in report.devices),
        organisations=_by_organisation(report),
        kinds=KINDS,
    )


def _in(report: Report, state: State) -> list[DeviceResult]:
    return [device for device in report.devices if device.state is state]


def _by_organisation(report: Report) -> list[tuple[str, int, int, int, int]]:
    """Per organisation: its slug, and how many devices are there, clean, with drift, unknown."""
    found: dict[str, list[DeviceResult]] = {}
    for device in report.devices:
        found.setdefault(device.organisation, []).append(device)
    counts = {slug: Counter(device.state for device in devices) for slug, devices in found.items()}
    return [
        (slug, count.total(), count[State.CLEAN], count[State.DRIFT], count[State.UNKNOWN])
        for slug, count in counts.items()
    ]
