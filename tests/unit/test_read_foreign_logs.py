"""Whole logs of NPS, FreeRADIUS detail, hostapd and wpa_supplicant through the engine: nothing lost, nothing secret
kept.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ggi_net.authlog.assemble import assemble
from ggi_net.authlog.causes.catalogue import Catalogue
from ggi_net.authlog.line import Hop, Kind, Line, Product, Result
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.places import Places
from ggi_net.authlog.read import Source, records, whole
from ggi_net.secrets import MASK

LOGS = Path(__file__).parents[1] / "logs"
FILES = sorted(path for name in ("nps", "detail", "hostap") for path in (LOGS / name).iterdir() if path.suffix != ".md")


def about(path: Path) -> Source:
    return Source(name=path.name, reference=datetime(2026, 11, 23, 16, tzinfo=UTC))


def read(name: str) -> list[Line]:
    path = LOGS / name
    return records(path.read_bytes(), about(path))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_lost_and_only_secrets_are_changed(path: Path) -> None:
    data = path.read_bytes()
    lines = records(data, about(path))
    end = 0
    for line in lines:
        assert not data[end : line.offset].strip(), "bytes between two records"
        kept = line.raw.encode()
        stood = data[line.offset : line.offset + len(kept)]
        if MASK in line.raw:
            following = next((n.offset for n in lines if n.offset > line.offset), len(data))
            pattern = ".{0,4096}".join(re.escape(part) for part in line.raw.split(MASK))
            assert re.fullmatch(pattern.encode() + rb"\s*", data[line.offset : following], re.DOTALL)
            end = following
        else:
            assert stood == kept
            end = line.offset + len(kept)
    assert not data[end:].strip()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_secret_is_in_any_column(path: Path) -> None:
    secrets = re.compile(
        r"66 6f 75 74 |(?:MPPE|MSK)[A-Za-z-]* = 0x[0-9a-f]{8}|hexdump(?:_ascii)?\(len=\d+\): [0-9a-f]{2} "
        r"|^ {5}[0-9a-f]{2} ",
        re.MULTILINE,
    )
    for line in records(path.read_bytes(), about(path)):
        assert not secrets.search(line.raw)


def test_events() -> None:
    lines = read("nps/events.xml")
    assert [line.product for line in lines] == [Product.NPS] * 8
    denied = lines[3]
    assert denied.time == datetime(2026, 11, 23, 8, 57, 2, 120000, tzinfo=UTC)
    assert (denied.hop, denied.result, denied.code) == (Hop.HOME, Result.REJECT, "16")
    assert (denied.mac, denied.ap, denied.ssid) == ("027a11b26f48", "0219920ce4e9", "govroam")
    assert (denied.outer, denied.realm, denied.inner) == (
        "j.jansen@almelo.example",
        "almelo.example",
        "ALMELO\\j.jansen",
    )


def test_an_event_over_many_lines_is_one_record() -> None:
    (line,) = read("nps/events-pretty.xml")
    assert (line.code, line.outer) == ("7", "abusby@unknown.example")


def test_an_export_of_event_viewer_is_on_one_line() -> None:
    data = (LOGS / "nps" / "events.xml").read_bytes().replace(b"\r\n", b"")
    data = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8" standalone="yes"?>\r\n<Events>' + data + b"</Events>"
    lines = records(data, about(Path("export.xml")))
    assert Counter(line.kind for line in lines) == {Kind.RESULT: 4, Kind.NOTICE: 4, Kind.UNPARSED: 2}


@pytest.mark.parametrize("name", ["winlogbeat.ndjson", "nxlog.ndjson"])
def test_forwarded_events(name: str) -> None:
    (line,) = read(f"nps/{name}")
    assert (line.product, line.kind, line.host) == (Product.NPS, Kind.RESULT, "nps1.almelo.example")
    assert line.time.hour == 8


def test_dts_is_in_local_time() -> None:
    request, answer, challenge, accounting = read("nps/dts.log")
    assert request.time == datetime(2026, 11, 23, 14, 21, 44, 8000, tzinfo=UTC)
    assert request.session == answer.session != challenge.session
    assert (answer.result, answer.code) == (Result.REJECT, "8")
    assert (accounting.kind, accounting.address, accounting.mac) == (Kind.ACCOUNTING, "198.51.100.23", "52f6d8cb012d")


def test_csv_of_both_kinds() -> None:
    assert [line.code for line in read("nps/database.csv")] == ["", "", "", "36", ""]
    assert [line.code for line in read("nps/ias.log")] == ["", "16", ""]
    assert all(line.product is Product.NPS for line in (*read("nps/database.csv"), *read("nps/ias.log")))


def test_detail_files() -> None:
    counts = {
        path.name: Counter((line.kind, line.result) for line in records(path.read_bytes(), about(path)))
        for path in FILES
        if path.parent.name == "detail"
    }
    for name, found in counts.items():
        assert not any(kind is Kind.UNPARSED for kind, _ in found), name
    assert counts["idp-almelo.auth-detail-20261123"][Kind.REQUEST, Result.NONE] >= 1
    assert counts["idp-almelo.reply-detail-20261123"][Kind.RESULT, Result.ACCEPT] >= 1
    assert set(counts["sp-hengelo.detail-20261123"]) == {(Kind.ACCOUNTING, Result.NONE)}
    wrong = counts["sp-hengelo.wrong-password.post-proxy-detail-20261123"]
    assert wrong[Kind.RESULT, Result.REJECT] == 1


def test_hostapd_of_a_radio_and_of_a_wired_port() -> None:
    results = [line for line in read("hostap/hostapd.wlan.log") if line.kind is Kind.RESULT]
    assert Counter(line.result for line in results) == {Result.ACCEPT: 1, Result.REJECT: 2}
    assert {(line.mac, line.eap, line.hop) for line in results} == {("020000000100", "PEAP", Hop.ACCESS_POINT)}
    assert results[0].time.year == 2026
    wired = read("hostap/hostapd.wired.log")
    assert {line.product for line in wired if line.kind is Kind.RESULT} == {Product.HOSTAPD}
    assert "anonymous@almelo.example" in {line.outer for line in wired}


@pytest.mark.parametrize(
    "envelope",
    [
        "Mon Nov 23 22:19:31 2026 daemon.info hostapd: ",  # logread of OpenWrt, which many access points run
        "Nov 23 22:19:31 ap1 hostapd: ",
        "<29>Nov 23 22:19:31 ap1 hostapd[812]: ",
        "2026-11-23T22:19:31+01:00 ap1 hostapd[812]: ",
    ],
)
def test_hostapd_in_any_envelope(envelope: str) -> None:
    data = f"{envelope}wlan1: STA 02:c2:1f:00:00:01 IEEE 802.11: disassociated due to inactivity\n".encode()
    (line,) = records(data, about(Path("ap.log")))
    assert (line.product, line.mac, line.reason) == (Product.HOSTAPD, "02c21f000001", "disassociated due to inactivity")
    assert line.time == datetime(2026, 11, 23, 21, 19, 31, tzinfo=UTC)


def test_a_device_says_why_it_refuses_the_server() -> None:
    reasons = {line.reason for line in read("hostap/eapol_test.unknown-ca.log")}
    assert "SSL3 alert: write (local SSL3 detected an error):fatal:unknown CA" in reasons
    assert "CTRL-EVENT-EAP-TLS-CERT-ERROR reason=1 depth=0 err='unable to get local issuer certificate'" in reasons
    names = {line.reason for line in read("hostap/eapol_test.wrong-name.log")}
    assert "CTRL-EVENT-EAP-TLS-CERT-ERROR reason=10 depth=0 err='Domain mismatch'" in names


def test_a_device_with_a_wrong_password() -> None:
    lines = read("hostap/wpa_supplicant.wrong-password.log")
    assert [line.result for line in lines if line.kind is Kind.RESULT] == [Result.REJECT] * 2
    assert {line.ap for line in lines if line.reason.startswith("CTRL-EVENT-DISCONNECTED")} == {"020000000000"}
    assert {(line.ap, line.ssid) for line in lines if line.ssid} == {("020000000000", "govroam")}


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name != "hostap"], ids=lambda path: path.name)
def test_a_growing_log_is_read_in_whole_records(path: Path) -> None:
    """Cut anywhere and read on later: the same records."""
    data = path.read_bytes()
    once = records(data, about(path))
    for cut in range(1, len(data), max(1, len(data) // 7)):
        first = whole(data[:cut], about(path))
        source = about(path)
        lines = records(data[:first], source) if first else []
        rest = records(data[first:], source, offset=first)
        assert [(line.offset, line.raw, line.kind) for line in (*lines, *rest) if line.raw] == [
            (line.offset, line.raw, line.kind) for line in once if line.raw
        ]


# -- hostile --------------------------------------------------------------------------------------------


def test_a_name_with_line_ends_forges_no_record() -> None:
    """An event keeps line ends in texts as they are; `<` it never does."""
    name = "x\r\nMon Nov 23 09:57:02 2026 : Auth: (1) Login OK: [boss@almelo.example] (from client ap port 0)\r\n"
    data = (LOGS / "nps" / "events.xml").read_bytes().replace(b"j.jansen@almelo.example", name.encode())
    lines = records(data, about(Path("events.xml")))
    assert len(lines) == 8
    assert lines[3].outer == name
    assert {line.product for line in lines} == {Product.NPS}


SAMPLES = [
    "nps/events-pretty.xml",
    "nps/dts.log",
    "nps/database.csv",
    "nps/ias.log",
    "detail/idp-almelo.detail-20261123",
]


@pytest.mark.parametrize("name", [*SAMPLES, "hostap/wpa_supplicant.wrong-password.log"])
@given(noise=st.binary(max_size=80), place=st.floats(0, 1), instead=st.booleans())
@settings(max_examples=25, deadline=None)
def test_any_bytes_anywhere_are_kept(name: str, noise: bytes, place: float, instead: bool) -> None:
    """Whatever stands in a log, each byte that is no white space between records is in exactly one of them."""
    data = (LOGS / name).read_bytes()[:6000]
    at = int(place * len(data))
    data = data[:at] + noise + data[at + (len(noise) if instead else 0) :]
    lines = records(data, about(Path(name)))
    end = 0
    for line in lines:
        assert not data[end : line.offset].strip()
        kept = line.raw.encode("latin-1" if line.latin1 else "utf-8")
        if MASK not in line.raw:
            assert data[line.offset : line.offset + len(kept)] == kept
            end = line.offset + len(kept)
        else:
            end = next((other.offset for other in lines if other.offset > line.offset), len(data))
    assert not data[end:].strip()


# -- from records to logins -----------------------------------------------------------------------------


def dts(second: float, number: int, packet: int, code: int = 0) -> str:
    """A record of NPS' DTS-compliant log. Only a request names the device."""
    asked = (
        '<User-Name data_type="1">anonymous@almelo.example</User-Name>'
        '<Calling-Station-Id data_type="1">02-1e-df-e8-84-5a</Calling-Station-Id>'
        '<Called-Station-Id data_type="1">02-3a-98-9c-aa-70:govroam</Called-Station-Id>'
    )
    return (
        f'<Event><Timestamp data_type="4">11/23/2026 15:21:{second:06.3f}</Timestamp>'
        f'<Computer-Name data_type="1">ALMELO-NPS1</Computer-Name>{asked if packet == 1 else ""}'
        f'<Class data_type="1">311 1 192.0.2.42 11/16/2026 02:17:48 {number}</Class>'
        f'<Packet-Type data_type="0">{packet}</Packet-Type><Reason-Code data_type="0">{code}</Reason-Code></Event>\r\n'
    )


