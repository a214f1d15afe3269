"""FreeRADIUS detail files: packets, and the secrets in them that are never stored."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ggi_net.authlog.read import secret_values
from ggi_net.authlog.read.formats.detail import FORMAT, read
from ggi_net.secrets import MASK

REQUEST = """Mon Nov 23 15:49:25 2026
	Packet-Type = Access-Request
	User-Name = "anonymous@almelo.example"
	NAS-IP-Address = 127.0.0.1
	Calling-Station-Id = "02-00-00-00-02-02"
	Called-Station-Id = "02-AA-BB-CC-DD-01:govroam"
	NAS-Identifier = "ap1.visited.example"
	EAP-Message = 0x0210001d01616e6f6e796d6f757340616c6d656c6f2e6578616d706c65
	Message-Authenticator = 0x55bdff1a1b29c03228256c1278aab5b5
	Operator-Name = "1hengelo.example"
	Proxy-State = 0x30
	Timestamp = 1795448965

"""
ACCEPT = """Mon Nov 23 15:49:25 2026
	Packet-Type = Access-Accept
	MS-MPPE-Recv-Key = 0x2e9d3fde4ce4bf4a2e6af222743cd60fce134d90d517c8c19cb86e65d475879f
	MS-MPPE-Send-Key = 0x584e8c022a5278a050e94268172f30c1c5a1e5e18bd237ca387217483df25b0e
	EAP-MSK = 0x2e9d3fde4ce4bf4a2e6af222743cd60fce134d90d517c8c19cb86e65d475879f
	EAP-EMSK = 0x1c3c84ab93ae142594b62961d75c508fcbac50bc436087439f2fad0e87c8e963
	EAP-Session-Id = 0x19aba7b7
	EAP-Message = 0x03170004
	Proxy-State = 0x37
	Chargeable-User-Identity = 0x6232313432666338303563306237346634316538653339646166626330613865
	TLS-Session-Cipher-Suite = "ECDHE-ECDSA-AES256-GCM-SHA384"
	TLS-Session-Version = "TLS 1.2"
	Tunnel-Type:0 = VLAN
	Tunnel-Private-Group-Id:0 = "110"
	Timestamp = 1795448965

"""
START = """Mon Nov 23 15:51:52 2026
	Acct-Status-Type = Start
	Acct-Session-Id = "0000ABCD"
	User-Name = "anonymous@almelo.example"
	Calling-Station-Id = "02-00-00-00-02-01"
	Framed-IP-Address = 198.51.100.23
	Timestamp = 1795449112

