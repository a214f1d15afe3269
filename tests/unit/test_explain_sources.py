"""Each printed value leads to a record and field that are written in the files, or says why not.

The devices are those of the demo estate and its WLAN side.
"""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from wlan_estate import wlan_estate

from ggi_net.render.device import render_device
from ggi_net.render.explain import explain, explain_file
from ggi_net.render.sources import SOURCES

FOLDER = tempfile.TemporaryDirectory()
ESTATE = wlan_estate(Path(FOLDER.name) / "estate")

COMPUTED = {
    "a VLAN is a network of its own, so each uses the same VRRP groups (VRRP_GROUP)",
    "any value may pass",
    "its place among the device's uplinks",
    "its place among the standard's VRFs",
    "the TTL that a first proxy gives a request (HOPS)",
    "the attribute's number at IANA (RADIUS Attribute Types)",
    "the first link of a gateway is preferred, each next one 10 less",
    "the longest IPv4 prefix that a gateway takes: a VLAN is never smaller (LONGEST_IPV4)",
    "the one local account, for emergencies",
    "the one monitoring user of all devices",
    "the protocol of what the rule is for",
    "the reference of a secret of the federation as a whole",
    "the virtual link-local address of each VLAN (VRRP_LINK_LOCAL)",
    "the ways across this gateway on which a flow can go",
    "the well-known port of what the rule is for",
    "what fits in an IPsec tunnel over any line (IPSEC_MTU)",
    "what the rule is for, in words",
    "whether a link of the device runs over a line that is not trusted",
    "whether the site has a VLAN in such a zone",
}
"""All that the toolkit decides by itself, in the words with which `ggi explain` says so."""

DEFAULTS = {("port", "mtu"), ("device", "unit")}
"""The fields of the estate that need not be written: kind of record and field."""

TEMPLATES_OWN = {
    '" prefer" if loop.first else ""': "the first of the servers is preferred",
    '"" if loop.first else " && "': "between the parts of a condition",
    '"" if loop.last else " "': "between the items of a list",
    '"" if loop.last else ","': "between the items of a list",
    '"" if loop.last else ", "': "between the items of a list",
    '"" if loop.last else "|"': "between the items of a list",
    '"0.0.0.0/0" if family == 4 else "::/0"': "the default route of each family",
    '"if" if loop.first else "elsif"': "the first of several conditions",
    '"ip" if family == 4 else "ipv6"': "the word of each family",
    "1000 + loop.index * 5": "a sequence number",
    "2000 + loop.index * 5": "a sequence number",
    "command": "the word of each family",
    "direction": "in and out",
    "family": "both families, one after the other",
    "in_vrf": "the VRF that the platform is managed in",
    "ip": "the word of each family",
    "managed_at": "the interface that the platform is managed at",
    "longest": "the length of a whole address of each family",
    "32 if family == 4 else 128": "the length of a whole address of each family",
    "loop.index": "a number in a list",
    "loop.index * 5": "a sequence number",
    "range": "the terminal lines of the platform",
}
"""What a template prints without reading any record: words of the daemon's language, numbers of lines."""


@cache
def values(device):
    return [
        (explanation, value)
        for artifact in render_device(ESTATE, ESTATE.placed(device))
        for explanation in explain_file(ESTATE, device, artifact.file)
        for value in explanation.values
    ]


@cache
def lines(file):
    return Path(file).read_text().splitlines()


@pytest.mark.parametrize("device", ESTATE.devices)
def test_the_field_is_the_key_that_stands_at_the_place(device):
    for explanation, value in values(device):
        if not value.origin or value.note:
            continue
        where = f"{device} {explanation.file}:{explanation.line} {value}"
        assert value.place is not None, where
        written = re.match(
            r'"?([A-Za-z0-9_.-]+)"?:( |$)', lines(value.place.file)[value.place.line - 1][value.place.column - 1 :]
        )
        assert written, where
        assert value.field == written[1] or value.field.endswith(f".{written[1]}"), where


@pytest.mark.parametrize("device", ESTATE.devices)
def test_a_default_is_said_to_be_one_and_stands_at_its_record(device):
    for explanation, value in values(device):
        if value.note == "not written there: its default":
            kind, name = value.origin.split("/")[-2:]
            assert (kind, value.field) in DEFAULTS, f"{explanation} {value}"
            assert value.place is not None
            assert re.search(rf"\bname: {name}\b", lines(value.place.file)[value.place.line - 1]), f"{value}"


def test_what_the_toolkit_decides_itself_is_listed_here():
    notes = {
        v.note.removeprefix("computed by the toolkit: ")
        for d in ESTATE.devices
        for _, v in values(d)
        if v.note and v.origin
    }
    assert notes - {"not written there: its default"} == COMPUTED


def test_what_a_template_prints_of_its_own_is_listed_here():
    found = {value.expression for device in ESTATE.devices for _, value in values(device) if not value.origin}
    assert found - set(TEMPLATES_OWN) == set()
    assert all(v.note for device in ESTATE.devices for _, v in values(device) if not v.origin)


