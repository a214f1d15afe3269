"""The rendered RADIUS chain, unchanged, in the real daemons: who gets in, who doesn't, and what each hop wrote down."""

from __future__ import annotations

import dataclasses
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec import structs
from radius_chain import GEMEENTEHUIS, WERF, Chain
from radius_names import NAMES

from ggi_net.paths import demo_folder
from ggi_net.source.files import load_estate

pytestmark = [
    pytest.mark.live,
    pytest.mark.root,
    pytest.mark.needs("freeradius", "radsecproxy", "eapol_test", "radclient", "ip", "nft", "setpriv", "ss"),
]

FIELDS = [
    "time", "host", "role", "event", "result", "outer", "inner", "realm", "mac", "called_station", "nas", "client",
    "operator", "cui", "refusal", "reason", "eap_type", "tls_version", "vlan", "address",
]  # fmt: skip


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    made = Chain(tmp_path_factory.mktemp("radius"), load_estate(demo_folder()))
    yield made
    made.close()


@pytest.fixture
def udp_chain(tmp_path):
    """The chain with almelo and enschede on RADIUS over UDP."""
    estate = load_estate(demo_folder())
    gemeenten = tuple(
        structs.replace(g, options={**g.options, "govroam.radius_transport": "udp"}) if g.slug != "losser" else g
        for g in estate.gemeenten
    )
    made = Chain(tmp_path, dataclasses.replace(estate, gemeenten=gemeenten))
    yield made
    made.close()


class Watch:
    """The JSON lines that a server adds from now on."""

    def __init__(self, chain, name):
        self._chain, self._name, self._seen = chain, name, len(chain.log(name))

    def lines(self, **wanted):
        new = self._chain.log(self._name)[self._seen :]
        return [line for line in new if all(line[key] == value for key, value in wanted.items())]


@pytest.fixture
def watch(chain):
    return lambda name: Watch(chain, name)


@pytest.mark.parametrize(
    ("method", "extra"),
    [("PEAP", {}), ("TTLS", {}), ("TLS", {"certificate": "jan", "outer": "anonymous@almelo.example"})],
)
def test_a_visitor_of_enschede_logs_in_at_almelo(chain, watch, method, extra):
    visited, home = watch("radius-enschede-01"), watch("radius-almelo-01")

    login = chain.login("jan@almelo.example", method=method, **extra)

    assert login.accepted, login.output[-2000:]
    (first,) = visited.lines(event="request")
    (result,) = visited.lines(event="result")
    assert first["outer"] == "anonymous@almelo.example"
    assert result["result"] == "accept"
    assert result["inner"] == "", "the visited site must not know who it is"
    (at_home,) = home.lines(event="result", result="accept")
    (inside,) = home.lines(event="inner", result="accept")
    assert at_home["inner"] == inside["inner"] == "jan@almelo.example"
    assert at_home["operator"] == result["operator"] == "1enschede.example"
    assert at_home["mac"] == result["mac"] == "02-00-00-00-00-01"
    assert at_home["eap_type"] == method
    assert at_home["tls_version"].startswith("TLS 1.")


@pytest.mark.parametrize(
    ("method", "extra"),
    [("PEAP", {}), ("TTLS", {}), ("TLS", {"certificate": "jan", "outer": "anonymous@almelo.example"})],
)
def test_tls_1_3_works_where_the_device_speaks_it(chain, watch, method, extra):
    home = watch("radius-almelo-01")

    assert chain.login("jan@almelo.example", method=method, tls13=True, **extra).accepted

    assert home.lines(event="result", result="accept", tls_version="TLS 1.3")


def test_many_devices_log_in_at_once(chain, watch):
    visited = watch("radius-enschede-01")
    macs = [f"02:00:00:00:01:{number:02x}" for number in range(16)]

    with ThreadPoolExecutor(max_workers=8) as pool:
        logins = list(pool.map(lambda mac: chain.login("jan@almelo.example", mac=mac), macs))

    assert [login.accepted for login in logins] == [True] * len(macs)
    accepted = [line["mac"] for line in visited.lines(event="result", result="accept")]
    assert sorted(accepted) == [mac.upper().replace(":", "-") for mac in macs]


