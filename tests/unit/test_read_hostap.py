"""hostapd and wpa_supplicant: how it went at both ends of the radio."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ggi_net.authlog.read import secret_values
from ggi_net.authlog.read.formats import hostapd, wpa_supplicant
from ggi_net.secrets import MASK

STA = "wlan0: STA 02:00:00:00:01:00 "


def of(said: dict[str, str] | None) -> dict[str, str]:
    assert said is not None
    return {name: str(value) for name, value in said.items() if value}


# -- hostapd --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "means"),
    [
        ("IEEE 802.1X: authenticated - EAP type: 25 (PEAP)", {"kind": "result", "result": "accept", "eap": "PEAP"}),
        ("IEEE 802.1X: authenticated - EAP type: 0 (unknown) (PMKSA cache)", {"kind": "result", "result": "accept"}),
        (
            "IEEE 802.1X: authentication failed - EAP type: 25 (PEAP)",
            {"kind": "result", "result": "reject", "eap": "PEAP", "reason": "authentication failed"},
        ),
        (
            "IEEE 802.1X: STA identity 'anonymous@almelo.example'",
            {"kind": "notice", "outer": "anonymous@almelo.example"},
        ),
        ("IEEE 802.1X: STA identity 'it's 'me''", {"kind": "notice", "outer": "it's 'me'"}),
        ("IEEE 802.1X: Identity received from STA: 'meh'", {"kind": "notice", "outer": "meh"}),
        ("RADIUS: starting accounting session DE4AD714668AF606", {"kind": "accounting", "session": "DE4AD714668AF606"}),
        ("RADIUS: stopped accounting session DE4AD714668AF606", {"kind": "accounting", "session": "DE4AD714668AF606"}),
        ("RADIUS: VLAN ID 340", {"kind": "notice", "vlan": "340"}),
        (
            "IEEE 802.11: did not acknowledge authentication response",
            {"kind": "notice", "reason": "did not acknowledge authentication response"},
        ),
        (
            "IEEE 802.11: deauthenticated due to local deauth request",
            {"kind": "notice", "reason": "deauthenticated due to local deauth request"},
        ),
        (
            "IEEE 802.11: disassociated due to inactivity",
            {"kind": "notice", "reason": "disassociated due to inactivity"},
        ),
        ("WPA: EAPOL-Key timeout", {"kind": "notice", "reason": "EAPOL-Key timeout"}),
        (
            "WPA: invalid MIC in msg 2/4 of 4-Way Handshake",
            {"kind": "notice", "reason": "invalid MIC in msg 2/4 of 4-Way Handshake"},
        ),
        (
            "IEEE 802.1X: authentication server did not include required VLAN ID in Access-Accept",
            {"kind": "notice", "reason": "authentication server did not include required VLAN ID in Access-Accept"},
        ),
        ("IEEE 802.11: associated (aid 1)", {"kind": "notice"}),
        ("WPA: pairwise key handshake completed (RSN)", {"kind": "notice"}),
    ],
)
def test_hostapd_says_of_a_device(words: str, means: dict[str, str]) -> None:
    assert of(hostapd.read(STA + words)) == {"hop": "access_point", "mac": "02:00:00:00:01:00", **means}


@pytest.mark.parametrize(
    ("line", "means"),
    [
        ("wlan0: CTRL-EVENT-EAP-STARTED 02:00:00:00:01:00", {"kind": "request"}),
        ("wlan0: CTRL-EVENT-EAP-SUCCESS2 02:00:00:00:01:00", {"kind": "notice"}),
        ("wlan0: CTRL-EVENT-EAP-FAILURE2 02:00:00:00:01:00", {"kind": "notice", "reason": "CTRL-EVENT-EAP-FAILURE2"}),
        (
            "wlan0: CTRL-EVENT-EAP-TIMEOUT-FAILURE2 02:00:00:00:01:00",
            {"kind": "notice", "reason": "CTRL-EVENT-EAP-TIMEOUT-FAILURE2"},
        ),
        (
            "wlan0: AP-STA-POSSIBLE-PSK-MISMATCH 02:00:00:00:01:00",
            {"kind": "notice", "reason": "AP-STA-POSSIBLE-PSK-MISMATCH"},
        ),
        ("wlan0: AP-STA-CONNECTED 02:00:00:00:01:00", {"kind": "notice"}),
    ],
)
def test_hostapd_events(line: str, means: dict[str, str]) -> None:
    assert of(hostapd.read(line)) == {"hop": "access_point", "mac": "02:00:00:00:01:00", **means}


def test_hostapd_a_silent_server_is_named() -> None:
    said = of(hostapd.read("wlan0: RADIUS No response from Authentication server 192.0.2.1:1812 - failover"))
    assert said == {
        "kind": "notice",
        "hop": "access_point",
        "server": "192.0.2.1:1812",
        "reason": "No response from Authentication server",
    }


@pytest.mark.parametrize("stamps", ["1795450603.806293: ", "1795450603.806293: 1795450603.806299: "])
def test_hostapd_stamps(stamps: str) -> None:
    said = of(hostapd.read(f"{stamps}{STA}IEEE 802.1X: authenticated - EAP type: 25 (PEAP)"))
    assert (said["time"], said["result"]) == ("1795450603.806293", "accept")


def test_hostapd_no_word_that_somebody_chose_is_in_a_reason() -> None:
    line = f"{STA}RADIUS: old identity 'authentication failed' updated with User-Name from Access-Accept 'not invalid'"
    assert "reason" not in of(hostapd.read(line))
    named = f"{STA}IEEE 802.11: Station tried to associate with unknown SSID 'EAPOL-Key timeout'"
    assert of(hostapd.read(named))["reason"] == "Station tried to associate with unknown SSID"


def test_hostapd_a_name_forges_no_answer() -> None:
    forged = f"{STA}IEEE 802.1X: STA identity 'x' {STA}IEEE 802.1X: authenticated - EAP type: 25 (PEAP)'"
    said = of(hostapd.read(forged))
    assert said["kind"] == "notice"
    assert "result" not in said


# -- wpa_supplicant -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "means"),
    [
        ("CTRL-EVENT-EAP-STARTED EAP authentication started", {"kind": "request"}),
        ("CTRL-EVENT-EAP-METHOD EAP vendor 0 method 25 (PEAP) selected", {"kind": "notice", "eap": "PEAP"}),
        ("CTRL-EVENT-EAP-SUCCESS EAP authentication completed successfully", {"kind": "result", "result": "accept"}),
        (
            "CTRL-EVENT-EAP-FAILURE EAP authentication failed",
            {"kind": "result", "result": "reject", "reason": "EAP authentication failed"},
        ),
        (
            (
                "CTRL-EVENT-EAP-TLS-CERT-ERROR reason=1 depth=1 subject='/CN=its 'own' err='' "
                "err='unable to get local issuer certificate'"
            ),
            {
                "kind": "notice",
                "reason": "CTRL-EVENT-EAP-TLS-CERT-ERROR reason=1 depth=1 err='unable to get local issuer certificate'",
            },
        ),
        (
            "SSL: SSL3 alert: write (local SSL3 detected an error):fatal:unknown CA",
            {"kind": "notice", "reason": "SSL3 alert: write (local SSL3 detected an error):fatal:unknown CA"},
        ),
        (
            "SSL: SSL3 alert: read (remote end reported an error):fatal:certificate expired",
            {"kind": "notice", "reason": "SSL3 alert: read (remote end reported an error):fatal:certificate expired"},
        ),
        (
            (
                "TLS: Certificate verification failed, error 10 (certificate has expired) depth 0 "
                "for '/CN=radius.almelo.example'"
            ),
            {"kind": "notice", "reason": "TLS: Certificate verification failed, error 10 (certificate has expired)"},
        ),
        ("SSL: Using TLS version TLSv1.2", {"kind": "notice", "tls": "TLS 1.2"}),
        (
            "EAP-MSCHAPV2: failure message: 'E=691 R=1' (retry allowed, error 691)",
            {"kind": "notice", "reason": "EAP-MSCHAPV2: failure message (retry allowed, error 691)"},
        ),
        (
            "CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:00:00 reason=3 locally_generated=1",
            {
                "kind": "notice",
                "called": "02:00:00:00:00:00",
                "reason": "CTRL-EVENT-DISCONNECTED reason=3 locally_generated=1",
            },
        ),
        (
            'CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid="govroam" auth_failures=2 duration=35 reason=WRONG_KEY',
            {"kind": "notice", "reason": "CTRL-EVENT-SSID-TEMP-DISABLED reason=WRONG_KEY"},
        ),
        (
            "CTRL-EVENT-ASSOC-REJECT bssid=02:00:00:00:00:00 status_code=17",
            {"kind": "notice", "called": "02:00:00:00:00:00", "reason": "CTRL-EVENT-ASSOC-REJECT status_code=17"},
        ),
        (
            "CTRL-EVENT-AUTH-REJECT 02:00:00:00:00:00 auth_type=0 auth_transaction=2 status_code=1",
            {"kind": "notice", "called": "02:00:00:00:00:00", "reason": "CTRL-EVENT-AUTH-REJECT status_code=1"},
        ),
        (
            "SME: Trying to authenticate with 02:00:00:00:00:00 (SSID='govroam' freq=2437 MHz)",
            {"kind": "notice", "called": "02:00:00:00:00:00:govroam"},
        ),
        ("Own MAC address: 6a:69:14:82:be:39", {"kind": "notice", "mac": "6a:69:14:82:be:39"}),
        ("EAP-TLV: TLV Result - Failure", {"kind": "notice", "reason": "EAP-TLV: TLV Result - Failure"}),
    ],
)
@pytest.mark.parametrize("before", ["", "wlan1: "])
def test_wpa_supplicant_says(before: str, words: str, means: dict[str, str]) -> None:
    assert of(wpa_supplicant.read(before + words)) == {"hop": "device", **means}


def test_wpa_supplicant_a_network_name_forges_nothing() -> None:
    name = '" auth_failures=1 duration=1 reason=CONN_FAILED'
    line = f'CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid="{name}" auth_failures=2 duration=35 reason=WRONG_KEY'
    said = of(wpa_supplicant.read(line))
    assert said["reason"] == "CTRL-EVENT-SSID-TEMP-DISABLED reason=WRONG_KEY"


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("password - hexdump_ascii(len=4): [x]", f"password - hexdump_ascii(len=4): {MASK}"),
        ("     66 6f 75 74                                       fout            ", f"     {MASK}"),
        ("EAP-TTLS: Derived key - hexdump(len=64): 0a 0b 0c", f"EAP-TTLS: Derived key - hexdump(len=64): {MASK}"),
        ("1795450602.973301: PSK - hexdump(len=2): de ad", f"1795450602.973301: PSK - hexdump(len=2): {MASK}"),
        ("CTRL-EVENT-EAP-STARTED EAP authentication started", "CTRL-EVENT-EAP-STARTED EAP authentication started"),
        ("      Value: 026a", "      Value: 026a"),
    ],
)
def test_no_hex_dump_is_kept(line: str, kept: str) -> None:
    assert secret_values.hexdump(line) == kept
    assert secret_values.is_hexdump(line) == (line != kept)
    assert wpa_supplicant.FORMAT.conceal is secret_values.hexdump
    assert secret_values.hexdump("password - hexdump_ascii(len=4):") == "password - hexdump_ascii(len=4):"
    if line != kept:
        assert wpa_supplicant.read(line) is not None, "a line that is not taken is not concealed"


# -- both -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["", "Mon Nov 23 15:49:25 2026 : Auth: (1) Login OK: [x]", "eth0: link up", "STA ", "a: b: c: d"]
)
def test_other_lines_are_not_mine(line: str) -> None:
    assert hostapd.read(line) is None
    assert wpa_supplicant.read(line) is None


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    for line in (text, STA + text, STA + "IEEE 802.1X: " + text, "CTRL-EVENT-" + text, "wlan0: CTRL-EVENT-EAP-" + text):
        for module in (hostapd, wpa_supplicant):
            module.read(line)
            module.notice(line)
        secret_values.hexdump(line)


@pytest.mark.parametrize(
    "bomb",
    [
        STA + "IEEE 802.1X: STA identity '" + "'" * 200_000,
        STA + "WPA: " + "\"'" * 100_000,
        "CTRL-EVENT-EAP-TLS-CERT-ERROR reason=1 depth=1 subject='" + "' err='" * 100_000,
        'CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid="' + '" auth_failures=1 duration=1 reason=A' * 20_000 + "!",
        " " * 300_000,
        "9" * 300_000,
        "x - hexdump(len=" * 100_000,
    ],
    ids=range(7),
)
def test_a_bomb_takes_linear_time(bomb: str) -> None:
    began = time.process_time()
    for module in (hostapd, wpa_supplicant):
        module.read(bomb)
        module.notice(bomb)
    secret_values.hexdump(bomb)
    assert time.process_time() - began < 1