def test_few_values_are_decided_by_the_toolkit():
    counts = defaultdict(int)
    for device in ESTATE.devices:
        for _, value in values(device):
            counts["computed" if value.note.startswith("computed") else "told"] += 1
    assert counts["computed"] * 20 < counts["told"]


def named(device, file, text):
    """The (origin, field) pairs of the first line that holds `text`."""
    artifact = next(a for a in render_device(ESTATE, ESTATE.placed(device)) if a.file == file)
    number = next(n for n, line in enumerate(artifact.text.splitlines(), 1) if text in line)
    return [(value.origin, value.field) for value in explain(ESTATE, device, file, number).values]


LINK = "gemeente/losser/link/losser-01-asd"


@pytest.mark.parametrize(
    ("device", "file", "text", "expected"),
    [
        (
            "ce-losser-01",
            "frr.conf",
            "maximum-prefix 20000",
            [(LINK, "vrfs.datanet.prefixes"), ("standard/2026.1/bgp", "national_prefix_limit.datanet")],
        ),
        (
            "core-asd-01",
            "frr.conf",
            "2001:db8:ff00::4f maximum-prefix",
            [(LINK, "vrfs.datanet.prefixes"), ("standard/2026.1/bgp", "prefix_headroom"), ("gemeente/losser", "sites")],
        ),
        ("ce-losser-01", "frr.conf", "remote-as 4200900000", [(LINK, "vrfs.datanet.prefixes"), ("federation", "asn")]),
        (
            "core-asd-01",
            "frr.conf",
            "remote-as 4200900003",
            [(LINK, "vrfs.datanet.prefixes"), ("gemeente/losser", "asn")],
        ),
        (
            "ce-losser-01",
            "frr.conf",
            "timers bgp 10 30",
            [("standard/2026.1/bgp", "keepalive_seconds"), ("standard/2026.1/bgp", "hold_seconds")],
        ),
        ("ce-losser-01", "sshd.conf", "Ciphers", [("standard/2026.1/crypto", "ssh_ciphers")]),
        ("ce-enschede-01", "running.cfg", "hostname", [("gemeente/enschede/device/ce-enschede-01", "name")]),
        ("ce-almelo-werf-01", "running.cfg", "ntp server", [("federation", "services.ntp")]),
        (
            "ce-losser-01",
            "banner",
            "Dit systeem",
            [("standard/2026.1/option/banner.language", "default"), ("gemeente/losser", "name")],
        ),
        (
            "radius-almelo-01",
            "radiusd.conf",
            "14400",
            [
                ("gemeente/almelo", "options.govroam.session_timeout"),
                ("standard/2026.1/govroam", "session_timeout_maximum"),
            ],
        ),
        ("ap-almelo-werf-01", "hostapd-5ghz.conf", "chanlist=", [("standard/2026.1/govroam", "wlan.channels_5ghz")]),
        ("ap-almelo-werf-01", "hostapd-2ghz.conf", "wpa_key_mgmt", [("standard/2026.1/govroam", "wlan.akms")]),
        (
            "ap-almelo-werf-01",
            "hostapd-2ghz.conf",
            "auth_server_addr",
            [("gemeente/almelo/device/radius-almelo-01", "management")],
        ),
        ("ap-almelo-werf-01", "interfaces", "vlan-id", [("gemeente/almelo/site/werf/vlan/340", "vid")]),
        ("wlc-almelo-01", "running.cfg", " vlan 340", [("gemeente/almelo/site/stadhuis/vlan/340", "vid")]),
        ("wlc-almelo-01", "running.cfg", "interface Vlan900", [("gemeente/almelo/site/stadhuis/vlan/900", "vid")]),
        (
            "wlc-almelo-01",
            "running.cfg",
            "session-timeout",
            [("gemeente/almelo", "options.govroam.session_timeout")],
        ),
    ],
)
def test_a_value_is_told_by_its_own_record_and_field(device, file, text, expected):
    found = named(device, file, text)
    assert [pair for pair in expected if pair in found] == expected


def test_a_list_leads_to_each_of_its_records():
    [*found] = named("ce-losser-01", "nftables.conf", "2001:db8:8008::/64, ")
    assert ("gemeente/losser/site/gemeentehuis/vlan/100", "prefixes") in found
    assert ("gemeente/losser/device/ce-losser-01", "management") in found


def test_every_rule_is_for_a_field_that_its_record_has():
    for kind, table in SOURCES.items():
        assert set(table) - set(kind.__struct_fields__) - {"*"} == set(), kind


def test_an_empty_line_has_its_template_line():
    for device in ESTATE.devices:
        for artifact in render_device(ESTATE, ESTATE.placed(device)):
            for found in explain_file(ESTATE, device, artifact.file):
                assert found.templates, f"{device} {found.file}:{found.line}"
                if not found.text:
                    place = found.templates[0]
                    assert lines(place.file)[place.line - 1].strip() == ""
