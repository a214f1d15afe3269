"""Onboarding in a real NetBox: plan, apply, apply again, change, and several at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from netbox_apply import BORNE, apply, client, counts, gemeente, onboard, plan, spec_file

from ggi_net.errors import AnothersObject, ApplyClaimed, OthersDepend, PlanStale
from ggi_net.onboard.apply import apply_plan, plan_spec
from ggi_net.onboard.backend import Files
from ggi_net.onboard.netbox.backend import InNetBox
from ggi_net.onboard.objects import objects
from ggi_net.onboard.plan import save_plan, spec_id
from ggi_net.onboard.spec import load_spec
from ggi_net.paths import data_folder, demo_folder

if TYPE_CHECKING:
    from pathlib import Path

    from ggi_net.lab.netbox import Instance
    from ggi_net.source.netbox.client import NetBox

HENGELO = data_folder() / "inventory" / "specs" / "hengelo.yml"
TENANTS = "tenancy/tenants"

APPLY = """
import sys
from pathlib import Path
from ggi_net.errors import GgiError
from ggi_net.onboard.apply import apply_plan
from ggi_net.onboard.netbox.backend import InNetBox
from ggi_net.onboard.plan import load_plan
from ggi_net.source.netbox.client import NetBox
from ggi_net.source.netbox.settings import Settings
netbox = NetBox(Settings(sys.argv[1], sys.stdin.read()))
try:
    apply_plan(load_plan(Path(sys.argv[2])), InNetBox(netbox, say=print))
except GgiError as error:
    sys.exit(str(error))
