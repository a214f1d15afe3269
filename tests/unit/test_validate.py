"""Validation: the demo estate has no findings, and each single change gives exactly the finding that it should."""

import json
import re
import shutil
from pathlib import Path

import pytest

from ggi_net.errors import FINDINGS
from ggi_net.paths import demo_folder
from ggi_net.source.files import load_estate
from ggi_net.source.rules import base
from ggi_net.source.validate import findings_of, validate

LOSSER, ALMELO, ENSCHEDE = (f"gemeenten/{name}.yml" for name in ("losser", "almelo", "enschede"))
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
PRINT = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"

CHANGES = [
    ("GGI1311", LOSSER, "198.18.6.0/26", "198.18.6.1/26", "has host bits"),
    ("GGI1311", LOSSER, "198.18.6.0/26", "198.18.6/26", "is not a prefix"),
    ("GGI1311", LOSSER, "203.0.113.42/29", "203.0.113.421/29", "not an address with its length"),
    ("GGI1312", LOSSER, "198.18.6.0/26", "198.18.0.128/26", "overlaps 198.18.0.0/24 (VLAN 100 of almelo/stadhuis)"),
    ("GGI1312", LOSSER, "2001:db8:ff00::4e/127", "2001:db8:ff00::6/127", "overlaps"),
    ("GGI1312", LOSSER, "198.19.192.18/32", "198.19.192.1/32", "overlaps"),
    ("GGI1312", LOSSER, "2001:db8:8008::/48", "2001:db8:8004::/47", "overlaps"),
    ("GGI1313", LOSSER, "198.18.6.0/26", "192.168.6.0/26", "outside the plan for zone office"),
    ("GGI1313", LOSSER, '"2001:db8:8008::/64"', '"2001:db8:800b::/64"', "outside the office block of losser"),
    ("GGI1313", LOSSER, "198.19.192.18/32", "198.18.7.1/32", "loopback 198.18.7.1/32 of ce-losser-01"),
    ("GGI1313", LOSSER, "198.19.128.88/31", "198.18.7.0/31", "198.18.7.0/31 of link losser-01-apd"),
    ("GGI1313", LOSSER, "198.19.0.170/28", "198.19.0.190/28", "lies in no mgmt VLAN of its site"),
    ("GGI1313", "federation.yml", "192.0.2.32/27", "198.18.64.0/27", "of the federation lies in pool office"),
    ("GGI1314", LOSSER, "vid: 340", "vid: 100", "VLAN id 100 stands twice at losser/gemeentehuis"),
    ("GGI1315", LOSSER, "vid: 340", "vid: 350", "outside the plan's range for zone govroam"),
    (
        "GGI1316",
        LOSSER,
        "zone: govroam, prefixes",
        "zone: govraom, prefixes",
        "no zone 'govraom', did you mean 'govroam'",
    ),
    ("GGI1316", LOSSER, "govroam: {tag: 101", "govraom: {tag: 101", "no VRF 'govraom', did you mean 'govroam'"),
    ("GGI1316", LOSSER, "platform: freeradius", "platform: freeradiuz", "did you mean 'freeradius'"),
    (
        "GGI1317",
        LOSSER,
        '["2001:db8:c008::10/64", 198.19.0.170/28]',
        "[]",
        "radius-losser-01 has no management address",
    ),
    ("GGI1317", LOSSER, ", 198.19.192.18/32", "", "has no IPv4 management address, which is its router-id"),
    ("GGI1318", LOSSER, "name: radius-losser-01", "name: radius-almelo-01", "device name radius-almelo-01 of losser"),
    ("GGI1318", LOSSER, "LOS-0001", "ALM-0001", "serial number ALM-0001 of ce-losser-01"),
    ("GGI1318", LOSSER, "203.0.113.42/29", "203.0.113.34/29", "address 203.0.113.34 of ce-losser-01"),
    ("GGI1318", LOSSER, "198.19.0.170/28", "198.19.0.161/28", "is the gateway's"),
    (
        "GGI1318",
        LOSSER,
        "        ports:",
        f"        host_key: {HOST_KEY}\n        ports:",
        f"host key {PRINT} of radius-",
    ),
    ("GGI1319", LOSSER, "device: core-apd-01", "device: core-apd-11", "did you mean 'core-apd-01'"),
    ("GGI1319", LOSSER, "{device: core-apd-01, port: eth0}", "{device: core-apd-01, port: eth7}", "port 'eth7'"),
    ("GGI1319", LOSSER, "end: {device: ce-losser-01", "end: {device: ce-almelo-01", "ends at ce-almelo-01 of almelo"),
    (
        "GGI1320",
        LOSSER,
        "core: {device: core-apd-01",
        "core: {device: flr-apd-01",
        "has role federation-proxy, not core",
    ),
    ("GGI1321", LOSSER, ", 198.19.128.88/31", "", "no IPv4 prefix in mgmt"),
    ("GGI1321", LOSSER, "2001:db8:ff00::4e/127", "2001:db8:ff00::4f/128", "is not a /127"),
    ("GGI1322", LOSSER, "tag: 103", "tag: 104", "tag 104 on ce-losser-01 port eth0 is used by"),
    ("GGI1322", LOSSER, "tag: 103", "tag: 99", "outside the plan"),
    ("GGI1323", LOSSER, "realms: [losser.example]", "realms: [almelo.example]", "realm almelo.example of losser"),
    ("GGI1324", LOSSER, "idp: almelo", "idp: almelo-2", "no gemeente 'almelo-2' to answer"),
    ("GGI1324", LOSSER, "idp: almelo", "idp: enschede", "enschede is no IdP"),
    ("GGI1324", LOSSER, "  idp: almelo\n", "", "losser is no IdP"),
    ("GGI1324", ALMELO, "role: radius", "role: ce", "has no RADIUS server"),
    ("GGI1325", LOSSER, "asn: 4200900003", "asn: 4200900001", "ASN 4200900001 of losser is that of almelo"),
    ("GGI1325", LOSSER, "asn: 4200900003", "asn: 64512", "outside the plan"),
    ("GGI1326", LOSSER, "role: ce", "role: radius", "site losser/gemeentehuis has no gateway"),
    ("GGI1326", ALMELO, "end: {device: ce-almelo-werf-01", "end: {device: ce-almelo-werf-02", "has no link to a core"),
    ("GGI1327", LOSSER, "    main: true\n", "", "losser has no main site"),
    ("GGI1327", ALMELO, "name: Gemeentewerf", "name: Werf\n    main: true", "2 main sites: stadhuis, werf"),
    ("GGI1328", ALMELO, "        unit: 2\n", "", "2 gateways of almelo/stadhuis are unit 1"),
    ("GGI1329", LOSSER, "kind: untrusted", "kind: trusted", "is of kind internet"),
    ("GGI1329", ALMELO, "kind: trusted", "kind: untrusted", "has no internet address"),
    ("GGI1330", LOSSER, "GM0168", "GM0141", "CBS code GM0141 of losser is that of almelo"),
    ("GGI1330", LOSSER, "domain: losser.example", "domain: almelo.example", "domain almelo.example of losser"),
    ("GGI1311", "federation.yml", '"2001:db8:fe00:1::7b"', '"2001:db8:fe00:1:::7b"', "is not an address"),
    ("GGI1311", "federation.yml", "198.19.224.0/26]", "198.19.224.0/99]", "is not a prefix"),
    (
        "GGI1311",
        "federation.yml",
        '["2001:db8:fd00:4::/64", 192.0.2.96/27]\n\nsites',
        '["::1/64"]\n\nsites',
        "host bits",
    ),
    ("GGI1311", LOSSER, "203.0.113.41]", "203.0.113.410]", "is not an address"),
    ("GGI1313", LOSSER, "203.0.113.41]", "203.0.113.51]", "lies in no network of ce-losser-01 port eth0"),
    ("GGI1324", LOSSER, "roles: [sp]\n  realms: [losser.example]\n  idp: almelo", "roles: []", "no part in govroam"),
    ("GGI1324", LOSSER, "name: govroam, zone: govroam", "name: govroam, zone: office", "is SP, but no site has both"),
    ("GGI1331", LOSSER, "- {name: eth1, kind: lan}", "- {name: eth1, kind: access}", "ce-losser-01 has no port"),
    ("GGI1332", LOSSER, "name: losser-01-asd", "name: almelo-01-asd", "link name almelo-01-asd of losser"),
    ("GGI1333", LOSSER, "LOS-0001", f"LOS-0001\n        host_key: {HOST_KEY[:-4]}", "is not a whole ssh-ed25519 key"),
    ("GGI1333", LOSSER, "LOS-0001", f"LOS-0001\n        host_key: ssh-rsa {HOST_KEY[12:]}", "not a whole ssh-rsa key"),
    (
        "GGI1334",
        LOSSER,
        "- {name: eth1, kind: lan}",
        (
            "- {name: eth1, kind: lan}\n"
            "          - {name: wlan0, kind: radio-2ghz}\n"
            "          - {name: wlan1, kind: radio-2ghz}"
        ),
        "2 ports of ce-losser-01 are of kind radio-2ghz",
    ),
]


