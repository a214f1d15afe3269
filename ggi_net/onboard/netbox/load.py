"""Writing a file estate to NetBox in bulk, and comparing what NetBox then holds with it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from ggi_net.errors import ContractOther, GgiError, Place
from ggi_net.onboard.netbox.fits import check_fits, distinct
from ggi_net.onboard.netbox.objects import objects_of
from ggi_net.onboard.netbox.sync import Outcome, sync
from ggi_net.onboard.objects import plain
from ggi_net.source.netbox.assemble import assemble
from ggi_net.source.netbox.contract import FEDERATION
from ggi_net.source.netbox.read import read
from ggi_net.source.write import to_yaml
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ggi_net.model.estate import Estate
    from ggi_net.model.gemeente import Organisation
    from ggi_net.onboard.netbox.objects import Wanted
    from ggi_net.source.netbox.client import NetBox


def wanted_for(estate: Estate, organisations: Iterable[Organisation]) -> list[Wanted]:
    """Every NetBox object of `organisations`, each once; raise DoesNotFit when NetBox can't hold them."""
    chosen = list(organisations)
    check_fits(chosen)
    return distinct(one for organisation in chosen for one in objects_of(organisation, estate))


def load_estate(
    netbox: NetBox,
    estate: Estate,
    wanted: Sequence[Wanted],
    tick: Callable[[str, int], object] = lambda _kind, _count: None,
) -> Outcome:
    """Bring NetBox to `wanted` of `estate`; what it holds besides is left alone.

    Killed anywhere, it is completed by the next run. Raises ContractOther when NetBox holds another estate,
    NetBoxLacks, AnothersObject and other NetBoxErrors.
    """
    _same_estate(netbox, estate)
    return sync(netbox, wanted, message=f"ggi netbox load: estate {estate.name}", tick=tick)


def _same_estate(netbox: NetBox, estate: Estate) -> None:
    for item in netbox.all("tenancy/tenants", group=FEDERATION):
        name = item["custom_fields"].get("ggi_estate")
        if item["slug"] != estate.federation.slug or name not in (None, "", estate.name):
            raise ContractOther(
                f"NetBox holds the estate '{printable(name)}' of federation '{printable(item['slug'])}', not "
                f"'{printable(estate.name)}' of '{estate.federation.slug}'",
                place=Place(item["display_url"]),
                hint="a NetBox holds one estate: load this one into another NetBox (or, when it is the same estate, "
                "let estate.yml give it the same name)",
            )


@dataclass(frozen=True)
class ReadBack:
    """What NetBox holds after a load, beside the files.

    `different` has by slug the lines of a diff: `-` is in the files alone, `+` in NetBox alone, `...` what is left out
    between. `unreadable` has by slug why NetBox's data can't be made into a gemeente.
    """

    way: str
    different: dict[str, list[str]]
    unreadable: dict[str, GgiError]

    @property
    def equal(self) -> bool:
        """Whether every organisation came back as it is in the files."""
        return not self.different and not self.unreadable


def read_back(netbox: NetBox, organisations: Iterable[Organisation]) -> ReadBack:
    """Read the estate from NetBox and compare `organisations` with it. The order of sites and the like has no meaning.

    Raises NetBoxError.
    """
    reading = read(netbox)
    found = assemble(reading.tables, netbox.url)
    there = {one.slug: one for one in found.estate.organisations()}
    different: dict[str, list[str]] = {}
    unreadable: dict[str, GgiError] = {}
    for one in organisations:
        if one.slug in found.problems:
            unreadable[one.slug] = found.problems[one.slug]
        elif there.get(one.slug) != one:
            lines = _diff(one, there.get(one.slug))
            if lines:
                different[one.slug] = lines
    return ReadBack(reading.way, different, unreadable)


def _diff(one: Organisation, other: Organisation | None) -> list[str]:
    before = to_yaml(_sorted(one)).splitlines()
    after = to_yaml(_sorted(other)).splitlines() if other is not None else []
    lines = list(difflib.unified_diff(before, after, lineterm="", n=1))[2:]
    return ["..." if line.startswith("@@") else line for line in lines]


def _sorted(one: Organisation) -> Organisation:
    """The same organisation with its lists in one order, whatever order they were made in."""
    return msgspec.convert(_ordered(plain(one)), type(one))


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list | tuple):
        return sorted((_ordered(inner) for inner in value), key=msgspec.json.encode)
    return value
