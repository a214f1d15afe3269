"""A small day of logins for the pages' tests: people of Almelo, Hengelo and Enschede, made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ggi_net.authlog.line import Hop, Kind, Line, Product, Result
from ggi_net.authlog.login import Login, Outcome
from ggi_net.authlog.places import Places

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
"""Half past nine in the Netherlands."""

PLACES = Places(
    names={"almelo": "Almelo", "hengelo": "Hengelo", "enschede": "Enschede"},
    sites={"enschede/stadskantoor": "Stadskantoor", "almelo/stadhuis": "Stadhuis Almelo"},
    realms={"almelo.example": "almelo", "hengelo.example": "hengelo", "enschede.example": "enschede"},
    operators={"almelo.example": "almelo", "hengelo.example": "hengelo", "enschede.example": "enschede"},
)

HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&@almelo.example",
    "ansi": "\x1b[31mrood\x1b[0m\x07@almelo.example",
    "direction": "gebruiker\u202egnp.exe\u2066\u2069@almelo.example",
    "zero width": "jan\u200bsen\ufeff\u2060@almelo.example",
    "blank": "\u2800\u3164\u115f@almelo.example",
    "stacked": "z" + "\u0323\u0330\u0347\u0301" * 20 + "@almelo.example",
    "newline": "jan\nThu Nov 23 09:00:00 2026 : Auth: Login OK: [chef@almelo.example]\r\n",
    "long": "a" * 253,
    "wide": "\u0635" * 120 + "@almelo.example",
    "template": "{{ 7*7 }}{% raw %}${7*7}#{7*7}",
    "sql": "'; DROP TABLE logins; --@almelo.example",
    "formula": '=HYPERLINK("http://evil.example")@almelo.example',
    "nul": "jan\x00sen@almelo.example",
    "high": "jan\udcffsen\U000e0041@almelo.example",
}
"""What somebody may call themselves: RADIUS lets a User-Name be any 253 bytes."""


def line(seconds: float, **fields) -> Line:
    """A line written so many seconds after nine o'clock."""
    time = datetime(2026, 11, 23, 8, 4, tzinfo=UTC) + timedelta(seconds=seconds)
    return Line(time=time, **{"kind": Kind.RESULT, **fields})


def login(**fields) -> Login:
    """A login of j.jansen of Almelo at Enschede, by default with an old password."""
    name = fields.pop("inner", "j.jansen@almelo.example")
    begin = fields.pop("begin", datetime(2026, 11, 23, 8, 4, 0, 120000, tzinfo=UTC))
    return Login(
        **{
            "id": "2A9Z0C4H8K3M7N1P5Q6R8S2T4V",
            "begin": begin,
            "end": begin + timedelta(minutes=3),
            "outcome": Outcome.REJECT,
            "attempts": 41,
            "outer": "anonymous@almelo.example",
            "inner": name,
            "realm": "almelo.example",
            "mac": "3c22fb4a9e01",
            "ap": "02aabbccdd01",
            "ssid": "govroam",
            "nas": "ap-stadskantoor-1",
            "operator": "enschede.example",
            "visited": "enschede",
            "home": "almelo",
            "site": "stadskantoor",
            "eap": "TTLS",
            "reason": "pap: Cleartext password does not match",
            "cause": "wrong-password",
            "broken": Hop.HOME,
            "seen": (Hop.VISITED, Hop.FEDERATION, Hop.HOME),
            "lines": evidence(name),
            **fields,
        }
    )


def evidence(name: str) -> tuple[Line, ...]:
    """The lines of one attempt with a wrong password, as three servers wrote them."""
    stamp = "Mon Nov 23 09:04:0"
    return (
        line(
            0.12, product=Product.FREERADIUS, kind=Kind.REQUEST, hop=Hop.VISITED, host="radius-enschede-01",
            raw=f"{stamp}0 2026 : Auth: (22) Access-Request: [anonymous@almelo.example] "
            "(from client ap-stadskantoor-1 port 0 cli 3C-22-FB-4A-9E-01)",
        ),
        line(
            0.31, product=Product.FREERADIUS, kind=Kind.INNER, hop=Hop.HOME, host="radius-almelo-01",
            result=Result.REJECT, inner=name,
            raw=f'{stamp}0 2026 : Auth: (31)   Login incorrect (pap: Cleartext password does not match "known good" '
            f"password): [{name}] (from client flr1 port 0 cli 3C-22-FB-4A-9E-01 via TLS tunnel)",
        ),
        line(
            0.34, product=Product.RADSECPROXY, hop=Hop.FEDERATION, host="flr-asd-01", result=Result.REJECT,
            raw=f"{stamp}0 2026: Access-Reject for user anonymous@almelo.example stationid 3C-22-FB-4A-9E-01 from "
            "almelo to enschede (2001:db8::10) operator 1enschede.example",
        ),
        line(
            1.02, product=Product.FREERADIUS, hop=Hop.VISITED, host="radius-enschede-01", result=Result.REJECT,
            raw=f"{stamp}1 2026 : Auth: (22) Login incorrect (Home Server says so): [anonymous@almelo.example] "
            "(from client ap-stadskantoor-1 port 0 cli 3C-22-FB-4A-9E-01)",
        ),
    )  # fmt: skip
