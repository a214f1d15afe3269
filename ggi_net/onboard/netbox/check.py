"""Whether NetBox still holds what the contract asks: what is missing, and what was changed by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.onboard.netbox.contract import objects_of_contract, record
from ggi_net.onboard.netbox.init import followed
from ggi_net.onboard.netbox.sync import compare
from ggi_net.paths import standards_folder
from ggi_net.source.standard import load_standard

if TYPE_CHECKING:
    from ggi_net.onboard.netbox.contract import Contract
    from ggi_net.onboard.netbox.sync import Mismatch
    from ggi_net.source.netbox.client import NetBox


def check_contract(netbox: NetBox, contract: Contract) -> list[Mismatch]:
    """What of `contract`, for the ranges and standards that NetBox was set up with, it lacks or has otherwise.

    Raises ContractMissing, -Newer or -Other when NetBox does not follow this version of it, and NetBoxError.
    """
    found = followed(netbox, contract)
    standards = [load_standard(standards_folder() / version) for version in found.standards]
    return compare(
        netbox, [*objects_of_contract(contract, standards, found.ranges), record(contract, standards, found.ranges)]
    )
