"""Lines of radsecproxy, FreeRADIUS, F-Ticks and the login log: what they say, and that nobody can forge it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import msgspec
import pytest
import read_logs
from hypothesis import given, settings
from hypothesis import strategies as st
from read_logs import about

from ggi_net.authlog.line import Hop, Kind, Line, Product, Result
from ggi_net.authlog.read import Source, lines, records, whole
from ggi_net.authlog.read.cut import LONGEST
from ggi_net.authlog.read.formats import FORMATS
from ggi_net.secrets import MASK

CTIME = "Mon Nov 23 15:49:27 2026"


def one(text: str, **known: object) -> Line:
    """What a single line says."""
    (line,) = records(text.encode("utf-8", "surrogateescape"), about(**known))
    return line


def test_every_real_line_says_what_was_read_and_found_right() -> None:
    expected = [json.loads(line) for line in read_logs.EXPECTED.read_text().splitlines()]
    assert read_logs.said() == expected


def test_no_real_line_is_left_unread() -> None:
    assert len(read_logs.REAL) > 90
    kinds = {line.kind for path in read_logs.REAL for line in records(path.read_bytes(), about())}
    assert Kind.UNPARSED not in kinds


ENVELOPES = {
    "its own date": f"{CTIME}: %s",
    "RFC 3164 in a file": "Nov 23 15:49:27 flr1 radsecproxy[14045]: %s",
    "RFC 3164 from a socket": "<132>Nov 23 15:49:27 radsecproxy[14045]: %s",
    "RFC 3164 over the network": "<132>Nov 23 15:49:27 flr1 radsecproxy: %s",
    "rsyslog's file format": "2026-11-23T15:49:27.000000+01:00 flr1 radsecproxy[14045]: %s",
    "rsyslog's file format, in UTC": "2026-11-23T14:49:27Z flr1 radsecproxy[14045]:  %s",
    "journalctl's short-iso": "2026-11-23T15:49:27+0100 flr1 radsecproxy[14045]: %s",
    "syslog-ng's ISO date": "2026-11-23T15:49:27+01:00 flr1 radsecproxy[14045]: %s",
    "an IPv6 host": "Nov 23 15:49:27 2001:db8::1 radsecproxy[14045]: %s",
    "RFC 5424": "<132>1 2026-11-23T14:49:27.000Z flr1 radsecproxy 14045 - - %s",
    "RFC 5424 with data": '<132>1 2026-11-23T14:49:27Z flr1 radsecproxy - ID47 [a@1 b="c]\\"" d="e"][f] \ufeff%s',
}
ACCEPT = (
    "Access-Accept for user jan@Almelo.example stationid 02-00-00-00-02-0A cui b214 from almelo to hengelo (127.0.1.10)"
    " operator 1Hengelo.example"
)


@pytest.mark.parametrize("envelope", ENVELOPES.values(), ids=ENVELOPES)
def test_an_envelope_changes_nothing_of_what_is_said(envelope: str) -> None:
    line = one(envelope % ACCEPT)
    assert line.time == datetime(2026, 11, 23, 14, 49, 27, tzinfo=UTC)
    assert line.raw == envelope % ACCEPT
    assert line.host == {"flr1": "flr1", "2001": "2001:db8::1"}.get(
        next((h for h in ("flr1", "2001:") if h in envelope), "").rstrip(":"), ""
    )
    assert line == Line(
        time=line.time,
        product=Product.RADSECPROXY,
        kind=Kind.RESULT,
        result=Result.ACCEPT,
        host=line.host,
        outer="jan@Almelo.example",
        realm="almelo.example",
        mac="02000000020a",
        operator="hengelo.example",
        client="hengelo",
        server="almelo",
        cui="b214",
        source="log",
        raw=line.raw,
    )


@pytest.mark.parametrize("envelope", [*ENVELOPES.values(), "{}%s"], ids=[*ENVELOPES, "none"])
def test_an_empty_message_is_kept(envelope: str) -> None:
    assert one(envelope % "").raw == envelope % ""


def test_freeradius_in_syslog_has_its_date_outside_or_twice() -> None:
    message = (
        "(31)   Login incorrect (pap: no): [jan@almelo.example] (from client flr1 port 0 cli "
        "02-00-00-00-02-04 via TLS tunnel)"
    )
    for start in (
        "Nov 23 15:49:27 idp freeradius[7]: ",
        f"Nov 23 16:00:00 idp radiusd: {CTIME} : Auth: ",
        f"{CTIME} : Auth: ",
    ):
        line = one(start + message)
        assert (line.time.hour, line.time.minute) == (14, 49)
        assert (line.kind, line.hop, line.result, line.session) == (Kind.INNER, Hop.HOME, Result.REJECT, "31")
        assert (line.inner, line.outer, line.mac, line.client, line.reason) == (
            "jan@almelo.example",
            "",
            "020000000204",
            "flr1",
            "pap: no",
        )


RADSECPROXY = {
    "no station": (
        "Access-Reject for user @a.nl from b to c (1.2.3.4)",
        {"outer": "@a.nl", "realm": "a.nl", "server": "b", "client": "c"},
    ),
    "a static station": ("Access-Reject for user @a.nl stationid undisclosed from b to c (1.2.3.4)", {"mac": ""}),
    "a station in six words": (
        "Access-Reject for user @a.nl stationid 02 00 00 00 02 0A from b to c (::1)",
        {"mac": "02000000020a"},
    ),
    "a Cisco station": (
        "Access-Reject for user @a.nl stationid 0200.0000.020a from b to c (::1)",
        {"mac": "02000000020a"},
    ),
    "a hash with its vendor": (
        f"Access-Reject for user @a.nl stationid 02-00-00-{'ab' * 32} from b to c (::1)",
        {"mac": "ab" * 32},
    ),
    "a hash": (f"Access-Reject for user @a.nl stationid {'AB' * 32} from b to c (::1)", {"mac": "ab" * 32}),
    "our refusal": (
        (
            "Access-Reject for user x y stationid 02-00-00-00-02-0A from _self_ (govroam: no realm "
            "(no-realm)) to c (::1) operator 1d.nl"
        ),
        {"outer": "x y", "realm": "", "server": "_self_", "reason": "govroam: no realm (no-realm)", "operator": "d.nl"},
    ),
    "an operator that is no realm": (
        "Access-Reject for user @a.nl from b to c (::1) operator 026201",
        {"operator": ""},
    ),
    "a reply to a success": (
        "Access-Accept for user @a.nl from b (hello) to c (::1)",
        {"reason": "", "result": "accept"},
    ),
    "a reply that names the user": (
        'Access-Reject for user jan@a.nl from b (no user "jan@a.nl" or (jan) here) to c (::1)',
        {"reason": 'no user "" or here'},
    ),
    "nobody's answer": (
        "Access-Reject (response to Access-Request) from b to c (::1)",
        {"kind": "notice", "reason": "response to Access-Request"},
    ),
    "silence": (
        "missing response to Access-Request for user jan@a.nl stationid 02-00-00-00-02-0A from c (::1) to b",
        {
            "kind": "notice",
            "outer": "jan@a.nl",
            "client": "c",
            "server": "b",
            "reason": "missing response to Access-Request",
        },
    ),
    "accounting": (
        "Accounting-Response for user jan@a.nl from b to c (::1)",
        {"kind": "accounting", "outer": "jan@a.nl"},
    ),
    "a request, at a higher level": (
        "radsrv: got Access-Request (id 7) with username: jan@a.nl from client c (::1)",
        {"kind": "notice", "outer": "jan@a.nl", "client": "c", "reason": "Access-Request"},
    ),
}


@pytest.mark.parametrize(("text", "said"), RADSECPROXY.values(), ids=RADSECPROXY)
def test_radsecproxy_says(text: str, said: dict[str, str]) -> None:
    found = msgspec.to_builtins(one(f"{CTIME}: {text}"))
    assert {name: found.get(name, "") for name in said} == said
    assert found["product"] == "radsecproxy"


FREERADIUS = {
    "3.0, no number": (
        "Auth: Login OK: [a@b.nl] (from client ap port 13 cli 02-00-00-00-02-0A)",
        {"outer": "a@b.nl", "mac": "02000000020a", "session": ""},
    ),
    "no station": (
        "Auth: (1) Login OK: [a@b.nl] (from client ap port 0)",
        {"outer": "a@b.nl", "mac": "", "client": "ap"},
    ),
    "a virtual server": (
        "Auth: (1)   Login OK: [a@b.nl] (from client ap port 0 via proxy to virtual server)",
        {"outer": "a@b.nl", "kind": "result"},
    ),
    "a password behind the name": (
        "Auth: (1) Login incorrect: [a@b.nl/geheim] (from client ap port 0)",
        {"outer": "a@b.nl"},
    ),
    "a machine": ("Auth: (1) Login incorrect: [host/pc1.b.nl] (from client ap port 0)", {"outer": "host/pc1.b.nl"}),
    "an alert": (
        "ERROR: (55) eap_ttls: ERROR: (TLS) Alert read:fatal:unknown CA",
        {"kind": "notice", "session": "55", "reason": "eap_ttls: ERROR: (TLS) Alert read:fatal:unknown CA"},
    ),
    "too many logins": ("Auth: (1) Multiple logins (max 1) : [a@b.nl] (from client ap port 0)", {"kind": "notice"}),
    "names of two kinds": (
        (
            "Auth: (1)   Login incorrect (mschap: User-Name (Alert read:fatal) is not the same as "
            "MS-CHAP Name (unknown CA) from"
            " EAP-MSCHAPv2): [a@b.nl] (from client ap port 0 via TLS tunnel)"
        ),
        {"reason": "mschap: User-Name () is not the same as MS-CHAP Name () from EAP-MSCHAPv2", "inner": "a@b.nl"},
    ),
    "a name in a search": (
        (
            "Error: rlm_ldap (ldap): Ambiguous search result, returned 2 unsorted entries for "
            '"(uid=Alert read:fatal:unknown CA)"'
        ),
        {"reason": 'rlm_ldap (ldap): Ambiguous search result, returned 2 unsorted entries for ""'},
    ),
    "no answer": (
        (
            'ERROR: (5) ERROR: Failing proxied request for user "x", due to "y", due to lack of any '
            "response from home server 10.0.0.1 port 2083"
        ),
        {
            "outer": 'x", due to "y',
            "server": "10.0.0.1",
            "reason": (
                'ERROR: Failing proxied request for user "", due to lack of any response from home '
                "server 10.0.0.1 port 2083"
            ),
        },
    ),
}


@pytest.mark.parametrize(("text", "said"), FREERADIUS.values(), ids=FREERADIUS)
def test_freeradius_says(text: str, said: dict[str, str]) -> None:
    found = msgspec.to_builtins(one(f"{CTIME} : {text}"))
    assert {name: found.get(name, "") for name in said} == said
    assert found["product"] == "freeradius"


@pytest.mark.parametrize(
    ("name", "kept", "stored"),
    [
        ("a@b.nl/geheim", "a@b.nl", f"a@b.nl/{MASK}"),
        ("a@b.nl/ge/he] (im", "a@b.nl", f"a@b.nl/{MASK}"),
        ("jan/geheim", "jan", f"jan/{MASK}"),
        ("host/pc1.b.nl/<via Auth-Type = eap>", "host/pc1.b.nl", f"host/pc1.b.nl/{MASK}"),
        ("host/pc1.b.nl", "host/pc1.b.nl", "host/pc1.b.nl"),
    ],
)
@pytest.mark.parametrize("copies", [1, 1000])
def test_a_password_in_the_log_is_stored_nowhere(name: str, kept: str, stored: str, copies: int) -> None:
    """With `auth_badpass`, FreeRADIUS writes it behind the name."""
    text = f"{CTIME} : Auth: (1)   Login incorrect (pap: no/yes): [%s] (from client ap/1 port 0 via TLS tunnel)"
    found = records((text % name + "\n").encode() * copies, about())
    assert {(line.inner, line.reason, line.raw) for line in found} == {(kept, "pap: no/yes", text % stored)}


def test_f_ticks_are_read_by_key_whatever_their_order() -> None:
    for keys in (
        "REALM=a.nl#VISCOUNTRY=NL#VISINST=1b.nl#CSI=02-00-00-00-02-0A#RESULT=FAIL#",
        "RESULT=FAIL#CSI=02:00:00:00:02:0a#VISINST=1B.nl#VISCOUNTRY=NL#REALM=A.nl#FOO=#",
    ):
        line = one(f"Nov 23 15:49:27 flr1 radsecproxy[1]: F-TICKS/govroam/1.0#{keys}")
        assert (line.product, line.result, line.realm, line.operator, line.mac, line.host) == (
            Product.FTICKS,
            Result.REJECT,
            "a.nl",
            "b.nl",
            "02000000020a",
            "flr1",
        )


FIELDS = (
    "time",
    "host",
    "role",
    "event",
    "result",
    "outer",
    "inner",
    "realm",
    "mac",
    "called_station",
    "nas",
    "client",
    "operator",
    "cui",
    "refusal",
    "reason",
    "eap_type",
    "tls_version",
    "vlan",
    "address",
)
LOGIN = dict.fromkeys(FIELDS, "") | {
    "time": "2026-11-23T14:49:27Z",
    "host": "radius-almelo-01",
    "role": "idp",
    "event": "result",
    "result": "reject",
    "outer": "anonymous@almelo.nl",
    "inner": "o=27brien@almelo.nl",
    "realm": "almelo.nl",
    "mac": "02-00-00-00-02-04",
    "called_station": "02-AA-BB-CC-DD-01:govroam",
    "nas": "ap1",
    "client": "flr1",
    "operator": "1hengelo.nl",
    "refusal": "inner-realm",
    "reason": "pap: Cleartext password does not match =22known good=22 password",
    "eap_type": "TTLS",
    "tls_version": "TLS 1.2",
    "vlan": "340",
    "address": "2001:db8::5",
}


def test_the_template_writes_the_fields_that_are_read() -> None:
    from ggi_net.paths import templates_folder

    template = (templates_folder() / "freeradius/radiusd.conf/login-log.j2").read_text()
    written = template.partition('format = "')[2].replace("\\", "")
    assert written.startswith("{" + ",".join(f'"{name}":"' for name in FIELDS[:1]))
    assert [written.index(f'"{name}":"') for name in FIELDS] == sorted(written.index(f'"{name}":"') for name in FIELDS)


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")], ids=["as the template writes", "with spaces"])
@pytest.mark.parametrize("start", ["", "Nov 23 15:00:00 other json: "], ids=["alone", "in syslog"])
def test_the_login_log_says_all_of_it(separators: tuple[str, str], start: str) -> None:
    line = one(start + json.dumps(LOGIN, separators=separators))
    assert line == Line(
        time=datetime(2026, 11, 23, 14, 49, 27, tzinfo=UTC),
        product=Product.FREERADIUS,
        kind=Kind.RESULT,
        hop=Hop.HOME,
        result=Result.REJECT,
        host="radius-almelo-01",
        outer="anonymous@almelo.nl",
        inner="o'brien@almelo.nl",
        realm="almelo.nl",
        mac="020000000204",
        ap="02aabbccdd01",
        ssid="govroam",
        nas="ap1",
        operator="hengelo.nl",
        client="flr1",
        eap="TTLS",
        tls="TLS 1.2",
        vlan="340",
        address="2001:db8::5",
        reason='pap: Cleartext password does not match "known good" password',
        code="inner-realm",
        source="log",
        raw=line.raw,
    )


def test_escapes_that_would_not_be_printable_stay() -> None:
    line = one(json.dumps(LOGIN | {"outer": "a=0Ab@c.nl", "inner": "=C3=A9@c.nl", "nas": "=E9"}, separators=(",", ":")))
    assert (line.outer, line.inner, line.nas) == ("a=0Ab@c.nl", "é@c.nl", "é")


FORGED = {
    "a station in the name": (
        (
            f"{CTIME}: Access-Reject for user x stationid 02-AA-AA-AA-AA-AA from evil (I am right) to you "
            f"(6.6.6.6) stationid"
            " 02-00-00-00-02-0A from home to site (10.0.0.1) operator 1site.nl"
        ),
        {"mac": "02000000020a", "server": "home", "client": "site", "operator": "site.nl", "reason": ""},
    ),
    "an operator in the name": (
        (
            f"{CTIME}: Access-Reject for user x from evil to you (6.6.6.6) operator 1evil.nl stationid "
            f"02-00-00-00-02-0A from"
            " home to site (10.0.0.1) operator 1site.nl"
        ),
        {"server": "home", "operator": "site.nl", "client": "site"},
    ),
    "a whole line in the name": (
        (
            f"{CTIME} : Auth: (1) Login incorrect (eap: no): [x] (from client evil port 0 cli "
            f"02-AA-AA-AA-AA-AA via TLS tunnel)] (from"
            " client ap port 0 cli 02-00-00-00-02-0A)"
        ),
        {"client": "", "mac": "", "kind": "notice", "result": "", "inner": "", "reason": "Login incorrect (eap: no)"},
    ),
    "brackets in the name": (
        f"{CTIME} : Auth: (1) Login incorrect: [[x] (a)] [y]] (from client ap port 0 cli 02-00-00-00-02-0A)",
        {"client": "ap", "mac": "02000000020a", "kind": "result", "outer": "[x] (a)] [y]"},
    ),
    "a reason in the name": (
        (
            f"{CTIME} : Auth: (1) Login incorrect (eap: no): [x (y): [Alert read:fatal:unknown CA): [] "
            f"(from client ap port 0)"
        ),
        {"reason": "eap: no", "outer": "x (y): [Alert read:fatal:unknown CA): ["},
    ),
    "a name in what is appended": (
        (
            f"{CTIME} : Auth: (1) Login incorrect: [x] (from client ap port 0 cli 02-00-00-00-02-0A) "
            f"user=x] (from client evil port 0)"
        ),
        {"kind": "notice", "mac": "", "result": ""},
    ),
    "keys in the realm": (
        (
            f"{CTIME}: "
            f"F-TICKS/govroam/1.0#REALM=a.nl#VISINST=1evil.nl#RESULT=OK##VISCOUNTRY=NL#VISINST=1site.nl#CSI=#RESULT=FAIL#"
        ),
        {"operator": "site.nl", "result": "reject", "realm": "a.nl"},
    ),
    "another daemon's line": (
        f"Nov 23 15:49:27 web sshd[1]: {ACCEPT.replace('Access', ' Access')}",
        {"kind": "", "product": ""},
    ),
}


@pytest.mark.parametrize(("text", "said"), FORGED.values(), ids=FORGED)
def test_what_a_device_chose_forges_nothing(text: str, said: dict[str, str]) -> None:
    found = msgspec.to_builtins(one(text))
    assert {name: found.get(name, "") for name in said} == said


def test_hops_come_from_the_line_then_from_the_host_then_from_the_source() -> None:
    known = {"hop": Hop.VISITED, "hops": {"flr1": Hop.FEDERATION}}
    assert one("Nov 23 15:49:27 flr1 radsecproxy[1]: " + ACCEPT, **known).hop == Hop.FEDERATION
    assert one("Nov 23 15:49:27 sp1 radsecproxy[1]: " + ACCEPT, **known).hop == Hop.VISITED
    assert one(f"{CTIME} : Auth: (1) Login OK: [a] (from client b port 0 via TLS tunnel)", **known).hop == Hop.HOME
    assert one(f"{CTIME}: {ACCEPT}", host="sp1").host == "sp1"


HOSTILE = [
    "Access-Reject for user " + " stationid a from b (c) to d (e) operator f" * 3000,
    "Access-Reject for user " + " stationid a from b (" * 40 + "x" * 200_000,
    "(1) Login incorrect (" + "): [" * 50_000,
    "(1) Login incorrect (" + "x): [y] (from client " * 20_000,
    "Login OK: [" + "] (from client a port 0 cli " * 20_000,
    "F-TICKS/govroam/1.0#" + "REALM=a#" * 50_000,
    '{"time":"' * 30_000,
    '{"a":' + "[" * 200_000,
    "=" * 300_000,
    "(" * 300_000,
    'ERROR: Failing proxied request for user "' * 5_000,
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_no_line_takes_long(number: int) -> None:
    """A second is more than any of them takes on a slow machine, and less than one that explodes does."""
    starts = [
        "",
        f"{CTIME}: ",
        f"{CTIME} : Auth: ",
        "<1>1 - h p - - ",
        "<1>Nov 23 15:49:27 h radsecproxy[1]: ",
        "Nov 23 15:49:27 h hostapd: ",
    ]
    data = "".join(f"{start}{HOSTILE[number]}\n" for start in starts).encode()
    begin = time.process_time()
    found = lines(data, about())
    assert time.process_time() - begin < 1.0 * len(starts)
    assert len(found) == len(starts)


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from([format_.name.encode() for format_ in FORMATS]),
            st.sampled_from(
                [line["raw"].encode() for line in map(json.loads, read_logs.EXPECTED.read_text().splitlines())]
            ),
            st.sampled_from([envelope.encode() for envelope in ENVELOPES.values()]),
        ),
        max_size=8,
    ),
    st.sampled_from([b"", b" ", b"\n", b"\r\n", b"\0", b"\xff\n"]),
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_kept_exactly(parts: list[bytes], between: bytes) -> None:
    data = between.join(parts)
    found = records(data, about())
    at = 0
    for line in found:
        assert data[at : line.offset] in ((b"", b"\n", b"\r\n") if at else (b"",)) or not data[at : line.offset].strip()
        raw = line.raw.encode("latin-1" if line.latin1 else "utf-8")
        assert data[line.offset : line.offset + len(raw)] == raw
        at = line.offset + len(raw)
    assert not data[at:].strip()


def test_bytes_that_are_no_utf8_are_marked() -> None:
    (line,) = records(b"\xe9t\xe9\0\r\r\n", about())
    assert (line.latin1, line.raw, line.kind) == (True, "\xe9t\xe9\0\r", Kind.UNPARSED)


def test_a_line_without_an_end_is_left_for_later() -> None:
    data = f"{CTIME}: a\n{CTIME}: b".encode()
    assert whole(data, about()) == len(CTIME) + 4
    assert len(lines(data, about())) == 2


def test_a_line_that_is_too_long_is_kept_in_pieces_and_not_read() -> None:
    data = b"x\n" + f"{CTIME}: ".encode() + b"y" * (2 * LONGEST) + b"\nz\n"
    found = records(data, about())
    assert [len(line.raw) for line in found] == [1, LONGEST, LONGEST, len(CTIME) + 2, 1]
    assert {line.kind for line in found} == {Kind.UNPARSED}
    assert "".join(line.raw for line in found).encode() == data.replace(b"\n", b"")
    assert whole(data[2 : LONGEST + 10], about()) == LONGEST


@pytest.mark.parametrize("size", [97, 700, 10_000])
def test_a_log_may_come_in_blocks_of_any_size(size: int) -> None:
    data = b"".join(path.read_bytes() for path in read_logs.REAL[:12]) + b"rest"
    at, found, have = 0, [], b""
    for begin in range(0, len(data), size):
        have += data[begin : begin + size]
        ready = whole(have, about())
        found += records(have[:ready], about(), offset=at)
        have, at = have[ready:], at + ready
    assert have == b"rest"
    assert found == records(data[:-4], about())


def test_nothing_is_a_table_without_rows() -> None:
    assert len(lines(b"", Source(name="x", reference=read_logs.REFERENCE))) == 0
    assert records(b"", about()) == []