def test_the_reply_carries_the_visited_sites_vlan_and_time_not_the_homes(chain):
    login = chain.login("jan@almelo.example")

    accept = login.output[login.output.rindex("code=2 (Access-Accept)") :]
    attributes = accept[: accept.index("\n\n")] if "\n\n" in accept else accept
    assert "Attribute 64 (Tunnel-Type) length=6\n      Value: 0000000d" in attributes
    assert f"Attribute 81 (Tunnel-Private-Group-Id) length=5\n      Value: {b'340'.hex()}" in attributes
    assert b"110".hex() not in attributes
    assert "Attribute 27 (Session-Timeout) length=6\n      Value: 28800" in attributes

    at_werf = chain.login("jan@almelo.example", at=WERF).output
    assert "Attribute 27 (Session-Timeout) length=6\n      Value: 14400" in at_werf, "almelo's own option"


def test_a_user_of_losser_is_answered_by_almelos_server(chain, watch):
    home = watch("radius-almelo-01")

    assert chain.login("piet@losser.example").accepted

    assert home.lines(event="result", result="accept", realm="losser.example", inner="piet@losser.example")


def test_losser_sends_its_own_users_to_almelo_too(chain, watch):
    visited, home = watch("radius-losser-01"), watch("radius-almelo-01")

    assert chain.login("piet@losser.example", at=GEMEENTEHUIS).accepted

    assert visited.lines(event="result", result="accept", vlan="340")
    assert home.lines(event="result", result="accept", client="federation", operator="1losser.example")


@pytest.mark.parametrize("user", ["jan@almelo.example", "anna@griffie.almelo.example", "piet@losser.example"])
def test_almelos_own_realms_are_answered_at_home_and_never_sent_upstream(chain, watch, user):
    own = watch("radius-almelo-01")
    before = {name: chain.proxy_log(name).stat().st_size for name in ("radius-almelo-01", "flr-asd-01", "flr-apd-01")}

    login = chain.login(user, at=WERF)

    assert login.accepted, login.output[-2000:]
    assert own.lines(role="sp", event="result", result="accept", operator="1almelo.example", client="ap-werf-2")
    assert own.lines(role="idp", event="result", result="accept", inner=user)
    for name, size in before.items():
        assert "Access-" not in chain.proxy_log(name).read_text()[size:]


def test_the_cui_is_the_same_at_one_visited_organisation_and_another_at_the_next(chain, watch):
    enschede, losser = watch("radius-enschede-01"), watch("radius-losser-01")

    chain.login("jan@almelo.example")
    chain.login("jan@almelo.example", method="TTLS", mac="02:00:00:00:00:02")
    chain.login("jan@almelo.example", at=GEMEENTEHUIS)

    once, again = (line["cui"] for line in enschede.lines(result="accept"))
    (elsewhere,) = (line["cui"] for line in losser.lines(result="accept"))
    assert once == again
    assert re.fullmatch(r"[0-9a-f]{40}", once)
    assert elsewhere != once
    assert re.fullmatch(r"[0-9a-f]{40}", elsewhere)


def test_a_wrong_password_fails_and_the_home_says_why(chain, watch):
    visited, home = watch("radius-enschede-01"), watch("radius-almelo-01")

    assert not chain.login("jan@almelo.example", password="fout").accepted

    (result,) = home.lines(event="result")
    assert (result["result"], result["reason"]) == ("reject", "mschap: MS-CHAP2-Response is incorrect")
    (inside,) = home.lines(event="inner")
    assert (inside["result"], inside["inner"]) == ("reject", "jan@almelo.example")
    (seen,) = visited.lines(event="result")
    assert (seen["result"], seen["reason"]) == ("reject", "refused by the home organisation")


def test_a_revoked_certificate_fails(chain, watch):
    home = watch("radius-almelo-01")

    assert not chain.login("klaas@almelo.example", method="TLS", certificate="klaas").accepted

    (result,) = home.lines(event="result", result="reject")
    assert "revoked" in result["reason"]


def test_an_inner_identity_of_another_realm_fails(chain, watch):
    home = watch("radius-almelo-01")

    assert not chain.login("piet@losser.example", method="TTLS", outer="anonymous@almelo.example").accepted

    (result,) = home.lines(event="result")
    assert (result["result"], result["refusal"]) == ("reject", "inner-realm")


