"""Each validator accepts what its daemon accepts, and brings back the daemon's words with the line of the artifact."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ggi_net.check.scratch import Outcome, Scratch, isolation_problem
from ggi_net.check.validators import VALIDATORS
from ggi_net.check.validators.base import complaints, refused

if TYPE_CHECKING:
    from ggi_net.check.result import Finding

FRR = "frr defaults datacenter\n!\nrouter bgp 65000\n neighbor 10.0.0.1 remote-as 65001\n{}exit\n"
NFT = "flush ruleset\ntable inet f {{\n chain input {{\n  type filter hook input priority 0; policy drop;\n{} }}\n}}\n"
IPSEC = """connections {{
  core {{
    version = 2
    proposals = aes256gcm16-prfsha384-ecp384
    remote_addrs = 192.0.2.1
{}    local {{
      auth = pubkey
      certs = /etc/ggi/pki/ipsec.pem
    }}
    remote {{ auth = pubkey }}
    children {{ vrf {{ esp_proposals = aes256gcm16-ecp384 }} }}
  }}
}}
"""
RADSEC = """ListenUDP 127.0.0.1:11812
tls default {{
  CACertificateFile /etc/ggi/pki/federation-ca.pem
  CertificateFile /etc/ggi/pki/radsec.pem
  CertificateKeyFile /etc/ggi/pki/radsec.key
}}
client c {{
  host 127.0.0.1
  type udp
  secret secret://a/radius/b
}}
server s {{
  host 192.0.2.1
  type tls
  secret radsec
}}
realm * {{
  server {}
}}
"""
RADIUS = """prefix = /usr
localstatedir = /var
logdir = /var/log/freeradius
raddbdir = /etc/freeradius/3.0
run_dir = /run/freeradius
pidfile = /run/freeradius/freeradius.pid
libdir = /usr/lib/freeradius
max_requests = 1024
modules {{
  always ok {{
    rcode = ok
  }}
}}
server default {{
  listen {{
    type = auth
    ipaddr = 127.0.0.1
    port = 11812
  }}
  authorize {{
    {}
  }}
}}
"""

AIR = """interface=wlan0
driver=nl80211
country_code=NL
channel=6
auth_server_addr=192.0.2.1
auth_server_port=1812
auth_server_shared_secret=secret://a/radius/b
acct_server_addr=192.0.2.1
acct_server_port=1813
acct_server_shared_secret=secret://a/radius/b
ieee8021x=1
wpa=2
wpa_key_mgmt=WPA-EAP
ieee80211w=1
{}"""
HOSTAPD = "/etc/hostapd/2ghz.conf"

ACCEPTED_AND_REFUSED = [
    ("vtysh", "/etc/frr/frr.conf", FRR, " bgp router-id 1.2.3.4\n", " neighbor 10.0.0.1 foo\n", 5, "Unknown command"),
    ("nft", "/etc/nftables.conf", NFT, "  tcp dport 22 accept\n", "  tcp dport 22 acept\n", 5, "syntax error"),
    ("swanctl", "/etc/swanctl/swanctl.conf", IPSEC, "", "    foo = bar\n", 6, "unknown option: foo"),
    (
        "swanctl",
        "/etc/swanctl/swanctl.conf",
        IPSEC,
        "    rekey_time = 4h\n",
        "    rekey_time = soon\n",
        6,
        "invalid value for",
    ),
    ("swanctl", "/etc/swanctl/swanctl.conf", IPSEC, "", "    }\n    }\n", None, "syntax error"),
    ("radsecproxy", "/etc/radsecproxy.conf", RADSEC, "s", "nosuch", None, "nosuch"),
    ("freeradius", "/etc/freeradius/3.0/radiusd.conf", RADIUS, "ok", "nosuch", 21, "nosuch"),
    ("sshd", "/etc/ssh/sshd_config", "Port 22\n{}", "PermitRootLogin no\n", "PermitRootLogin maybe\n", 2, "maybe"),
    ("sshd", "/etc/ssh/sshd_config", "Port 22\n{}", "", "Foo bar\n", 2, "Bad configuration option"),
    (
        "chronyd",
        "/etc/chrony/chrony.conf",
        "server 192.0.2.1 iburst\n{}",
        "makestep 1 3\n",
        "foo bar\n",
        2,
        "Invalid directive",
    ),
    (
        "rsyslogd",
        "/etc/rsyslog.conf",
        'action(type="omfile" file="/var/log/ggi/x")\n{}',
        "",
        'action(type="omfwd" targt="x")\n',
        2,
        "targt",
    ),
    (
        "snmpd",
        "/etc/snmp/snmpd.conf",
        "agentaddress udp:192.0.2.9:161\n{}",
        "rouser x authpriv\n",
        "rouser x foo\n",
        2,
        "level",
    ),
    (
        "keepalived",
        "/etc/keepalived/keepalived.conf",
        "global_defs {{\n  router_id x\n{}}}\n",
        "",
        "  foo 1\n",
        3,
        "foo",
    ),
    (
        "ifupdown",
        "/etc/network/interfaces",
        "auto eth0\niface eth0\n{}",
        "    address 192.0.2.1/24\n",
        "    address 192.0.2/x\n",
        3,
        "address",
    ),
    (
        "ifupdown",
        "/etc/network/interfaces",
        "auto eth0\niface eth0\n{}",
        "    mtu 1500\n    up true\n",
        "    adress 192.0.2.1/24\n",
        3,
        "unknown attribute 'adress', did you mean 'address'",
    ),
    (
        "radvd",
        "/etc/radvd.conf",
        "interface eth0 {{\n  AdvSendAdvert on;\n{}}};\n",
        "  MinRtrAdvInterval 30;\n",
        "  MinRtrAdvIntervall 30;\n",
        3,
        "syntax error",
    ),
    ("hostapd", HOSTAPD, AIR, "ssid=govroam\n", "ssid=govroam\napisolate=1\n", 16, "unknown configuration item"),
    ("hostapd", HOSTAPD, AIR, "ssid=govroam\n", f"ssid={'g' * 33}\n", 15, "invalid SSID"),
    ("hostapd", HOSTAPD, AIR, "ssid=govroam\n", "ssid=govroam\nhw_mode=x\n", 16, "unknown hw_mode"),
    ("hostapd", HOSTAPD, AIR, "ssid=govroam\n", "ssid=govroam\nwpa=9\n", 16, "'9' is no wpa"),
    ("hostapd", HOSTAPD, AIR, "ssid=govroam\n", "ssid=govroam\nchannel=auto\n", 16, "'auto' is no channel"),
    ("hostapd", HOSTAPD, AIR, "ssid=govroam\n", "", None, "no ssid"),
    ("hostapd", HOSTAPD, AIR, "ssid=govroam\n", "ssid=x\nwpa_key_mgmt=WPA-PSK\n", None, "PSK or passphrase"),
    (
        "logrotate",
        "/etc/logrotate.d/ggi",
        "/var/log/ggi/*.log {{\n  weekly\n{}}}\n",
        "  rotate 3\n",
        "  rotat 3\n",
        3,
        "rotat",
    ),
]


def judge(name: str, path: str, text: str) -> list[Finding]:
    validator = VALIDATORS[name]
    with Scratch({path: text}) as scratch:
        return validator.check(scratch, path)


@pytest.mark.parametrize(
    ("name", "path", "text", "good", "bad", "line", "words"),
    [
        pytest.param(*case, marks=pytest.mark.needs(VALIDATORS[case[0]].binary), id=f"{case[0]}-{case[6]}")
        for case in ACCEPTED_AND_REFUSED
    ],
)
def test_a_daemon_accepts_and_refuses(name, path, text, good, bad, line, words):
    if VALIDATORS[name].isolated and isolation_problem():
        pytest.skip(isolation_problem())
    assert judge(name, path, text.format(good)) == []
    findings = judge(name, path, text.format(bad))
    assert any(words in finding.message for finding in findings), findings
    if line is not None:
        assert {f.line for f in findings if words in f.message} == {line}, findings


def test_the_platforms_name_no_validator_that_is_not_there():
    from ggi_net.paths import templates_folder
    from ggi_net.render.platform import load_platform

    named = {
        kind.check
        for file in templates_folder().glob("*/platform.yml")
        for kind in load_platform(file.parent.name).artifacts
        if kind.check
    }
    assert named <= set(VALIDATORS)


def test_paths_move_into_the_tree_and_lines_stay():
    text = "a /etc/ggi/pki/radsec.pem;\nb /var/log/ggi/x.log\nc https://x.example/run/it\nd /usr/share/run\n"
    text += "e /runner /etc/passwd\n"
    with Scratch({"/etc/ggi/app.conf": text}) as scratch:
        moved = scratch.path("/etc/ggi/app.conf").read_text()
        root = str(scratch.root)
        assert moved.replace(root, "") == text
        assert re.findall(re.escape(root) + r"(\S+)", moved) == ["/etc/ggi/pki/radsec.pem;", "/var/log/ggi/x.log"]
        assert scratch.path("/etc/ggi/pki/radsec.pem").read_bytes().startswith(b"-----BEGIN CERTIFICATE")
        assert scratch.path("/var/log/ggi").is_dir()
    assert not scratch.root.exists()


def test_a_file_right_below_etc_does_not_take_etc_along():
    with Scratch({"/etc/app.conf": "x /etc/passwd /etc/app.conf\n"}) as scratch:
        assert scratch.path("/etc/app.conf").read_text() == f"x /etc/passwd {scratch.root}/etc/app.conf\n"


def test_commands_run_without_network_environment_or_rights(monkeypatch):
    monkeypatch.setenv("GGI_TOKEN", "hunter2")
    with Scratch({}) as scratch:
        assert "hunter2" not in scratch.run(["env"]).output
        if isolation_problem():
            pytest.skip(isolation_problem())
        assert scratch.run(["ls", "/sys/class/net"]).status == 0
        interfaces = scratch.run(["cat", "/proc/net/dev"]).output.splitlines()[2:]
        assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]
        assert scratch.run(["cat", "/etc/shadow"]).status != 0


def test_a_command_that_hangs_is_ended_with_all_that_it_started():
    with Scratch({}) as scratch:
        outcome = scratch.run(["sh", "-c", "sleep 60 & sleep 60"], timeout=0.5)
    assert outcome.status is None
    assert "did not end" in complaints(outcome, "x")[0].message


def test_a_failure_without_a_known_line_still_says_something():
    assert refused(Outcome(1, "one\n\ntwo\n"), [])[0].message == "one / two"
    assert refused(Outcome(1, ""), [])[0].message == "exit status 1 without a word"
    assert refused(Outcome(0, "noise"), []) == []
