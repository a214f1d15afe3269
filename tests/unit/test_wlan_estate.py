"""Access points and WLAN controllers in an estate: what is rendered and what is found; to NetBox and back; drift."""

from __future__ import annotations

import shutil
from dataclasses import replace as with_fields

import pytest
from msgspec.structs import replace
from netbox_tables import held
from wlan_estate import DEVICES, write_wlan_estate

from ggi_net.config.compare import Kind, differences
from ggi_net.config.ruleset import load_rules
from ggi_net.config.statement import Reader
from ggi_net.errors import RenderError
from ggi_net.model.network import Port, PortKind
from ggi_net.model.waves import partners_of, waves
from ggi_net.paths import demo_folder
from ggi_net.render.device import render_device, view_of
from ggi_net.source.files import load_estate
from ggi_net.source.netbox.assemble import assemble
from ggi_net.source.validate import validate

CONTROLLER, WERF, ZUID = DEVICES


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_wlan_estate(tmp_path_factory.mktemp("wlan") / "estate")


@pytest.fixture(scope="module")
def estate(folder):
    return load_estate(folder)


def with_device(estate, name, **changes):
    """The estate with fields of one device changed."""
    placed = estate.placed(name)

    def site(found):
        devices = (replace(d, **changes) if d.name == name else d for d in found.devices)
        return replace(found, devices=tuple(devices))

    return with_gemeente(estate, placed.organisation.slug, sites=tuple(map(site, placed.organisation.sites)))


def with_gemeente(estate, slug, **changes):
    gemeenten = (replace(g, **changes) if g.slug == slug else g for g in estate.gemeenten)
    return with_fields(estate, gemeenten=tuple(gemeenten))


def view(estate, name=WERF):
    return view_of(estate, estate.placed(name))


# -- the view ------------------------------------------------------------------------------------------


def test_visitors_log_in_at_the_servers_of_their_gemeente_over_ipv6_where_all_have_it(estate):
    found = view(estate)
    assert [(server.name, server.address) for server in found.servers] == [("radius-almelo-01", "2001:db8:c000::10")]
    assert found.own_address == "2001:db8:c000:100::20"
    over_ipv4 = view(estate, ZUID)
    assert [server.address for server in over_ipv4.servers] == ["198.19.0.74"]
    assert over_ipv4.own_address == "198.19.0.110"


def test_the_second_server_takes_over_from_the_first(estate):
    stadhuis = estate.gemeente("almelo").sites[0]
    first = estate.placed("radius-almelo-01").device
    second = replace(first, name="radius-almelo-02", serial="", management=("2001:db8:c000::11/64",))
    sites = (replace(stadhuis, devices=(*stadhuis.devices, second)), *estate.gemeente("almelo").sites[1:])
    both = with_gemeente(estate, "almelo", sites=sites)
    text = next(a.text for a in render_device(both, both.placed(WERF)) if a.file == "hostapd-5ghz.conf")
    asked = [line.partition("=")[2] for line in text.splitlines() if line.startswith("auth_server_addr=")]
    assert asked == ["2001:db8:c000::10", "2001:db8:c000::11"]


@pytest.mark.parametrize("name", DEVICES)
def test_it_has_the_secret_by_which_the_radius_server_knows_its_site(estate, name):
    own = view(estate, name)
    for server in own.servers:
        found = [c for c in view(estate, server.name).access_points if c.site == own.site]
        assert {client.secret for client in found} == {own.radius_secret}
        assert {client.vlan for client in found} == {own.visitor_vlan}


def test_it_speaks_with_nobody_but_who_manages_it_and_whom_it_asks(estate):
    found = view(estate)
    assert {rule.ports for rule in found.inbound} == {"22", "161"}
    [radius] = [rule for rule in found.outbound if "1812" in rule.ports]
    assert radius.addresses == "2001:db8:c000::10"


def test_the_access_points_change_nothing_for_the_devices_that_were_there(estate):
    demo = load_estate(demo_folder())
    for name in demo.devices:
        assert render_device(estate, estate.placed(name)) == render_device(demo, demo.placed(name)), name


