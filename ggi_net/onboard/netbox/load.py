"""Writing a file estate to NetBox in bulk: the federation first, then every gemeente."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.onboard.netbox.objects import objects_of
from ggi_net.onboard.netbox.sync import Outcome, sync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ggi_net.model.estate import Estate
    from ggi_net.model.gemeente import Organisation
    from ggi_net.source.netbox.client import NetBox


def load_organisations(
    netbox: NetBox, estate: Estate, organisations: Iterable[Organisation], tick: Callable[[str, int], object]
) -> Outcome:
    """Bring NetBox to what `organisations` of `estate` are; raise NetBoxError or NetBoxLacks."""
    wanted = {one.ref: one for organisation in organisations for one in objects_of(organisation, estate)}
    return sync(netbox, wanted.values(), message=f"ggi netbox load: estate {estate.name}", tick=tick)
