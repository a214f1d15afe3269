"""A visitor on the air: the rendered access point and RADIUS server, over virtual radios in the virtual machine.

hostapd runs the file as it is rendered; only the secrets in it have values.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from radius_servers import resolved
from wlan_estate import wlan_estate

from ggi_net.lab.kernel import prepare
from ggi_net.lab.pki import Authority
from ggi_net.lab.vm import run
from ggi_net.render.device import render_device
from ggi_net.render.platform import platform

pytestmark = [
    pytest.mark.live,
    pytest.mark.needs(
        "qemu-system-x86_64", "busybox", "hostapd", "wpa_supplicant", "iw", "freeradius", "ifquery", "nft"
    ),
]

AP, RADIUS = "ap-almelo-werf-01", "radius-almelo-01"
PASSWORD = "welkom01"
GATEWAYS = {
    "port": ("2001:db8:c000:100::1/64", "198.19.0.33/28"),
    "port.340": ("2001:db8:a000:100::1/64", "198.18.128.129/26"),
    "server": ("2001:db8:c000::10/128", "198.19.0.10/32"),
}
"""The addresses of the site's gateway, by the VLAN that they are in, and those of the RADIUS server behind it."""

LAPTOP = """\
ctrl_interface=/run/wpa
network={{
  ssid="govroam"
  scan_freq=2412 2437 2462
  {security}
  eap=PEAP
  anonymous_identity="anonymous@almelo.example"
  identity="jan@almelo.example"
  password="{password}"
  phase2="auth=MSCHAPV2"
  ca_cert="/mnt/share/eap-ca.pem"
  domain_match="radius-almelo-01.almelo.example"
}}
"""


@pytest.fixture(scope="module")
def share(tmp_path_factory):
    """The folder of the run, with what was seen in it."""
    folder = tmp_path_factory.mktemp("air")
    estate = wlan_estate(folder / "estate")
    for place, name in (("ap", AP), ("radius", RADIUS)):
        placed = estate.placed(name)
        kinds = {kind.file: kind for kind in platform(placed.device.platform).artifacts}
        for artifact in render_device(estate, placed):
            kind = kinds[artifact.file]
            put(folder / place / kind.path.lstrip("/"), resolved(artifact.text), kind.owner, int(kind.mode, 8))
    users = Authority("Users of Almelo")
    certificate, key = users.issue("radius-almelo-01.almelo.example")
    secrets = folder / "radius" / "etc" / "ggi"
    put(folder / "eap-ca.pem", users.pem)
    put(secrets / "pki" / "eap-ca.pem", users.pem_with_list)
    put(secrets / "pki" / "eap.pem", certificate)
    put(secrets / "pki" / "eap.key", key, "root:freerad", 0o640)
    account = f'jan@almelo.example\tCleartext-Password := "{PASSWORD}"\n\tTunnel-Private-Group-Id = "110"\n'
    put(secrets / "govroam" / "users", account, "root:freerad", 0o640)
    put(folder / "site", "".join(f"{link} {address}\n" for link, found in GATEWAYS.items() for address in found))
    put(folder / "wpa3.conf", LAPTOP.format(security="key_mgmt=WPA-EAP-SHA256\n  ieee80211w=2", password=PASSWORD))
    put(folder / "wpa2.conf", LAPTOP.format(security="key_mgmt=WPA-EAP\n  ieee80211w=0", password=PASSWORD))
    put(folder / "visitor", "198.18.128.140/26")
    put(folder / "gateway", "198.18.128.129")
    put(folder / "forbidden", "198.19.0.40\n198.18.128.141\n")
    kernel = prepare()
    put(folder / "radios", kernel.radios.read_text())
    shutil.copy(Path(__file__).parent / "guest" / "wlan.sh", folder)
    result = run(["bash", "wlan.sh"], folder, kernel=kernel, seconds=900)
    assert result.status == 0, result.log
    return folder


def put(path, content, owner="root:root", mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    shutil.chown(path, *owner.split(":"))
    path.chmod(mode)


def said(path):
    """Lines of `name=value` as a mapping."""
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)


@pytest.fixture(scope="module")
def log(share):
    """What the RADIUS server logged as a visited site."""
    lines = [json.loads(line) for line in (share / "govroam.json").read_text().splitlines()]
    return [line for line in lines if line["role"] == "sp"]


def test_the_network_is_called_govroam_on_a_channel_of_the_standard(share):
    air = said(share / "air")
    assert air["ssid[0]"] == "govroam"
    assert air["channel"] in {"1", "6", "11"}
    assert "02" not in air["supported_rates"].split(), "no rates of 802.11b"


def test_a_new_device_comes_in_with_wpa3_enterprise(share):
    laptop, station = said(share / "wpa3.status"), said(share / "wpa3.station")
    assert (laptop["ssid"], laptop["key_mgmt"], laptop["mgmt_group_cipher"]) == ("govroam", "WPA2-EAP-SHA256", "BIP")
    assert station["AKMSuiteSelector"] == "00-0f-ac-5"
    assert "[AUTHORIZED]" in station["flags"]
    assert "[MFP]" in station["flags"]


def test_an_old_device_comes_in_with_wpa2_enterprise(share):
    station = said(share / "wpa2.station")
    assert station["AKMSuiteSelector"] == "00-0f-ac-1"
    assert station["dot11RSNAStatsSelectedPairwiseCipher"] == "00-0f-ac-4", "CCMP"
    assert "[AUTHORIZED]" in station["flags"]
    assert "[MFP]" not in station["flags"]


def test_the_radius_server_knows_the_access_point_and_the_network(log):
    accepts = [line for line in log if line["event"] == "result"]
    assert [line["result"] for line in accepts] == ["accept"] * 3, "two devices, and one of them once more"
    for line in accepts:
        assert re.fullmatch(r"([0-9A-F]{2}-){5}[0-9A-F]{2}:govroam", line["called_station"])
        assert line["nas"] == "ap-almelo-werf-01.almelo.example"
        assert line["client"] == "ap-werf-1"
        assert line["operator"] == "1almelo.example"
        assert line["vlan"] == "340"


def test_a_visit_is_accounted_for_from_its_start_to_its_stop(log):
    visits = [line["result"] for line in log if line["event"] == "accounting"]
    assert visits == ["accounting-on", "start", "stop", "accounting-off", "accounting-on", "start", "stop", "start"]


def test_a_visitor_is_in_the_visitors_vlan_and_reaches_nothing_else(share):
    assert (share / "gateway.reached").exists(), (share / "gateway.ping").read_text()
    assert not (share / "reached").exists(), "the access point answered, or another visitor's address"
    assert (share / "neighbours").read_text().split() == [
        *("198.19.0.40", "dev", "wlan1", "INCOMPLETE"),
        *("198.18.128.141", "dev", "wlan1", "INCOMPLETE"),
    ]


def bridged(path):
    """The ports of the visitors' bridge."""
    return sorted(
        re.findall(r"^\d+: (\S+?)(?:@\S+)?: .* master br-govroam state forwarding", path.read_text(), re.MULTILINE)
    )


def test_a_reload_of_the_interfaces_leaves_the_radio_in_its_bridge(share):
    assert bridged(share / "ports") == ["eth0.340", "wlan0"]


def test_a_visitor_comes_back_by_himself_when_hostapd_is_started_again(share):
    assert "[AUTHORIZED]" in said(share / "again.station")["flags"]
    assert bridged(share / "ports.again") == ["eth0.340", "wlan0"]
