"""The way back: a gemeente goes, with everything that was made for it, and its numbers are free again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ggi_net.errors import NotInEstate, OthersDepend, Place, PlanInvalid, PlanStale, nearest
from ggi_net.files import read_bytes, write_atomic
from ggi_net.model.gemeente import Gemeente
from ggi_net.model.network import Role
from ggi_net.model.types import Record, Slug
from ggi_net.onboard.objects import Change, compare
from ggi_net.onboard.plan import sha256

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ggi_net.model.estate import Estate
    from ggi_net.onboard.backend import Backend

FORMAT = 1


class Released(Record, frozen=True, kw_only=True):
    """Numbers that are free again, by the pool that they go back to."""

    pool: str
    numbers: tuple[str, ...]


class Offboarding(Record, frozen=True, kw_only=True):
    """What goes with a gemeente: every object, and the numbers that are free then.

    `before` is the gemeente as it was when this was made; what has changed since refuses it. `notes` say what goes
    along that the toolkit did not make. `digest` is the SHA-256 of all the rest.
    """

    offboard: int
    estate: str
    gemeente: Slug
    before: Gemeente
    changes: tuple[Change, ...]
    released: tuple[Released, ...]
    notes: tuple[str, ...] = ()
    digest: str = ""


def plan_offboard(slug: str, backend: Backend) -> Offboarding:
    """What has to go for `slug` to be gone; change nothing.

    Raises NotInEstate, or OthersDepend with everything that others have of it or at its sites.
    """
    estate = backend.read(slug)
    gemeente = estate.by_slug.get(slug)
    if gemeente is None:
        raise NotInEstate(f"no gemeente '{slug}' in the estate{nearest(slug, estate.by_slug)}")
    kept = backend.kept(gemeente, estate)
    _refuse(slug, [*dependents(gemeente, estate), *kept.others])
    made = Offboarding(
        offboard=FORMAT,
        estate=estate.name,
        gemeente=slug,
        before=gemeente,
        changes=compare(gemeente, None, {}),
        released=tuple(released(gemeente)),
        notes=tuple(f"goes along: {what}" for what in kept.along),
    )
    return msgspec.structs.replace(made, digest=sha256(made))


def apply_offboard(made: Offboarding, backend: Backend) -> bool:
    """Take the gemeente away, or complete that; whether anything was left to do.

    Raises PlanStale when the gemeente has changed since, OthersDepend when others have come to depend on it,
    ApplyClaimed when another plan for it was begun, and what writing raises: then it can be tried again.
    """
    with backend.exclusive(made.gemeente):
        if not backend.begun(made.gemeente):
            estate = backend.read(made.gemeente)
            current = estate.by_slug.get(made.gemeente)
            if current is None:
                return False
            if estate.name != made.estate:
                raise PlanStale(f"the plan was made for estate '{made.estate}', this is '{estate.name}'")
            if sha256(current) != sha256(made.before):
                raise PlanStale(f"gemeente '{made.gemeente}' has changed since the plan was made")
            _refuse(made.gemeente, [*dependents(current, estate), *backend.kept(current, estate).others])
        backend.remove(made)
        return True


def _refuse(slug: str, reasons: list[str]) -> None:
    if reasons:
        listed = "".join(f"\n  - {reason}" for reason in reasons)
        raise OthersDepend(f"'{slug}' can't go yet; others have something of it:{listed}")


def dependents(gemeente: Gemeente, estate: Estate) -> Iterator[str]:
    """What the rest of the estate has of this gemeente, in words."""
    own = {device.name for site in gemeente.sites for device in site.devices}
    for other in estate.organisations():
        if other.slug == gemeente.slug:
            continue
        if isinstance(other, Gemeente) and other.govroam.idp == gemeente.slug:
            yield f"it answers for the realms of '{other.slug}' ({', '.join(other.govroam.realms)})"
        for link in other.links:
            if {link.end.device, link.core.device} & own:
                yield f"link '{link.name}' of '{other.slug}' ends at its devices"


def released(gemeente: Gemeente) -> Iterator[Released]:
    """The numbers of a gemeente by the pool that they came from."""
    yield Released(pool="ASN", numbers=(str(gemeente.asn),))
    zones = dict.fromkeys(block.zone for block in gemeente.blocks)
    for zone in zones:
        yield Released(
            pool=f"blocks of {zone}", numbers=tuple(block.prefix for block in gemeente.blocks if block.zone == zone)
        )
    ipv4: dict[str, list[str]] = {}
    for site in gemeente.sites:
        for vlan in site.vlans:
            ipv4.setdefault(vlan.zone, []).extend(prefix for prefix in vlan.prefixes if ":" not in prefix)
    for zone, prefixes in ipv4.items():
        yield Released(pool=zone, numbers=tuple(prefixes))
    routers = (device for site in gemeente.sites for device in site.devices if device.role is Role.CE)
    yield Released(pool="loopbacks", numbers=tuple(address for router in routers for address in router.management))
    carried = [(link, one) for link in gemeente.links for one in link.vrfs.values()]
    yield Released(pool="links", numbers=tuple(prefix for _, one in carried for prefix in one.prefixes))
    tags: dict[str, list[str]] = {}
    for link, one in carried:
        tags.setdefault(f"tags on {link.core.device} {link.core.port}", []).append(str(one.tag))
    for pool, numbers in tags.items():
        yield Released(pool=pool, numbers=tuple(numbers))


def save_offboarding(made: Offboarding, path: Path) -> None:
    """Write it as JSON, whole or not at all."""
    write_atomic(path, msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")


def load_offboarding(path: Path) -> Offboarding:
    """Read it; raise PlanInvalid when it is damaged, edited, of another version, or a plan of something else."""
    place = Place(str(path))
    try:
        made = msgspec.json.decode(read_bytes(path), type=Offboarding)
    except msgspec.DecodeError as error:
        raise PlanInvalid(
            f"not a whole plan of an offboarding: {error}", place=place, hint="make one with `ggi offboard plan`"
        ) from None
    if made.offboard != FORMAT:
        raise PlanInvalid(f"the plan has format {made.offboard}, this toolkit reads format {FORMAT}", place=place)
    if sha256(msgspec.structs.replace(made, digest="")) != made.digest:
        raise PlanInvalid("the plan was changed after it was made: its digest does not fit", place=place)
    return made
