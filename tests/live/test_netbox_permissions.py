"""Least privilege: reading and onboarding with the permissions that are printed, and no others."""

from __future__ import annotations

import pytest
from netbox_apply import client, gemeente, onboard, plan, spec_file

from ggi_net.errors import NetBoxError, RightMissing
from ggi_net.onboard.netbox.backend import InNetBox
from ggi_net.onboard.netbox.branch import BRANCHES, Branches, merge_plan
from ggi_net.onboard.netbox.permissions import READ, permissions
from ggi_net.onboard.offboard import apply_offboard, plan_offboard
from ggi_net.source.netbox.assemble import assemble
from ggi_net.source.netbox.client import NetBox
from ggi_net.source.netbox.read import WAYS, read
from ggi_net.source.netbox.settings import Settings


@pytest.fixture
def tokens(onboarding_lab):
    """Clients of a user that may read and of one that may onboard, with the permissions as they are printed."""
    admin = client(onboarding_lab)
    made = admin.post("users/permissions", [one.payload() for one in permissions(branches=True)])
    clients = {}
    for name, chosen in (("reader", [one for one in made if one["name"] == READ]), ("engineer", made)):
        user = admin.post("users/users", {"username": name, "password": "Not-used-1234567"})["id"]
        for one in chosen:
            known = [found["id"] for found in admin.get(f"users/permissions/{one['id']}")["users"]]
            admin.patch(f"users/permissions/{one['id']}", {"users": [*known, user]})
        token = admin.post("users/tokens", {"user": user, "version": 2, "write_enabled": name == "engineer"})
        clients[name] = NetBox(Settings(onboarding_lab.url, f"nbt_{token['key']}.{token['token']}"))
    return clients


def test_a_reader_reads_by_every_way_what_an_administrator_reads(onboarding_lab, tokens):
    whole = read(client(onboarding_lab)).tables
    for way in WAYS:
        assert read(tokens["reader"], way=way).tables == whole, way


def test_a_reader_changes_nothing(tokens, tmp_path):
    with pytest.raises(RightMissing):
        onboard(tokens["reader"], spec_file(tmp_path))


def test_an_engineer_onboards_with_those_permissions_alone(onboarding_lab, tokens, tmp_path):
    became = onboard(tokens["engineer"], spec_file(tmp_path))
    assert gemeente(client(onboarding_lab), became.slug)
    assert assemble(read(tokens["engineer"]).tables, onboarding_lab.url).estate.by_slug[became.slug] == became


def test_an_engineer_offboards_with_them_too(onboarding_lab, tokens, tmp_path):
    onboard(tokens["engineer"], spec_file(tmp_path))
    before = InNetBox(tokens["engineer"])
    assert apply_offboard(plan_offboard("borne", before), before)
    assert not client(onboarding_lab).all("tenancy/tenants", slug="borne")


def test_an_engineer_writes_a_branch_and_merges_it(onboarding_lab, tokens, tmp_path):
    engineer = tokens["engineer"]
    planned = Branches(InNetBox(engineer)).write(plan(engineer, spec_file(tmp_path)), "")
    assert merge_plan(planned, InNetBox(engineer), print) is not None
    assert gemeente(client(onboarding_lab), "borne")
    engineer.delete(f"{BRANCHES}/{planned.branch.id}")


def test_an_engineer_can_not_touch_the_federation_the_contract_or_others(onboarding_lab, tokens):
    admin, engineer = client(onboarding_lab), tokens["engineer"]
    other = admin.post("tenancy/tenants", {"name": "Waterschap", "slug": "waterschap"})["id"]
    core = admin.all("dcim/devices", name="core-asd-01")[0]["id"]
    eth0 = admin.all("dcim/interfaces", device_id=core, name="eth0")[0]["id"]
    pool = admin.all("ipam/prefixes", role="ggi-pool")[0]["id"]
    role = admin.all("ipam/roles", slug="office")[0]["id"]
    for path in (
        f"tenancy/tenants/{other}",
        f"dcim/devices/{core}",
        f"dcim/interfaces/{eth0}",
        f"ipam/prefixes/{pool}",
        f"ipam/roles/{role}",
    ):
        with pytest.raises(NetBoxError):
            engineer.patch(path, {"description": "mine now"})
        with pytest.raises(NetBoxError):
            engineer.delete(path)
        assert admin.get(path)["description"] != "mine now"
    with pytest.raises(NetBoxError):
        engineer.post("ipam/prefixes", {"prefix": "10.0.0.0/24", "tenant": other})
