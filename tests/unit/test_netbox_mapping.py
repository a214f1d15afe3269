"""An estate as NetBox objects and back: the two halves of the mapping are each other's inverse."""

import pytest
from netbox_tables import held

from ggi_net.onboard.generate import make_estate
from ggi_net.paths import demo_folder
from ggi_net.source.files import load_estate
from ggi_net.source.netbox.assemble import assemble
from ggi_net.source.netbox.tables import BY_NAME

URL = "https://netbox.example"


@pytest.fixture(scope="module")
def demo():
    return load_estate(demo_folder())


@pytest.fixture
def tables(demo):
    return held(demo)


def same(read, estate):
    assert read.problems == {}
    assert read.estate.federation == estate.federation
    assert read.estate.gemeenten == estate.gemeenten
    assert (read.estate.name, read.estate.ranges) == (estate.name, estate.ranges)
    assert read.estate.standards == estate.standards


def test_the_demo_estate_comes_back_equal(demo, tables):
    same(assemble(tables, URL), demo)


def test_a_generated_estate_comes_back_equal():
    estate = make_estate(25, 7)
    same(assemble(held(estate), URL), estate)


def test_the_host_key_of_a_device_comes_back_equal(demo, tables):
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
    put(tables, "devices", find(tables, "devices", name="ce-almelo-01"), custom_fields={"ggi_host_key": key})
    read = assemble(tables, URL)
    assert read.estate.placed("ce-almelo-01").device.host_key == key
    assert read.estate.placed("ce-losser-01").device.host_key == ""
    same(assemble(held(read.estate), URL), read.estate)


# -- what is broken, and what isn't ours ---------------------------------------------------------------


def find(tables, table, **wanted):
    index = BY_NAME[table].index
    return next(n for n, row in tables[table].items() if all(row[index[name]] == v for name, v in wanted.items()))


def put(tables, table, number, **changes):
    index = BY_NAME[table].index
    row = list(tables[table][number])
    for name, value in changes.items():
        row[index[name]] = {**row[index[name]], **value} if name == "custom_fields" else value
    tables[table][number] = tuple(row)


def problem(tables):
    read = assemble(tables, URL)
    assert {gemeente.slug for gemeente in read.estate.gemeenten} == {"enschede", "losser"}, "the others go on"
    return str(read.problems["almelo"])


def test_a_tenant_of_another_group_is_not_looked_at(demo, tables):
    tables["tenants"][9999] = (9999, "KPN", "kpn", None, {})
    same(assemble(tables, URL), demo)


def test_a_vlan_and_a_device_and_an_interface_without_our_roles_are_not_looked_at(demo, tables):
    site = find(tables, "sites", slug="almelo-stadhuis")
    tables["roles"][9001] = (9001, "printers")
    tables["device_roles"][9002] = (9002, "switch")
    tables["vlans"][9003] = (9003, 77, "printers", "", site, 9001)
    tables["vlans"][9004] = (9004, 78, "unused", "", site, None)
    tables["devices"][9005] = (9005, "sw-1", "", "", 9002, None, site, None, None, {})
    tables["interfaces"][9006] = (9006, "eth9", None, "", find(tables, "devices", name="ce-almelo-01"), None, None, {})
    same(assemble(tables, URL), demo)


@pytest.mark.parametrize(
    ("table", "which", "changes", "text"),
    [
        (
            "devices",
            {"name": "ce-almelo-01"},
            {"name": "CE Almelo 1"},
            "the value of name of 'CE Almelo 1' on device 'CE Almelo 1' can't be used",
        ),
        (
            "tenants",
            {"slug": "almelo"},
            {"custom_fields": {"ggi_code": None}},
            "the value of code (not set) on tenant 'Almelo' can't be used",
        ),
        (
            "tenants",
            {"slug": "almelo"},
            {"custom_fields": {"ggi_standard": "../../etc"}},
            "the value of standard of '../../etc' on tenant 'Almelo' can't be used",
        ),
        ("tenants", {"slug": "almelo"}, {"custom_fields": {"ggi_standard": "1999.1"}}, "no standard '1999.1'"),
        (
            "tenants",
            {"slug": "almelo"},
            {"custom_fields": {"ggi_options": {"ce.colour": "red"}}},
            "standard 2026.1 declares no option 'ce.colour'",
        ),
        (
            "tenants",
            {"slug": "almelo"},
            {"custom_fields": {"ggi_apply": {"plan": "x"}}},
            "an onboarding of it has not been completed, so its data is half old and half new",
        ),
        (
            "interfaces",
            {"name": "eth0.100"},
            {"parent": None},
            "link 'almelo-01-asd': its sub-interfaces on one side are not all below one port",
        ),
        (
            "interfaces",
            {"name": "eth0.100"},
            {"name": "eth0.x"},
            "link 'almelo-01-asd': the names of its two sub-interfaces do not end in the same tag",
        ),
        (
            "interfaces",
            {"name": "eth0.100"},
            {"vrf": None},
            "link 'almelo-01-asd': a termination without a side (hub or spoke), without a VRF",
        ),
    ],
)
def test_a_broken_gemeente_is_left_out_with_its_reason(tables, table, which, changes, text):
    device = find(tables, "devices", name="ce-almelo-01")
    number = find(tables, table, **which, **({"device": device} if table == "interfaces" else {}))
    put(tables, table, number, **changes)
    said = problem(tables)
    assert text in said
    assert f"{URL}/" in said, "where in NetBox"


def test_link_addresses_that_do_not_fit_are_named(tables):
    core = find(tables, "devices", name="core-asd-01")
    side = find(tables, "interfaces", name="eth1.103", device=core)
    number = find(tables, "addresses", assigned_object=side)
    address = tables["addresses"].pop(number)[1]
    assert "the core does not have" in problem(tables)
    assert address in problem(tables)


def test_a_control_character_of_netbox_does_not_reach_a_terminal(tables):
    put(tables, "devices", find(tables, "devices", name="ce-almelo-01"), description="x\x1b[2J\nsystem")
    assert "\x1b" not in problem(tables)


def test_two_own_asns_are_refused(tables):
    tables["asns"][9001] = (
        9001,
        4200900999,
        find(tables, "tenants", slug="almelo"),
        find(tables, "roles", slug="ggi-asn"),
    )
    assert "it has 2 ASNs with role ggi-asn; one is its own" in problem(tables)