"""


def another(code: str, slug: str, folder: Path, old: str = "borne", **changes: str) -> Any:
    text = BORNE.replace("GM0147", code).replace(old, slug)
    for found, new in changes.items():
        text = text.replace(found, new)
    return spec_file(folder, text, f"{slug}.yml")


def one(netbox: NetBox, path: str, **query: Any) -> dict[str, Any]:
    (found,) = netbox.get(path, **query)["results"]
    return dict(found)


def make(netbox: NetBox, path: str, **fields: Any) -> dict[str, Any]:
    return dict(netbox.post(path, fields))


# -- once, and again -------------------------------------------------------------------------------------


def test_netbox_becomes_what_files_become(onboarding_lab: Instance, tmp_path: Path) -> None:
    spec = load_spec(HENGELO)
    folder = tmp_path / "estate"
    shutil.copytree(demo_folder(), folder, ignore=shutil.ignore_patterns("gemeenten"))
    (folder / "gemeenten").mkdir()
    apply_plan(plan_spec(spec, Files(folder)), Files(folder))
    netbox = client(onboarding_lab)

    backend = InNetBox(netbox)
    made = plan_spec(spec, backend)
    assert apply_plan(made, backend)

    assert gemeente(netbox, "hengelo") == objects(Files(folder).read().by_slug["hengelo"])
    assert backend.moved == {}
    kept = {found["description"] for found in netbox.all("ipam/prefixes", role="ggi-reserved", tenant="hengelo")}
    assert {"kept for hengelo, office", "kept for hengelo, zwembad, govroam"} <= kept, "said as a load says it"
    assert backend.page == f"{netbox.url}/tenancy/tenants/{one(netbox, TENANTS, slug='hengelo')['id']}/"
    before = counts(netbox)
    assert apply(netbox, made) is None, "applied again it changes nothing"
    assert plan(netbox, spec).changes == ()
    assert counts(netbox) == before


def test_all_that_is_made_carries_the_spec_and_a_message(onboarding_lab: Instance, tmp_path: Path) -> None:
    netbox = client(onboarding_lab)
    last = netbox.get("core/object-changes", ordering="-id", limit=1)["results"][0]["id"]
    spec = spec_file(tmp_path)
    onboard(netbox, spec)

    changes = netbox.all("core/object-changes", id__gt=last)
    assert len(changes) > 60
    mark = spec_id(spec.spec)
    first = f"onboarding borne, spec {mark}, plan "
    assert [c for c in changes if not c["message"].startswith(("onboarding borne: plan", first))] == []
    created = [c for c in changes if c["action"]["value"] == "create"]
    unmarked = {
        c["changed_object_type"]
        for c in created
        if c["postchange_data"].get("custom_fields", {}).get("ggi_spec") != mark
    }
    # The tenant is marked when it is written; a journal entry has no custom fields of ours, and names the spec.
    assert unmarked == {"tenancy.tenant", "extras.journalentry"}
    assert one(netbox, TENANTS, slug="borne")["custom_fields"]["ggi_spec"] == mark
    (entry,) = netbox.all("extras/journal-entries")
    assert f"spec `{mark}`" in entry["comments"]


def test_a_number_that_people_took_comes_out_otherwise(onboarding_lab: Instance, tmp_path: Path) -> None:
    """What isn't of the estate, such as a prefix made by hand, is seen by NetBox's pools and not by the plan."""
    netbox = client(onboarding_lab)
    made = plan(netbox, spec_file(tmp_path))
    ref = "gemeente/borne/site/stadhuis/vlan/office/4"
    make(netbox, "ipam/prefixes", prefix=made.numbers[ref], status="reserved")
    make(netbox, "ipam/asns", asn=int(made.numbers["gemeente/borne"]), rir=one(netbox, "ipam/rirs", slug="ggi")["id"])

    backend = InNetBox(netbox)
    became = apply_plan(made, backend)
    assert set(backend.moved) == {"gemeente/borne", ref}
    assert backend.moved["gemeente/borne"] == (made.numbers["gemeente/borne"], str(became.asn))
    assert became.asn == int(made.numbers["gemeente/borne"]) + 1
    (entry,) = netbox.all("extras/journal-entries")
    assert f"- gemeente/borne: planned {made.numbers['gemeente/borne']}, became {became.asn}" in entry["comments"]
    assert plan(netbox, spec_file(tmp_path)).changes == ()


def test_a_tenant_that_was_there_before_is_taken_as_it_is(onboarding_lab: Instance, tmp_path: Path) -> None:
    netbox = client(onboarding_lab)
    there = make(netbox, TENANTS, name="Borne", slug="borne", description="from the CRM")
    onboard(netbox, spec_file(tmp_path))
    now = one(netbox, TENANTS, slug="borne")
    assert (now["id"], now["description"]) == (there["id"], "from the CRM")


def test_a_tenant_of_another_group_is_left_alone(onboarding_lab: Instance, tmp_path: Path) -> None:
    netbox = client(onboarding_lab)
    made = plan(netbox, spec_file(tmp_path))
    group = make(netbox, "tenancy/tenant-groups", name="Customers", slug="customers")
    there = make(netbox, TENANTS, name="Borne", slug="borne", group=group["id"])
    before = counts(netbox)
    with pytest.raises(AnothersObject, match="the tenant 'borne' is in group 'customers', not 'gemeenten'"):
        apply(netbox, made)
    assert counts(netbox) == before
    assert one(netbox, TENANTS, slug="borne")["last_updated"] == there["last_updated"]


# -- several at once -------------------------------------------------------------------------------------


def start(lab: Instance, path: Path, folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "GGI_STATE": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-c", APPLY, lab.url, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    process.stdin.write(lab.token)
    process.stdin.close()
    process.stdin = None
    return process


@pytest.mark.parametrize("slugs", [("borne", "wierden"), ("borne", "wierden", "oldenzaal", "haaksbergen")])
def test_gemeenten_at_once_never_share_a_number(
    onboarding_lab: Instance, tmp_path: Path, slugs: tuple[str, ...]
) -> None:
    """All plans foresee the same numbers; each apply is a process with a state folder of its own, as on machines."""
    codes = {"borne": "GM0147", "wierden": "GM0189", "oldenzaal": "GM0173", "haaksbergen": "GM0158"}
    netbox = client(onboarding_lab)
    running = []
    for slug in slugs:
        made = plan(netbox, another(codes[slug], slug, tmp_path))
        assert made.numbers[f"gemeente/{slug}"] == "4200900001"
        save_plan(made, tmp_path / f"{slug}.json")
        running.append(start(onboarding_lab, tmp_path / f"{slug}.json", tmp_path / slug))
    assert [process.communicate(timeout=900)[1] for process in running] == [""] * len(slugs)

    found = {slug: gemeente(netbox, slug) for slug in slugs}
    assert len({one[f"gemeente/{slug}"]["asn"] for slug, one in found.items()}) == len(slugs)
    prefixes = [item["prefix"] for item in netbox.all("ipam/prefixes")]
    assert len(prefixes) == len(set(prefixes))
    addresses = [item["address"] for item in netbox.all("ipam/ip-addresses")]
    assert len(addresses) == len(set(addresses))
    tags = [(item["device"]["name"], item["name"]) for item in netbox.all("dcim/interfaces")]
    assert len(tags) == len(set(tags))
    assert netbox.count("extras/journal-entries") == len(slugs)
    for slug in slugs:
        assert plan(netbox, another(codes[slug], slug, tmp_path)).changes == ()


def test_the_same_plan_twice_at_once_is_made_once(onboarding_lab: Instance, tmp_path: Path) -> None:
    netbox = client(onboarding_lab)
    save_plan(plan(netbox, spec_file(tmp_path)), tmp_path / "plan.json")
    both = [start(onboarding_lab, tmp_path / "plan.json", tmp_path / "state") for _ in range(2)]
    said = sorted(process.communicate(timeout=900) for process in both)
    assert [process.returncode for process in both] == [0, 0], said
    assert [out for out, _ in said] == ["", "waiting for another change of 'borne' on this machine\n"]
    assert netbox.count("extras/journal-entries") == 1
    assert gemeente(netbox, "borne")


def test_a_claim_of_somebody_else_is_respected(onboarding_lab: Instance, tmp_path: Path) -> None:
    netbox = client(onboarding_lab)
    made = plan(netbox, spec_file(tmp_path))
    group = one(netbox, "tenancy/tenant-groups", slug="gemeenten")["id"]
    claim = {"plan": made.digest, "by": "ans@beheer1", "since": "2026-11-23T21:00:00+00:00"}
    there = make(netbox, TENANTS, name="Borne", slug="borne", group=group, custom_fields={"ggi_apply": claim})
    with pytest.raises(ApplyClaimed) as refused:
        apply(netbox, made)
    assert str(refused.value) == (
        f"GGI1105 {netbox.url}/tenancy/tenants/{there['id']}/: this plan is being applied by somebody else: "
        "ans@beheer1 began at 2026-11-23T21:00:00+00:00\\n  hint: wait for it; when it is certain that it died, go on "
        "from here with --take-over"
    ).replace("\\n", "\n")
    other = plan(netbox, another("GM0189", "wierden", tmp_path))
    assert apply(netbox, other), "another gemeente has nothing to do with it"
    assert apply(netbox, made, take_over=True)


def test_another_plan_of_the_same_gemeente_waits(onboarding_lab: Instance, tmp_path: Path) -> None:
    netbox = client(onboarding_lab)
    made = plan(netbox, spec_file(tmp_path))
    group = one(netbox, "tenancy/tenant-groups", slug="gemeenten")["id"]
    claim = {"plan": "f" * 64, "by": "ans@beheer1", "since": "2026-11-23T21:00:00+00:00"}
    make(netbox, TENANTS, name="Borne", slug="borne", group=group, custom_fields={"ggi_apply": claim})
    with pytest.raises(ApplyClaimed, match="another plan for 'borne' is being applied, or was not completed: ans@"):
        apply(netbox, made)


def test_two_gemeenten_never_get_the_same_realm(onboarding_lab: Instance, tmp_path: Path) -> None:
    """Both plans were good when they were made; the one that comes second is refused, and leaves nothing behind."""
    realm = {
        "sites:": "govroam: {roles: [idp], realms: [twente.example]}\nsites:",
        "size: small": "size: small\n    radius_servers: 1",
    }
    netbox = client(onboarding_lab)
    first = plan(netbox, another("GM0147", "borne", tmp_path, **realm))
    second = plan(netbox, another("GM0189", "wierden", tmp_path, **realm))
    group = one(netbox, "tenancy/tenant-groups", slug="gemeenten")["id"]
    claim = {"plan": first.digest, "by": "ans@beheer1", "takes": {"realm": ["twente.example"]}}
    make(netbox, TENANTS, name="Borne", slug="borne", group=group, custom_fields={"ggi_apply": claim})
    before = counts(netbox)
    words = "the plan no longer fits: realm 'twente.example' is being given to 'borne' at this moment"
    with pytest.raises(PlanStale, match=words):
        apply(netbox, second)
    assert counts(netbox) == before
    assert apply(netbox, first, take_over=True)
    with pytest.raises(PlanStale, match=r"the plan no longer fits: realm 'twente\.example' is claimed by 'borne'"):
        apply(netbox, second)


# -- a plan and the state that it was made from ----------------------------------------------------------


def test_a_plan_is_refused_when_the_gemeente_changed(onboarding_lab: Instance, tmp_path: Path) -> None:
    netbox = client(onboarding_lab)
    onboard(netbox, spec_file(tmp_path))
    made = plan(netbox, spec_file(tmp_path, BORNE.replace("name: Stadhuis", "name: Raadhuis")))
    device = one(netbox, "dcim/devices", name="ce-borne-01")
    netbox.patch(f"dcim/devices/{device['id']}", {"serial": "ANOTHER-1"})
    with pytest.raises(PlanStale, match="gemeente 'borne' has changed since the plan was made"):
        apply(netbox, made)


def test_a_plan_holds_when_something_else_changed(onboarding_lab: Instance, tmp_path: Path) -> None:
    netbox = client(onboarding_lab)
    made = plan(netbox, spec_file(tmp_path))
    onboard(netbox, another("GM0189", "wierden", tmp_path))
    core = one(netbox, "dcim/devices", name="core-asd-01")
    netbox.patch(f"dcim/devices/{core['id']}", {"comments": "a new line card"})
    assert apply(netbox, made)


def test_a_plan_is_refused_when_its_core_changed(onboarding_lab: Instance, tmp_path: Path) -> None:
    netbox = client(onboarding_lab)
    made = plan(netbox, spec_file(tmp_path))
    ports = netbox.all("dcim/interfaces", device="core-asd-01", cf_ggi_kind="access")
    netbox.patch(f"dcim/interfaces/{ports[0]['id']}", {"name": "eth77"})
    with pytest.raises(PlanStale, match="core 'core-asd-01' has changed since the plan was made"):
        apply(netbox, made)


# -- a changed spec --------------------------------------------------------------------------------------

LARGER = """\
code: GM0147
domain: borne.example
options: {govroam.port_policy: filtered}
sites:
  - slug: stadhuis
    name: Raadhuis
    main: true
    size: small
    gateways:
      - {provider: Twentse Glasvezel BV, serial: B-0001}
  - slug: werf
    name: Werf
    size: small
    gateways:
      - {provider: Twentse Glasvezel BV}