"""


def of(text: str) -> dict[str, str]:
    said = read(text)
    assert said is not None
    return {name: str(value) for name, value in said.items() if value}


def test_the_first_request_begins_a_conversation() -> None:
    assert of(REQUEST) == {
        "kind": "request",
        "time": "1795448965",
        "outer": "anonymous@almelo.example",
        "mac": "02-00-00-00-02-02",
        "called": "02-AA-BB-CC-DD-01:govroam",
        "nas": "ap1.visited.example",
        "operator": "1hengelo.example",
        "session": "0x30",
    }


def test_a_request_with_a_state_goes_on_and_tells_the_method() -> None:
    said = of(REQUEST.replace("EAP-Message = 0x0210001d01", "State = 0x0b88\n\tEAP-Message = 0x0211001d19"))
    assert (said["kind"], said["state"], said["eap"]) == ("notice", "0b88", "PEAP")


def test_accept_says_cui_vlan_and_tls() -> None:
    said = of(ACCEPT)
    assert (said["result"], said["cui"]) == ("accept", "b2142fc805c0b74f41e8e39dafbc0a8e")
    assert (said["vlan"], said["tls"]) == ("110", "TLS 1.2")


def test_an_answer_has_the_proxy_states_of_its_request_and_nothing_else_that_joins_them() -> None:
    both = "Proxy-State = 0x30\n\tProxy-State = 0x3137"
    asked = of(REQUEST.replace("Proxy-State = 0x30", both))
    answered = of(ACCEPT.replace("Proxy-State = 0x37", both))
    assert asked["session"] == answered["session"] == "0x30 0x3137"
    assert "mac" not in answered


def test_reject_says_why() -> None:
    said = of('Mon Nov 23 15:49:25 2026\n\tPacket-Type = Access-Reject\n\tReply-Message = "Misconfigured client"\n\n')
    assert (said["kind"], said["result"], said["reason"]) == ("result", "reject", "Misconfigured client")


@pytest.mark.parametrize("head", ["", "\tPacket-Type = Accounting-Request\n"])
def test_accounting_has_session_and_address(head: str) -> None:
    said = of(START.replace("\tAcct-Status", f"{head}\tAcct-Status", 1))
    assert (said["kind"], said["session"], said["address"]) == ("accounting", "0000ABCD", "198.51.100.23")


def test_the_date_counts_where_no_timestamp_is() -> None:
    assert of(START.replace("\tTimestamp = 1795449112\n", ""))["time"] == "Mon Nov 23 15:51:52 2026"


def test_no_key_password_or_message_is_kept() -> None:
    passwords = "".join(
        f"\t{name} = {value}\n"
        for name, value in (
            ("User-Password", '"geheim"'),
            ("Cleartext-Password", '"geheim"'),
            ("Tunnel-Password:0", '"geheim"'),
            ("CHAP-Password", "0x67656865696d"),
            ("MS-CHAP2-Response", "0x67656865696d"),
            ("MS-CHAP-MPPE-Keys", "0x67656865696d"),
            ("Cisco-AVPair", '"psk=geheim"'),
            ("NT-Password", "0x67656865696d"),
        )
    )
    text = ACCEPT.replace(
        "\tProxy-State", passwords + "\tEAP-Message = 0x0212001706" + b"geheim".hex() + "\n\tProxy-State"
    )
    kept = secret_values.attributes(text)
    assert FORMAT.conceal is secret_values.attributes
    assert "geheim" not in kept
    assert b"geheim".hex() not in kept
    assert "2e9d3fde" not in kept
    assert "584e8c02" not in kept
    assert "1c3c84ab" not in kept
    assert f"\tEAP-Message = 0x0212001706{MASK}\n" in kept
    assert kept.count("\n") == text.count("\n")
    assert re.sub(r" = .*", "", kept) == re.sub(r" = .*", "", text)
    assert read(kept) == read(ACCEPT)


def test_a_name_that_only_looks_like_a_secret_is_kept() -> None:
    assert secret_values.attributes('\tUser-Name = "password=geheim"\n') == '\tUser-Name = "password=geheim"\n'


def test_escapes_are_undone_and_forge_nothing() -> None:
    """FreeRADIUS writes a line end in a name as \\n, so that no name can begin a record or add an attribute."""
    name = 'x\\"\\n\\nMon Nov 23 15:49:25 2026\\n\\tPacket-Type = Access-Accept\\033[31m'
    text = REQUEST.replace("anonymous@almelo.example", name)
    said = of(text)
    assert said["kind"] == "request"
    assert said["outer"] == 'x"\n\nMon Nov 23 15:49:25 2026\n\tPacket-Type = Access-Accept\x1b[31m'
    assert FORMAT.begins is not None
    assert len(FORMAT.begins.findall(text.encode())) == 1


def test_windows_line_ends() -> None:
    assert read(REQUEST.replace("\n", "\r\n")) == read(REQUEST)


@pytest.mark.parametrize(
    "text", ["", "\n\n", '\tUser-Name = "x"\n', "Mon Nov 23 15:49:25 2026\n", "Mon Nov 23 15:49:25 2026 : Auth: x\n"]
)
def test_what_is_no_record_is_not_mine(text: str) -> None:
    assert read(text) is None


def test_where_records_lie() -> None:
    data = (REQUEST + ACCEPT + START).encode()
    assert FORMAT.opens is not None
    assert FORMAT.begins is not None
    assert FORMAT.ends is not None
    assert FORMAT.opens.match(data)
    assert len(FORMAT.begins.findall(data)) == len(FORMAT.ends.findall(data)) == 3
    assert not FORMAT.opens.match(b"Mon Nov 23 15:49:25 2026 : Auth: (12) Login OK: [x] (from client a port 0)\n")


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    for whole in (text, REQUEST[:40] + text, REQUEST.replace("anonymous@almelo.example", text)):
        read(whole)
        secret_values.attributes(whole)


@pytest.mark.parametrize(
    "bomb",
    ["\t" + "A" * 300_000, "\tA = " + '"' * 200_000, "\n" * 200_000, '\tCisco-AVPair = "' + "key" * 100_000],
    ids=range(4),
)
def test_a_bomb_takes_linear_time(bomb: str) -> None:
    began = time.process_time()
    read("Mon Nov 23 15:49:25 2026\n" + bomb)
    secret_values.attributes(bomb)
    assert time.process_time() - began < 1
