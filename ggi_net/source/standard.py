"""Reading the national standard from its folder, one file a subject."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, NamedTuple

from ggi_net.errors import Place, StandardError, StandardUnknown, UnknownKey, nearest
from ggi_net.files import read_bytes
from ggi_net.model import standard as model
from ggi_net.paths import standards_folder
from ggi_net.source.options import refusal
from ggi_net.source.yamlfile import convert, locate, parse

if TYPE_CHECKING:
    from collections.abc import Callable
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
    _check_values(found, folder)
    return found


def known_standard(
    version: str, known: dict[str, model.Standard], place: Callable[[], Place], folder: Path | None = None
) -> model.Standard:
    """The standard `version` from `known`, or from `folder` (default: those that come with the toolkit) into `known`.

    `place` tells where `version` was named: it is in the StandardUnknown that is raised when it isn't installed.
    """
    if version not in known:
        try:
            known[version] = load_standard((folder or standards_folder()) / version)
        except StandardUnknown as error:
            raise StandardUnknown(error.message, place=place(), hint=error.hint) from None
    return known[version]


def _check_references(found: model.Standard, folder: Path) -> None:
    """Every name that one subject uses must be declared by another; raise StandardError for the first that isn't."""
    vrfs = {vrf.name for vrf in found.vrfs}
    zones = {zone.name for zone in found.zones}
    services = {service.name for service in found.services}
    options = {option.name for option in found.options}
    for index, zone in enumerate(found.zones):
        at = _At(folder / "zones.yml", f"$[{index}].vrf")
        _known(zone.vrf, vrfs, "VRF", f"zone '{zone.name}'", at)
    for index, flow in enumerate(found.flows):
        user, path = f"flow '{flow.id}'", folder / "flows.yml"
        _known(flow.source, zones, "zone", user, _At(path, f"$[{index}].source"))
        _known(flow.destination, zones, "zone", user, _At(path, f"$[{index}].destination"))
        for number, name in enumerate(flow.services):
            _known(name, services, "service", user, _At(path, f"$[{index}].services[{number}]"))
        if flow.when:
            _known(flow.when, options, "option", user, _At(path, f"$[{index}].when"))
    for name in found.address_plan.vlans:
        _known(name, zones, "zone", "'vlans'", _At(folder / "address-plan.yml", "$.vlans", name))
    for subject, names in (
        ("vrfs", [vrf.name for vrf in found.vrfs]),
        ("zones", [zone.name for zone in found.zones]),
        ("services", [service.name for service in found.services]),
        ("flows", [flow.id for flow in found.flows]),
        ("options", [option.name for option in found.options]),
        ("clauses", [clause.id for clause in found.clauses]),
    ):
        for index, name in enumerate(names):
            if name in names[:index]:
                raise StandardError(
                    f"'{name}' is declared twice",
                    place=_At(folder / f"{subject}.yml", f"$[{index}]").place(),
                    hint="keep one of the two",
                )


def _check_values(found: model.Standard, folder: Path) -> None:
    """What a record's form can't show: defaults that the option itself refuses, pools that are no prefixes."""
    for index, option in enumerate(found.options):
        problem = refusal(option, option.default)
        if problem:
            raise StandardError(
                f"the default of option '{option.name}' is not allowed: {problem}",
                place=_At(folder / "options.yml", f"$[{index}]", "default").place(),
                hint="correct the default, or what is allowed",
            )
    for name, ranges in found.address_plan.ranges.items():
        mappings = (("blocks", ranges.blocks.items()), ("ipv4", ranges.ipv4.items()))
        lists = (("links", enumerate(ranges.links)), ("loopbacks", enumerate(ranges.loopbacks)))
        pools = [(f"{group}.{zone}", pool) for group, items in mappings for zone, pool in items]
        pools += [(f"{group}[{index}]", pool) for group, items in lists for index, pool in items]
        for steps, pool in pools:
            try:
                network = ipaddress.ip_network(pool.prefix)
                fits = network.prefixlen <= min(pool.length, pool.reserve or pool.length)
            except ValueError:
                fits = False
            if not fits:
                raise StandardError(
                    f"pool {pool.prefix} can't hold prefixes of length {pool.length}",
                    place=_At(folder / "address-plan.yml", f"$.ranges.{name}.{steps}", "prefix").place(),
                    hint="a pool is a prefix without host bits, shorter than what is cut from it",
                )


class _At(NamedTuple):
    """A place in a standard's file, looked up when it is needed."""

    path: Path
    steps: str
    key: str | None = None

    def place(self) -> Place:
        return locate(self.path, read_bytes(self.path), self.steps, self.key)


def _known(name: str, declared: set[str], what: str, user: str, at: _At) -> None:
    if name not in declared:
        raise StandardError(
            f"{user} names {what} '{name}', which the standard does not declare{nearest(name, declared)}",
            place=at.place(),
            hint=f"declared: {', '.join(sorted(declared))}",
        )