"""


def test_a_changed_spec_changes_the_difference_and_keeps_what_people_made(
    onboarding_lab: Instance, tmp_path: Path
) -> None:
    netbox = client(onboarding_lab)
    onboard(netbox, spec_file(tmp_path))
    before = gemeente(netbox, "borne")
    tenant = one(netbox, TENANTS, slug="borne")["id"]
    site = one(netbox, "dcim/sites", slug="borne-stadhuis")["id"]
    group = one(netbox, "ipam/vlan-groups", slug="borne-stadhuis")["id"]
    device = one(netbox, "dcim/devices", name="ce-borne-01")
    role = make(netbox, "dcim/device-roles", name="Access point", slug="ap")["id"]
    kept = {
        "ipam/vlans": make(netbox, "ipam/vlans", vid=20, name="camera", site=site, group=group, tenant=tenant),
        "dcim/devices": make(
            netbox, "dcim/devices", name="ap-1", role=role, device_type=device["device_type"]["id"], site=site
        ),
        "ipam/asns": make(
            netbox, "ipam/asns", asn=64512, rir=one(netbox, "ipam/rirs", slug="ggi")["id"], tenant=tenant
        ),
        "dcim/interfaces": make(netbox, "dcim/interfaces", device=device["id"], name="eth9", type="virtual"),
        "ipam/ip-addresses": make(netbox, "ipam/ip-addresses", address="192.0.2.9/24", tenant=tenant),
    }
    netbox.patch(f"dcim/devices/{device['id']}", {"description": "in the cellar", "status": "staged", "asset_tag": "7"})
    netbox.patch(f"dcim/sites/{site}", {"status": "planned", "facility": "B2", "custom_fields": {"ggi_city": "Borne"}})
    netbox.patch(f"{TENANTS}/{tenant}", {"description": "call Ans first"})

    spec = spec_file(tmp_path, LARGER)
    made = plan(netbox, spec)
    assert {(c.action.value, c.ref) for c in made.changes if c.action.value == "update"} == {
        ("update", "gemeente/borne"),
        ("update", "gemeente/borne/site/stadhuis"),
        ("update", "gemeente/borne/device/ce-borne-01"),
    }
    assert not [c for c in made.changes if c.action.value == "delete"]
    assert apply(netbox, made)

    after = gemeente(netbox, "borne")
    assert after["gemeente/borne"]["asn"] == before["gemeente/borne"]["asn"]
    assert after["gemeente/borne/site/stadhuis"] | {"name": "Stadhuis"} == (
        before["gemeente/borne/site/stadhuis"] | {"city": "Borne"}
    )
    assert after["gemeente/borne/device/ce-borne-01"]["description"] == "in the cellar"
    assert before.keys() < after.keys()
    for path, there in kept.items():
        now = netbox.get(f"{path}/{there['id']}")
        assert now["last_updated"] == there["last_updated"], path
    now = netbox.get(f"dcim/devices/{device['id']}")
    assert (now["status"]["value"], now["asset_tag"], now["serial"]) == ("staged", "7", "B-0001")
    now = netbox.get(f"dcim/sites/{site}")
    assert (now["status"]["value"], now["facility"]) == ("planned", "B2")
    assert netbox.get(f"{TENANTS}/{tenant}")["description"] == "call Ans first"
    assert plan(netbox, spec).changes == ()
    assert netbox.count("extras/journal-entries") == 2


def test_a_site_is_removed_with_all_that_was_made_for_it(onboarding_lab: Instance, tmp_path: Path) -> None:
    netbox = client(onboarding_lab)
    onboard(netbox, spec_file(tmp_path))
    small = counts(netbox)
    onboard(netbox, spec_file(tmp_path, LARGER))
    onboard(netbox, spec_file(tmp_path, BORNE + "remove: {sites: [werf]}\n"))
    assert "gemeente/borne/site/werf" not in gemeente(netbox, "borne")
    assert counts(netbox) - small == {"journal": 2}
    assert small - counts(netbox) == {}


def test_a_site_with_something_of_others_stays(onboarding_lab: Instance, tmp_path: Path) -> None:
    netbox = client(onboarding_lab)
    onboard(netbox, spec_file(tmp_path, LARGER))
    site = one(netbox, "dcim/sites", slug="borne-werf")["id"]
    camera = make(netbox, "ipam/vlans", vid=20, name="camera", site=site)
    before = counts(netbox)
    made = plan(netbox, spec_file(tmp_path, BORNE + "remove: {sites: [werf]}\n"))
    with pytest.raises(OthersDepend) as refused:
        apply(netbox, made)
    assert refused.value.message == (
        f"site 'werf' can't go yet; others have something there:\n  - VLAN 'camera (20)' ({camera['display_url']})"
    )
    assert counts(netbox) == before
    assert gemeente(netbox, "borne"), "no claim is left"
