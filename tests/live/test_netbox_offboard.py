"""The way back on a real NetBox: everything goes, numbers are free again, and what is others' is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from netbox_apply import BORNE, Died, Forgetful, Mortal, client, counts, gemeente, onboard, plan, spec_file

from ggi_net.errors import OthersDepend, PlanStale
from ggi_net.onboard.netbox.backend import InNetBox
from ggi_net.onboard.offboard import apply_offboard, load_offboarding, plan_offboard, save_offboarding

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

    from ggi_net.lab.netbox import Instance
    from ggi_net.onboard.offboard import Offboarding
    from ggi_net.source.netbox.client import NetBox


@pytest.fixture
def empty(onboarding_lab: Instance) -> Counter[str]:
    """What NetBox holds before anything is onboarded."""
    return counts(client(onboarding_lab))


def left(before: Counter[str], now: Counter[str]) -> dict[str, int]:
    return {name: now[name] - before[name] for name in now if now[name] != before[name]}


def offboard(netbox: NetBox, slug: str = "borne") -> bool:
    return apply_offboard(plan_offboard(slug, InNetBox(netbox)), InNetBox(netbox))


STAYS = {"providers": 1, "provider_networks": 1, "journal": 1}
"""The provider may serve others; the journal entry is on the federation's tenant."""


def test_everything_goes_and_the_numbers_are_free_again(
    onboarding_lab: Instance, empty: Counter[str], tmp_path: Path
) -> None:
    netbox = client(onboarding_lab)
    onboard(netbox, spec_file(tmp_path))
    there = gemeente(netbox, "borne")
    made = plan_offboard("borne", InNetBox(netbox))
    save_offboarding(made, tmp_path / "off.json")
    made = load_offboarding(tmp_path / "off.json")
    assert {change.ref for change in made.changes} == set(there)
    released = {one.pool: one.numbers for one in made.released}
    assert released["ASN"] == (str(there["gemeente/borne"]["asn"]),)
    assert released["loopbacks"] == there["gemeente/borne/device/ce-borne-01"]["management"]

    assert apply_offboard(made, InNetBox(netbox))

    assert left(empty, counts(netbox)) == STAYS
    (entry,) = netbox.all("extras/journal-entries")
    assert entry["assigned_object"]["slug"] == "federation"
    assert f"- ASN: {there['gemeente/borne']['asn']}" in entry["comments"]
    deleted = netbox.all("core/object-changes", action="delete")
    # With the tenant NetBox itself deletes the journal entry that the onboarding left there.
    ours = [change for change in deleted if change["changed_object_type"] != "extras.journalentry"]
    assert len(ours) == len(deleted) - 1
    assert {change["message"] for change in ours} == {f"offboarding borne, plan {made.digest[:12]}"}
    assert not apply_offboard(made, InNetBox(netbox)), "a second time there is nothing to do"
    assert left(empty, counts(netbox)) == STAYS
    onboard(netbox, spec_file(tmp_path))
    assert gemeente(netbox, "borne") == there


def test_what_people_made_keeps_a_gemeente(onboarding_lab: Instance, tmp_path: Path) -> None:
    netbox = client(onboarding_lab)
    onboard(netbox, spec_file(tmp_path))
    tenant = netbox.get("tenancy/tenants", slug="borne")["results"][0]["id"]
    site = netbox.get("dcim/sites", slug="borne-stadhuis")["results"][0]["id"]
    device = netbox.get("dcim/devices", name="ce-borne-01")["results"][0]["id"]
    vlan = netbox.post("ipam/vlans", {"vid": 20, "name": "camera", "site": site})
    prefix = netbox.post("ipam/prefixes", {"prefix": "192.0.2.0/24", "tenant": tenant})
    port = netbox.post("dcim/interfaces", {"device": device, "name": "eth9", "type": "virtual"})
    before = counts(netbox)
    with pytest.raises(OthersDepend) as refused:
        plan_offboard("borne", InNetBox(netbox))
    assert refused.value.message == (
        "'borne' can't go yet; others have something of it:"
        f"\n  - prefix '192.0.2.0/24' ({prefix['display_url']})"
        f"\n  - VLAN 'camera (20)' ({vlan['display_url']})"
    )
    assert counts(netbox) == before
    netbox.delete(f"ipam/vlans/{vlan['id']}")
    netbox.delete(f"ipam/prefixes/{prefix['id']}")
    made = plan_offboard("borne", InNetBox(netbox))
    assert made.notes == (f"goes along: interface 'eth9' of 'ce-borne-01' ({port['display_url']})",)
    netbox.post("ipam/prefixes", {"prefix": "192.0.2.0/24", "tenant": tenant})
    with pytest.raises(OthersDepend, match="'borne' can't go yet"):
        apply_offboard(made, InNetBox(netbox))
    assert gemeente(netbox, "borne"), "no claim is left"


def test_who_answers_for_anothers_realms_stays(onboarding_lab: Instance, tmp_path: Path) -> None:
    netbox = client(onboarding_lab)
    home = "govroam: {roles: [idp, sp], realms: [borne.example]}\nsites:"
    onboard(
        netbox,
        spec_file(tmp_path, BORNE.replace("sites:", home).replace("size: small", "size: small\n    radius_servers: 1")),
    )
    guest = "govroam: {roles: [], realms: [wierden.example], idp: borne}\nsites:"
    text = BORNE.replace("GM0147", "GM0189").replace("borne", "wierden").replace("sites:", guest)
    onboard(netbox, spec_file(tmp_path, text, "wierden.yml"))
    with pytest.raises(OthersDepend, match=r"it answers for the realms of 'wierden' \(wierden\.example\)"):
        plan_offboard("borne", InNetBox(netbox))
    assert offboard(netbox, "wierden")
    assert offboard(netbox)


def test_a_plan_is_refused_when_the_gemeente_changed(onboarding_lab: Instance, tmp_path: Path) -> None:
    netbox = client(onboarding_lab)
    onboard(netbox, spec_file(tmp_path))
    made = plan_offboard("borne", InNetBox(netbox))
    onboard(netbox, spec_file(tmp_path, BORNE.replace("name: Stadhuis", "name: Raadhuis")))
    with pytest.raises(PlanStale, match="gemeente 'borne' has changed since the plan was made"):
        apply_offboard(made, InNetBox(netbox))


def dies(lab: Instance, made: Offboarding, **when: Any) -> bool:
    netbox = client(lab, Mortal)
    for name, value in when.items():
        setattr(netbox, name, value)
    try:
        apply_offboard(made, InNetBox(netbox))
    except Died:
        return True
    return False


@pytest.mark.parametrize("how", ["after each change", "before each request", "with answers lost"])
def test_killed_anywhere_it_is_completed_by_the_next_run(
    onboarding_lab: Instance, empty: Counter[str], tmp_path: Path, how: str
) -> None:
    netbox: Any = client(onboarding_lab)
    onboard(netbox, spec_file(tmp_path))
    made = plan_offboard("borne", InNetBox(netbox))
    runs, known = 0, {}
    if how == "with answers lost":
        netbox = client(onboarding_lab, Forgetful)
        netbox.lost = frozenset(range(1, 100, 2))
        assert apply_offboard(made, InNetBox(netbox))
        assert netbox.changes > 10
    elif how == "after each change":
        while dies(onboarding_lab, made, after_change=1):
            runs += 1
        assert runs > 10
    else:
        while dies(onboarding_lab, made, before=runs + 1, known=known):
            runs += 1
        assert runs > 10
    assert left(empty, counts(client(onboarding_lab))) == STAYS
    assert plan(client(onboarding_lab), spec_file(tmp_path)).before is None