@pytest.mark.parametrize(
    ("user", "refusal"),
    [
        ("iemand@gmail.com", "consumer-mail"),
        ("iemand", "no-realm"),
        ("1204@wlan.mnc004.mcc204.3gppnetwork.org", "mobile-operator"),
    ],
)
def test_a_realm_that_leads_nowhere_is_refused_at_the_first_hop_with_its_reason(chain, watch, user, refusal):
    visited = watch("radius-enschede-01")
    before = chain.proxy_log("radius-enschede-01").stat().st_size

    assert not chain.login(user, outer=user).accepted

    (result,) = visited.lines(event="result")
    assert (result["result"], result["refusal"]) == ("reject", refusal)
    assert result["reason"]
    standard_log = chain.servers["radius-enschede-01"].outside("/var/log/freeradius/radius.log").read_text()
    assert f"refused, {refusal}: " in standard_log
    assert user.rpartition("@")[2] not in chain.proxy_log("radius-enschede-01").read_text()[before:]


def test_both_daemons_refuse_the_same_user_names_for_the_same_reason(chain, watch):
    """FreeRADIUS at the visited site (PCRE) and radsecproxy at the federation (POSIX) read the standard alike."""
    visited = watch("radius-enschede-01")
    with ThreadPoolExecutor(max_workers=20) as pool:
        list(pool.map(lambda name: chain.radclient(f'User-Name = "{name}"\n{FIRST}'), NAMES, timeout=30))
    at_proxy = chain.over_radsec("radius-enschede-01", "flr-asd-01", [n for n, refusal in NAMES.items() if refusal])

    refused = {unescaped(line["outer"]).decode(): line["refusal"] for line in visited.lines(event="result")}
    wanted = {name: refusal for name, refusal in NAMES.items() if refusal}
    assert {name: refused[name] for name in wanted} == wanted
    assert {refused.get(name, "") for name in set(NAMES) - set(wanted)} == {""}
    for name, (code, said) in zip(wanted, at_proxy, strict=True):
        assert (name, code, said.rpartition("(")[2]) == (name, 3, f"{wanted[name]})")


def test_an_unknown_realm_is_refused_by_the_federation_in_words(chain, watch):
    visited = watch("radius-enschede-01")

    assert not chain.login("iemand@nergens.amsterdam").accepted

    (result,) = visited.lines(event="result")
    assert result["reason"] == "govroam: unknown realm"


def test_another_ssid_is_refused(chain, watch):
    visited = watch("radius-enschede-01")

    assert not chain.login("jan@almelo.example", ssid="Govroam").accepted

    (result,) = visited.lines(event="result")
    assert result["refusal"] == "wrong-ssid"


