"""Reading the national standard from its folder, one file a subject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ggi_net.errors import Place, StandardError, StandardUnknown, UnknownKey, nearest
from ggi_net.files import read_bytes
from ggi_net.model import standard as model
from ggi_net.source.yamlfile import convert, parse

if TYPE_CHECKING:
    from pathlib import Path

SUBJECTS: dict[str, Any] = {
    "address-plan": model.AddressPlan,
    "vrfs": tuple[model.Vrf, ...],
    "zones": tuple[model.Zone, ...],
    "services": tuple[model.Service, ...],
    "flows": tuple[model.Flow, ...],
    "options": tuple[model.Option, ...],
    "clauses": tuple[model.Clause, ...],
    "crypto": model.Crypto,
    "bgp": model.Bgp,
    "govroam": model.GovroamStandard,
}
"""The files of a standard and what each holds."""


def load_standard(folder: Path) -> model.Standard:
    """Read the standard in `folder`, whose name is its version; raise FileError or StandardError with the place."""
    if not folder.is_dir():
        versions = sorted(p.name for p in folder.parent.glob("*") if p.is_dir()) if folder.parent.is_dir() else []
        raise StandardUnknown(
            f"no standard '{folder.name}'{nearest(folder.name, versions)}",
            place=Place(str(folder)),
            hint=f"installed: {', '.join(versions) or 'none'}",
        )
    parts: dict[str, Any] = {}
    for subject, kind in SUBJECTS.items():
        path = folder / f"{subject}.yml"
        content = read_bytes(path)
        parts[subject.replace("-", "_")] = convert(parse(content, path), kind, path, content)
    stray = sorted({p.stem for p in folder.glob("*.yml")} - set(SUBJECTS))
    if stray:
        raise UnknownKey(
            f"'{stray[0]}.yml' is not a subject of a standard{nearest(stray[0], SUBJECTS)}",
            place=Place(str(folder)),
            hint=f"subjects: {', '.join(SUBJECTS)}",
        )
    found = model.Standard(version=folder.name, **parts)
    _check_references(found, folder)
    return found


def _check_references(found: model.Standard, folder: Path) -> None:
    """Every name that one subject uses must be declared by another; raise StandardError for the first that isn't."""
    vrfs = {vrf.name for vrf in found.vrfs}
    zones = {zone.name for zone in found.zones}
    services = {service.name for service in found.services}
    options = {option.name for option in found.options}
    for zone in found.zones:
        _known(zone.vrf, vrfs, "VRF", f"zone '{zone.name}'", folder / "zones.yml")
    for flow in found.flows:
        for name in (flow.source, flow.destination):
            _known(name, zones, "zone", f"flow '{flow.id}'", folder / "flows.yml")
        for name in flow.services:
            _known(name, services, "service", f"flow '{flow.id}'", folder / "flows.yml")
        if flow.when:
            _known(flow.when, options, "option", f"flow '{flow.id}'", folder / "flows.yml")
    for zone_name in found.address_plan.vlans:
        _known(zone_name, zones, "zone", "'vlans'", folder / "address-plan.yml")
    for subject, names in (
        ("vrfs", [vrf.name for vrf in found.vrfs]),
        ("zones", [zone.name for zone in found.zones]),
        ("services", [service.name for service in found.services]),
        ("flows", [flow.id for flow in found.flows]),
        ("options", [option.name for option in found.options]),
        ("clauses", [clause.id for clause in found.clauses]),
    ):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise StandardError(
                f"'{twice[0]}' is declared twice",
                place=Place(str(folder / f"{subject}.yml")),
                hint="keep one of the two",
            )


def _known(name: str, declared: set[str], what: str, user: str, path: Path) -> None:
    if name not in declared:
        raise StandardError(
            f"{user} names {what} '{name}', which the standard does not declare{nearest(name, declared)}",
            place=Place(str(path)),
            hint=f"declared: {', '.join(sorted(declared))}",
        )