def test_access_points_and_controllers_are_pushed_one_by_one_at_a_site(estate):
    second = replace(estate.placed(WERF).device, name="ap-almelo-werf-02")
    werf = replace(estate.placed(WERF).site, devices=(*estate.placed(WERF).site.devices, second))
    two = with_gemeente(estate, "almelo", sites=(estate.gemeente("almelo").sites[0], werf))
    assert partners_of(two)[WERF] == {"ap-almelo-werf-02"}
    assert all({WERF, "ap-almelo-werf-02"} - set(names) for names in waves(two).values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: with_gemeente(e, "almelo", govroam=replace(e.gemeente("almelo").govroam, roles=())), "no visited"),
        (lambda e: with_device(e, WERF, management=()), "no management address"),
        (lambda e: with_device(e, "radius-almelo-01", management=("198.19.0.10/27",)), ""),
        (
            lambda e: with_device(
                with_device(e, "radius-almelo-01", management=("198.19.0.10/27",)),
                WERF,
                management=("2001:db8:c000:100::20/64",),
            ),
            "no address family in common",
        ),
        (
            lambda e: with_device(
                e,
                WERF,
                ports=(
                    Port(name="eth0", kind=PortKind.LAN),
                    Port(name="wlan0", kind=PortKind.RADIO_5GHZ),
                    Port(name="wlan1", kind=PortKind.RADIO_5GHZ),
                ),
            ),
            "wlan0 and wlan1 are radios of one band",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(estate, change, message):
    changed = change(estate)
    if not message:
        assert view(changed).servers[0].address == "198.19.0.10", "over IPv4 then"
        return
    with pytest.raises(RenderError, match=message):
        view(changed)


# -- what is found in the files ------------------------------------------------------------------------


def test_the_estate_has_no_findings(folder):
    assert validate(folder)[1] == []


@pytest.mark.parametrize(
    ("gemeente", "old", "new", "message"),
    [
        ("almelo", "roles: [idp, sp]", "roles: [idp]", f"{CONTROLLER} is there for visitors, but almelo is no visited"),
        (
            "almelo",
            '{vid: 340, name: govroam, zone: govroam, prefixes: ["2001:db8:a000:100::/64", 198.18.128.128/26]}',
            '{vid: 101, name: more, zone: office, prefixes: ["2001:db8:8000:101::/64"]}',
            f"{WERF} is there for visitors, but site werf has no VLAN in zone govroam",
        ),
        ("enschede", "          - {name: wlp2s0, kind: radio-5ghz}\n", "", f"{ZUID} has no radio"),
        ("almelo", "kind: radio-2ghz", "kind: radio-5ghz", f"2 ports of {WERF} are of kind radio-5ghz"),
        ("almelo", "198.19.0.40/28", "198.19.0.50/28", f"198.19.0.50/28 of {WERF} lies in no mgmt VLAN of its site"),
        ("almelo", "198.19.0.40/28", "198.19.0.33/28", f"198.19.0.33/28 of {WERF} is the gateway's"),
    ],
)
def test_what_is_wrong_is_found(folder, tmp_path, gemeente, old, new, message):
    shutil.copytree(folder, tmp_path / "estate")
    path = tmp_path / "estate" / "gemeenten" / f"{gemeente}.yml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    found = validate(tmp_path / "estate")[1]
    assert any(message in finding.message for finding in found), found


# -- NetBox --------------------------------------------------------------------------------------------


def test_it_comes_back_equal_from_netbox(estate):
    read = assemble(held(estate), "https://netbox.example")
    assert read.problems == {}
    assert read.estate.gemeenten == estate.gemeenten


# -- drift ---------------------------------------------------------------------------------------------


def drift(intended, running, file):
    rules = load_rules("hostapd").of(file)
    reader = Reader(rules, b"k" * 32)
    meant = reader.intended(intended, file)
    return differences(meant, reader.running(running, file, meant), rules, file)


def test_a_line_that_somebody_changed_on_the_access_point_is_drift(estate):
    text = next(a.text for a in render_device(estate, estate.placed(WERF)) if a.file == "hostapd-2ghz.conf")
    assert drift(text, text, "hostapd-2ghz.conf") == []
    assert drift(text, text.replace("ssid=govroam", "ssid=gratis"), "hostapd-2ghz.conf")
    assert drift(text, text.replace("ieee80211w=1", "ieee80211w=0"), "hostapd-2ghz.conf")


def test_another_secret_is_drift_that_does_not_show_it(estate):
    text = next(a.text for a in render_device(estate, estate.placed(WERF)) if a.file == "hostapd-2ghz.conf")
    own = text.replace("secret://almelo/radius/ap-werf", "geheim-1")
    found = drift(own, own.replace("geheim-1", "geheim-2"), "hostapd-2ghz.conf")
    assert {one.kind for one in found} == {Kind.SECRET}
    assert "geheim" not in repr(found)
