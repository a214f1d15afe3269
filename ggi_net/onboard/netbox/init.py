"""Bringing a NetBox to the contract: what the versions in between ask, then every object, then the note of it all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ggi_net.errors import ContractMissing, ContractNewer, ContractOther, Place
from ggi_net.model.types import Record, Slug, VersionName
from ggi_net.onboard.netbox.contract import RECORD, objects_of_contract, record
from ggi_net.onboard.netbox.kinds import KINDS
from ggi_net.onboard.netbox.sync import Outcome, sync
from ggi_net.onboard.netbox.upgrade import move, rename

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ggi_net.model.standard import Standard
    from ggi_net.onboard.netbox.contract import Contract
    from ggi_net.source.netbox.client import NetBox

MESSAGE = "ggi netbox init"
_PATH = KINDS["config_context"].path


class Noted(Record, frozen=True, kw_only=True):
    """What NetBox says of the contract that it follows: its version, the ranges in force, the standards known."""

    contract: int
    ranges: Slug
    standards: tuple[VersionName, ...]


def noted(netbox: NetBox) -> Noted | None:
    """The note that `initialise` left in NetBox; None when it never ran to its end. Raises ContractOther."""
    found: list[dict[str, Any]] = netbox.all(_PATH, name=[RECORD])
    if not found:
        return None
    try:
        return msgspec.convert(found[0]["data"], Noted)
    except msgspec.ValidationError as error:
        raise ContractOther(
            f"the note of the contract can't be read: {error}",
            place=Place(f"{netbox.url}/{_PATH}/{found[0]['id']}/"),
            hint=f"delete the config context '{RECORD}' and run `ggi netbox init --ranges ...` again",
        ) from None


def followed(netbox: NetBox, contract: Contract) -> Noted:
    """What NetBox notes of the contract, when it follows this version; raise ContractMissing, -Newer or -Other."""
    found = noted(netbox)
    place = Place(f"{netbox.url}/{_PATH}/")
    if found is None or found.contract < contract.version:
        state = (
            "was never brought to the contract" if found is None else f"has version {found.contract} of the contract"
        )
        raise ContractMissing(
            f"this NetBox {state}; the toolkit works with version {contract.version}",
            place=place,
            hint="an administrator of NetBox brings it there with `ggi netbox init`",
        )
    _not_newer(found, contract, place)
    return found


def ready(netbox: NetBox, contract: Contract, ranges: str) -> None:
    """Make sure that NetBox follows `contract` with these ranges; raise ContractMissing, -Newer or -Other."""
    found = followed(netbox, contract)
    _same_ranges(found, ranges, Place(f"{netbox.url}/{_PATH}/"))


def initialise(
    netbox: NetBox,
    contract: Contract,
    standards: Sequence[Standard],
    ranges: str,
    tick: Callable[[str, int], object] = lambda _kind, _count: None,
) -> Outcome:
    """Bring NetBox to `contract`; what is there and right is left alone. Killed anywhere, it is completed by the next.

    Raises ContractNewer or ContractOther before anything is changed, StandardError, and NetBoxError.
    """
    objects = objects_of_contract(contract, standards, ranges)
    found = noted(netbox)
    if found is not None:
        place = Place(f"{netbox.url}/{_PATH}/")
        _not_newer(found, contract, place)
        _same_ranges(found, ranges, place)
    version = contract.version if found is None else found.contract
    message = MESSAGE if version == contract.version else f"{MESSAGE}: from version {version} to {contract.version}"
    renamed = rename(netbox, contract, version, message)
    outcome = sync(netbox, objects, message=message, tick=tick)
    moved = move(netbox, contract, version, message)
    outcome += sync(netbox, [record(contract, standards, ranges)], message=message, tick=tick)
    return outcome + Outcome(changed={"upgrade": renamed + moved} if renamed + moved else {})


def _not_newer(found: Noted, contract: Contract, place: Place) -> None:
    if found.contract > contract.version:
        raise ContractNewer(
            f"NetBox follows version {found.contract} of the contract, and this toolkit knows up to {contract.version}",
            place=place,
        )


def _same_ranges(found: Noted, ranges: str, place: Place) -> None:
    if found.ranges != ranges:
        raise ContractOther(
            f"this NetBox has the ranges '{found.ranges}', not '{ranges}'",
            place=place,
            hint="a NetBox holds one estate in one set of ranges; use another NetBox for the other",
        )