@pytest.fixture
def estate(tmp_path):
    folder = tmp_path / "estate"
    shutil.copytree(demo_folder(), folder)
    return folder


def test_the_demo_estate_is_consistent():
    assert findings_of(load_estate(demo_folder())) == []


@pytest.mark.parametrize(("code", "file", "old", "new", "words"), CHANGES)
def test_each_inconsistency_is_found_with_its_line(estate, code, file, old, new, words):
    path = estate / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    _, findings = validate(estate)
    found = [finding for finding in findings if finding.code == code and words in finding.message]
    assert found, [str(finding) for finding in findings]
    assert found[0].place.file.startswith(str(estate))
    assert found[0].place.line
    assert found[0].hint


def test_every_code_is_tried_by_a_change_above_and_documented():
    """A code that no change gives would be one that nobody knows to work."""
    sources = "".join(path.read_text() for path in Path(base.__file__).parent.glob("*.py"))
    written = set(re.findall(r"GGI13\d\d", sources))
    assert written == {code for code, *_ in CHANGES} == set(FINDINGS)


def test_the_line_is_the_one_with_the_wrong_value(estate):
    path = estate / LOSSER
    path.write_text(path.read_text().replace("vid: 340", "vid: 350"))
    _, findings = validate(estate)
    assert len(findings) == 1
    place = findings[0].place
    assert path.read_text().splitlines()[place.line - 1][place.column - 1 :].startswith("350")