FIRST = (
    "EAP-Message = 0x0201000501\nMessage-Authenticator = 0x00\n"
    'Called-Station-Id = "02-AA-BB-CC-DD-01:govroam"\nCalling-Station-Id = "02-00-00-00-00-01"\n'
)
HOSTILE = [
    'a"b\\c\nd\te{x}%{User-Name}=q"}',
    "jos\u00e9\u202e@almelo.example",
    "\\",
    "\\x\\0",
    '"' * 250,
    "\x01" * 60 + "@" + "a" * 180,
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_user_name_stays_one_valid_json_line(chain, watch, name):
    visited = watch("radius-enschede-01")
    quoted = "".join(f"\\{byte:03o}" for byte in name.encode())
    identity = bytes([2, 1, 0, len(name.encode()) + 5, 1]) + name.encode()
    eap = "".join(f"EAP-Message += 0x{identity[at : at + 250].hex()}\n" for at in range(0, len(identity), 250))

    said = chain.radclient(
        f'User-Name = "{quoted}"\n{eap}Message-Authenticator = 0x00\n'
        f'NAS-Identifier = "{quoted}"\nCalled-Station-Id = "{quoted}"\nCalling-Station-Id = "{quoted}"\n'
    )

    assert "Access-Reject" in said
    lines = visited.lines()  # fails on a line that isn't JSON
    assert [line["event"] for line in lines] == ["request", "result"]
    assert all(list(line) == FIELDS for line in lines)
    raw = chain.servers["radius-enschede-01"].outside("/var/log/freeradius/govroam.json").read_bytes().splitlines()[-1]
    assert len(raw) < 4096
    assert unescaped(lines[0]["outer"]).startswith(name.encode()[:40])


def unescaped(text):
    return re.sub(rb"=([0-9A-F]{2})", lambda found: bytes([int(found.group(1), 16)]), text.encode())


def test_every_line_at_every_hop_has_the_same_fields(chain):
    chain.login("jan@almelo.example")
    for name in ("radius-almelo-01", "radius-enschede-01"):
        lines = chain.log(name)
        assert lines
        assert all(list(line) == FIELDS for line in lines)


def test_a_request_without_message_authenticator_is_dropped(chain, watch):
    visited = watch("radius-enschede-01")

    said = chain.radclient(
        'User-Name = "jan@almelo.example"\nUser-Password = "x"\nCalled-Station-Id = "02-AA-BB-CC-DD-01:govroam"\n'
    )

    assert "Access-" not in said.partition("Received")[2]
    assert visited.lines() == []


def test_accounting_is_answered_and_logged_but_goes_nowhere(chain, watch):
    visited = watch("radius-enschede-01")
    before = chain.proxy_log("radius-enschede-01").stat().st_size

    said = chain.radclient(
        'Acct-Status-Type = Start\nAcct-Session-Id = "1"\nUser-Name = "anonymous@almelo.example"\n'
        'Calling-Station-Id = "02-00-00-00-00-01"\nFramed-IP-Address = 198.18.130.9\n',
        kind="acct",
        port=1813,
    )

    assert "Accounting-Response" in said
    (line,) = visited.lines()
    assert (line["event"], line["result"], line["address"]) == ("accounting", "start", "198.18.130.9")
    assert "ccounting" not in chain.proxy_log("radius-enschede-01").read_text()[before:]


def test_freeradius_answers_status_server(chain):
    assert "Access-Accept" in chain.radclient("Message-Authenticator = 0x00\n", kind="status")


def test_a_request_from_upstream_for_a_realm_that_is_not_ours_is_refused(chain, watch):
    """As a wrong route at a proxy would do it: to almelo's own radsecproxy, straight from a proxy's place."""
    home = watch("radius-almelo-01")

    ((code, _),) = chain.over_radsec("flr-asd-01", "radius-almelo-01", ["iemand@enschede.example"])

    assert code == 3, "Access-Reject"
    (result,) = home.lines(event="result")
    assert (result["refusal"], result["outer"]) == ("loop", "iemand@enschede.example")


def test_f_ticks_have_our_prefix_and_hide_the_device(chain):
    chain.login("jan@almelo.example", mac="02:00:00:aa:bb:cc")
    time.sleep(0.2)

    text = "".join(chain.proxy_log(name).read_text() for name in ("flr-asd-01", "flr-apd-01"))
    ticks = [line.partition("F-TICKS")[2] for line in text.splitlines() if "F-TICKS" in line]
    assert ticks
    assert all(tick.startswith("/govroam/1.0#REALM=") for tick in ticks)
    assert any("#REALM=almelo.example#VISCOUNTRY=NL#VISINST=1enschede.example#" in tick for tick in ticks)
    assert re.search(r"#CSI=02-00-00-[0-9a-f]{20,}#RESULT=OK#", ticks[-1])
    assert "aa-bb-cc" not in text.lower()
    assert "jan@" not in text


def test_the_firewall_lets_nobody_but_the_proxies_at_radsec(chain):
    """The access point may send RADIUS to almelo's server, but open no connection to it."""
    for port in (22, 2083):
        done = chain.access_point.run("timeout", "1", "bash", "-c", f"</dev/tcp/198.19.0.10/{port}", check=False)
        assert done.returncode == 124, "dropped, not refused"
    assert chain.established("radius-almelo-01") >= 4


def test_a_login_still_succeeds_without_one_federation_proxy(chain):
    """The one that enschede prefers; last, since it stays away."""
    chain.servers["flr-asd-01"].stop("radsecproxy")
    started = time.monotonic()

    assert chain.login("jan@almelo.example").accepted
    assert time.monotonic() - started < 5


def test_gemeenten_on_udp_log_in_as_well(udp_chain):
    chain = udp_chain

    assert chain.login("jan@almelo.example").accepted
    assert chain.login("jan@almelo.example", at=GEMEENTEHUIS).accepted, "losser over TLS, almelo over UDP"
    assert not chain.login("jan@almelo.example", password="fout").accepted

    lines = chain.log("radius-almelo-01")
    assert {line["operator"] for line in lines if line["result"] == "accept"} == {
        "1enschede.example",
        "1losser.example",
    }
    assert lines[-1]["client"].startswith("flr-a")
