"""Taking back an apply that was begun and can't, or is not to be, completed: the gemeente is as before the plan.

What the apply made carries the mark of the plan's spec; what it changed is set to what the plan says it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.onboard.netbox.claim import FIELD, TENANTS
from ggi_net.onboard.netbox.kinds import KINDS
from ggi_net.onboard.netbox.objects import Ref, objects_of
from ggi_net.onboard.netbox.sync import sync
from ggi_net.source.netbox.tables import CUSTOM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ggi_net.model.estate import Estate
    from ggi_net.onboard.netbox.sync import Outcome
    from ggi_net.onboard.plan import Plan
    from ggi_net.source.netbox.client import NetBox

MARKED = (
    "asn", "site", "vlan_group", "vlan", "prefix", "device", "interface", "address", "circuit", "termination",
)  # fmt: skip
"""The kinds that carry the mark and belong to one gemeente."""


def undo(
    netbox: NetBox, plan: Plan, tenant: int, estate: Estate, message: str, tick: Callable[[str, int], object]
) -> Outcome:
    """Bring the gemeente of `estate`, in which it is as before the plan, back to that; its tenant stays claimed.

    Raises NetBoxError; it can then be done again.
    """
    wanted = objects_of(plan.before, estate) if plan.before else []
    made = list(_made(netbox, plan.result.spec))
    outcome = sync(netbox, wanted, before=made, message=message, tick=tick)
    if plan.before is None:
        _clear(netbox, plan, tenant, message)
    return outcome


def _made(netbox: NetBox, mark: str) -> Iterator[Ref]:
    """What carries the mark. NetBox takes no notice of a filter that it does not know, hence the second look."""
    for kind in MARKED:
        for item in netbox.all(KINDS[kind].path, cf_ggi_spec=mark):
            if item["custom_fields"].get("ggi_spec") == mark:
                yield Ref(kind, KINDS[kind].key_of(item))


def _clear(netbox: NetBox, plan: Plan, tenant: int, message: str) -> None:
    """Remove the tenant that the apply made; of one that was there before only take what is ours."""
    found = netbox.get(f"{TENANTS}/{tenant}")
    if found["custom_fields"][FIELD].get("made"):
        sync(netbox, [], before=[Ref("tenant", (plan.gemeente,))], message=message)
        return
    ours = {name: None for name in found["custom_fields"] if name.startswith(CUSTOM)}
    netbox.patch(f"{TENANTS}/{tenant}", {"custom_fields": ours, "changelog_message": message}, again=True)