def test_several_broken_files_are_reported_in_one_run_without_what_follows_from_them(estate):
    (estate / ALMELO).write_text("slug: [")
    (estate / ENSCHEDE).write_text("slug: enschede\n")
    loaded, findings = validate(estate)
    assert [finding.place.file.rpartition("/")[2] for finding in findings] == ["almelo.yml", "enschede.yml"]
    assert [gemeente.slug for gemeente in loaded.gemeenten] == ["losser"]


def test_a_broken_standard_is_one_finding(estate, monkeypatch):
    shutil.copytree(demo_folder().parent / "standard", estate.parent / "data" / "inventory" / "standard")
    (estate.parent / "data" / "templates").mkdir()
    broken = estate.parent / "data" / "inventory" / "standard" / "2026.1" / "bgp.yml"
    broken.write_text("[")
    monkeypatch.setenv("GGI_DATA", str(estate.parent / "data"))
    loaded, findings = validate(estate)
    assert loaded is None
    assert [finding.place.file for finding in findings] == [str(broken)]


def test_json_files_have_places_too(estate):
    path = estate / LOSSER
    from ggi_net.source.yamlfile import parse

    data = parse(path.read_bytes(), path)
    data["sites"][0]["vlans"][1]["vid"] = 350
    path.unlink()
    path.with_suffix(".json").write_text(json.dumps(data, indent=1))
    _, findings = validate(estate)
    line = path.with_suffix(".json").read_text().splitlines()[findings[0].place.line - 1]
    assert [finding.code for finding in findings] == ["GGI1315"]
    assert line.strip() == '"vid": 350,'