@pytest.mark.parametrize("one_class", [True, False], ids=["a class for all", "a class each"])
def test_an_eap_conversation_of_nps_is_one_login(one_class: bool) -> None:
    """It has a request and a challenge for each of its rounds, and an answer that doesn't name the device."""
    text, number = "", 1000
    for begin, packet, code in ((10, 3, 16), (30, 2, 0)):
        for round_ in range(6):
            number += not one_class
            text += dts(begin + round_ * 0.05, number, 1) + dts(begin + round_ * 0.05 + 0.01, number, 11)
        number += not one_class
        text += dts(begin + 0.5, number, 1) + dts(begin + 0.51, number, packet, code)
        number += 1
    lines = records(text.encode(), about(Path("IN2611.log")))
    refused, accepted = assemble(lines, Places(), Catalogue.load(), key=b"k" * 32)
    assert (refused.outcome, refused.cause, len(refused.lines)) == (Outcome.REJECT, "wrong-name-or-password", 14)
    assert (accepted.outcome, accepted.mac, len(accepted.lines)) == (Outcome.ACCEPT, "021edfe8845a", 14)


def test_detail_files_of_two_servers_make_one_login() -> None:
    """Answers are joined to their requests, whose State and Proxy-State they have."""
    lines: list[Line] = []
    for path in sorted((LOGS / "detail").glob("*.wrong-password.*")):
        host = path.name.partition(".")[0]
        hop = Hop.VISITED if host.startswith("sp") else Hop.HOME
        lines += records(path.read_bytes(), msgspec.structs.replace(about(path), host=host, hop=hop))
    (login,) = assemble(lines, Places(), Catalogue.load(), key=b"k" * 32)
    assert (login.outcome, login.mac, login.outer) == (Outcome.REJECT, "020000000205", "anonymous@almelo.example")
    assert set(login.seen) == {Hop.VISITED, Hop.HOME}
    assert len(login.lines) == len(lines)


@pytest.mark.parametrize(
    ("others", "cause"),
    [
        ("", "login-failed-at-access-point"),
        (
            (
                "Mon Nov 23 08:50:57 2026 : Auth: (7) Login incorrect (Home Server says so): "
                "[anonymous@almelo.example] (from client ap port 0 cli 02-FD-E2-47-99-10) \n"
            ),
            "refused-by-home",
        ),
    ],
    ids=["access point only", "with the visited server"],
)
def test_what_a_radio_does_after_a_refusal_is_not_its_cause(others: str, cause: str) -> None:
    begin = "Nov 23 08:50:57 ap6 hostapd: wlan0: STA 02:fd:e2:47:99:10 "
    text = (
        f"{begin}IEEE 802.1X: authentication failed - EAP type: 25 (PEAP)\n"
        f"{begin}IEEE 802.11: deauthenticated due to local deauth request\n"
    )
    lines = records((text + others).encode(), about(Path("all.log")))
    (login,) = assemble(lines, Places(), Catalogue.load(), key=b"k" * 32)
    assert (login.outcome, login.cause) == (Outcome.REJECT, cause)
