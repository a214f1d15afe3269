"""What a spec may not ask, seen beside the rest of the estate."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections import Counter
from typing import TYPE_CHECKING

from ggi_net.errors import SpecError, StandardUnknown, nearest
from ggi_net.model.gemeente import Gemeente, GovroamRole
from ggi_net.model.network import PortKind, Role
from ggi_net.onboard.design import CorePort
from ggi_net.paths import platform_names, standards_folder
from ggi_net.source.options import check_choices
from ggi_net.source.standard import load_standard
from ggi_net.source.validate import findings_of

if TYPE_CHECKING:
    from ggi_net.model.estate import Estate, Placed
    from ggi_net.model.standard import Standard
    from ggi_net.onboard.spec import SpecFile


def check_against(found: SpecFile, estate: Estate) -> Standard:
    """Check a spec against the estate that it is to join and return its standard.

    Raises SpecError, StandardUnknown, OptionUndeclared or OptionRefused with the place in the spec.
    """
    spec = found.spec
    current = estate.by_slug.get(spec.slug)
    version = spec.standard or (current.standard if current else estate.federation.standard)
    standard = estate.standards.get(version) or _standard(found, version)
    if estate.ranges not in standard.address_plan.ranges:
        raise SpecError(
            f"standard {version} has no ranges '{estate.ranges}', which this estate uses",
            place=found.place("$.standard"),
            hint=f"its ranges: {', '.join(standard.address_plan.ranges)}",
        )
    check_choices(spec.options, standard, found.path)
    _check_identity(found, estate)
    _check_govroam(found, estate)
    _check_platforms(found, standard)
    _check_addresses(found)
    _check_removal(found, estate)
    return standard


def _standard(found: SpecFile, version: str) -> Standard:
    try:
        return load_standard(standards_folder() / version)
    except StandardUnknown as error:
        raise StandardUnknown(error.message, place=found.place("$.standard"), hint=error.hint) from None


def _check_identity(found: SpecFile, estate: Estate) -> None:
    spec = found.spec
    for other in estate.organisations():
        if other.slug == spec.slug:
            if not isinstance(other, Gemeente):
                raise SpecError(f"'{spec.slug}' is the federation's own slug", place=found.place("$.slug"))
            if other.code != spec.code:
                raise SpecError(
                    f"the estate has gemeente '{spec.slug}' with CBS code {other.code}, not {spec.code}",
                    place=found.place("$.code"),
                    hint="correct the code, or give this gemeente another slug",
                )
            continue
        if isinstance(other, Gemeente) and other.code == spec.code:
            raise SpecError(
                f"CBS code {spec.code} is in the estate already, as '{other.slug}'",
                place=found.place("$.code"),
                hint=f"to change that gemeente say `slug: {other.slug}`",
            )
        if other.domain == spec.domain:
            raise SpecError(
                f"domain '{spec.domain}' is that of '{other.slug}'",
                place=found.place("$.domain"),
                hint="correct the domain",
            )


def _check_govroam(found: SpecFile, estate: Estate) -> None:
    part = found.spec.govroam
    for index, realm in enumerate(part.realms):
        for other in estate.gemeenten:
            if other.slug != found.spec.slug and realm in other.govroam.realms:
                raise SpecError(
                    f"realm '{realm}' is claimed by '{other.slug}'",
                    place=found.place(f"$.govroam.realms[{index}]"),
                    hint="a realm belongs to one gemeente",
                )
    if part.idp in (None, found.spec.slug):
        return
    home = estate.by_slug.get(part.idp or "")
    if home is None:
        raise SpecError(
            f"no gemeente '{part.idp}' in the estate to answer for its realms{nearest(part.idp or '', estate.by_slug)}",
            place=found.place("$.govroam.idp"),
            hint="onboard that gemeente first, or name one that is there",
        )
    if GovroamRole.IDP not in home.govroam.roles:
        raise SpecError(
            f"gemeente '{home.slug}' is no IdP and can't answer for its realms",
            place=found.place("$.govroam.idp"),
            hint="name a gemeente with role `idp`",
        )


def _check_platforms(found: SpecFile, standard: Standard) -> None:
    allowed = next((o.allowed for o in standard.options if o.name == "ce.platform"), tuple(platform_names()))
    for index, site in enumerate(found.spec.sites):
        for number, gateway in enumerate(site.gateways):
            if gateway.platform and gateway.platform not in allowed:
                raise SpecError(
                    f"platform '{gateway.platform}' is not one for a gateway{nearest(gateway.platform, allowed)}",
                    place=found.place(f"$.sites[{index}].gateways[{number}].platform"),
                    hint=f"allowed: {', '.join(allowed)}",
                )


def _check_addresses(found: SpecFile) -> None:
    """Internet addresses are addresses, and their gateways lie in their networks."""
    for index, site in enumerate(found.spec.sites):
        for number, gateway in enumerate(site.gateways):
            if gateway.internet is None:
                continue
            at = f"$.sites[{index}].gateways[{number}].internet"
            networks = []
            for position, address in enumerate(gateway.internet.addresses):
                try:
                    networks.append(ipaddress.ip_interface(address))
                except ValueError:
                    raise SpecError(
                        f"'{address}' is not an address with its prefix length",
                        place=found.place(f"{at}.addresses[{position}]"),
                        hint="such as 203.0.113.2/29",
                    ) from None
            for position, host in enumerate(gateway.internet.gateways):
                try:
                    inside = any(ipaddress.ip_address(host) in one.network for one in networks)
                except ValueError:
                    inside = False
                if not inside:
                    raise SpecError(
                        f"gateway '{host}' does not lie in the network of an internet address of this line",
                        place=found.place(f"{at}.gateways[{position}]"),
                        hint="correct the gateway, or the address's prefix length",
                    )


def _check_removal(found: SpecFile, estate: Estate) -> None:
    current = estate.by_slug.get(found.spec.slug)
    removal = found.spec.remove
    if current is None and (removal.sites or removal.devices or removal.options):
        raise SpecError(
            "a new gemeente has nothing to remove",
            place=found.place("$", "remove"),
            hint="remove that part of the spec",
        )


def cores_for(found: SpecFile, estate: Estate) -> list[CorePort]:
    """The cores that the gemeente's lines end at.

    Those that the spec names; else those that the gemeente, or else the others of its province, are on; else the
    federation's first two. Raises SpecError for a core that isn't there.
    """
    spec = found.spec
    cores = {name: placed for name, placed in estate.devices.items() if placed.device.role is Role.CORE}
    for index, name in enumerate(spec.cores):
        if name not in cores:
            raise SpecError(
                f"no core '{name}' in the estate{nearest(name, cores)}",
                place=found.place(f"$.cores[{index}]"),
                hint=f"cores: {', '.join(cores)}",
            )
    if not cores:
        raise SpecError("the estate has no core to connect to", hint="add one to the federation")
    names = list(spec.cores) or _usual_cores(found, estate, cores) or list(cores)[:2]
    return [core_port(cores[name]) for name in names]


def _usual_cores(found: SpecFile, estate: Estate, cores: dict[str, Placed]) -> list[str]:
    own = [g for g in estate.gemeenten if g.slug == found.spec.slug and g.links]
    near = own or [g for g in estate.gemeenten if g.province == found.spec.province]
    used = Counter(link.core.device for g in near for link in g.links if link.core.device in cores)
    most = {name for name, _ in used.most_common(2)}
    return [name for name in cores if name in most]


def core_port(placed: Placed) -> CorePort:
    """Where lines end at a core; raise SpecError when it has no port for them."""

    def first(kind: PortKind) -> str:
        return next((port.name for port in placed.device.ports if port.kind is kind), "")

    access, internet = first(PortKind.ACCESS), first(PortKind.INTERNET)
    if not access or not internet:
        raise SpecError(
            f"core '{placed.device.name}' has no port for access lines, or none on the internet",
            hint="add the port to the federation's file",
        )
    return CorePort(placed.device.name, placed.site.slug, access, internet)


def check_result(found: SpecFile, estate: Estate, gemeente: Gemeente) -> None:
    """Refuse a result that would make the estate contradict itself; raise SpecError with the first finding."""
    kept = tuple(gemeente if g.slug == gemeente.slug else g for g in estate.gemeenten)
    changed = replace_gemeenten(estate, kept if gemeente.slug in estate.by_slug else (*kept, gemeente))
    after = findings_of(changed)
    before = {finding.message for finding in findings_of(estate)} if after else set()
    for finding in after:
        if finding.message not in before:
            raise SpecError(
                f"this would make the estate contradict itself: {finding.message}",
                place=found.place_of_mention(finding.message),
                hint=finding.hint,
            )


def joined(estate: Estate, gemeente: Gemeente) -> Estate:
    """The same estate with `gemeente` in it, and its standard."""
    others = tuple(other for other in estate.gemeenten if other.slug != gemeente.slug)
    version = gemeente.standard
    standard = estate.standards.get(version) or load_standard(standards_folder() / version)
    return dataclasses.replace(estate, gemeenten=(*others, gemeente), standards={**estate.standards, version: standard})


def replace_gemeenten(estate: Estate, gemeenten: tuple[Gemeente, ...]) -> Estate:
    """The same estate with other gemeenten."""
    return dataclasses.replace(estate, gemeenten=gemeenten)
