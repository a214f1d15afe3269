"""Made-up lines of the formats that come in volume, as their daemons write them; one in ten is a refusal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

_PEOPLE = [
    (f"u{n}@g{n % 342}.example", "-".join(f"{(n * 7919 + k * 131) & 255:02X}" for k in range(6))) for n in range(20_000)
]
_HASHES = [f"{(n + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC8341082276BF3A2 % (1 << 216):054x}" for n in range(20_000)]


def radsecproxy(choose: random.Random, number: int) -> str:
    """A line of a proxy's own log."""
    (user, mac), town = choose.choice(_PEOPLE), choose.randrange(342)
    realm = user.partition("@")[2]
    refused = choose.random() < 0.1
    cui = "" if refused else f" cui {choose.getrandbits(128):032x}"
    return (
        f"Mon Nov 23 {_clock(number)} 2026: Access-{'Reject' if refused else 'Accept'} for user anonymous@{realm}"
        f" stationid {mac}{cui} from {realm} to g{town} (10.0.{town & 255}.10) operator 1g{town}.example"
    )


def freeradius(choose: random.Random, number: int) -> str:
    """A line of `radius.log`."""
    user, mac = choose.choice(_PEOPLE)
    refused = choose.random() < 0.1
    answer = "Login incorrect (mschap: MS-CHAP2-Response is incorrect)" if refused else "Login OK"
    return (
        f"Mon Nov 23 {_clock(number)} 2026 : Auth: ({number})   {answer}: [{user}] (from client flr1 port 0 cli {mac}"
        " via TLS tunnel)"
    )


def fticks(choose: random.Random, number: int) -> str:
    """A line of F-Ticks in a file of syslog."""
    user, mac = choose.choice(_PEOPLE)
    result = "FAIL" if choose.random() < 0.1 else "OK"
    return (
        f"Nov 23 {_clock(number)} flr1 radsecproxy[812]: F-TICKS/govroam/1.0#REALM={user.partition('@')[2]}"
        f"#VISCOUNTRY=NL#VISINST=1g{choose.randrange(342)}.example#CSI={mac[:8].lower()}-{choose.choice(_HASHES)}"
        f"#RESULT={result}#"
    )


def login_log(choose: random.Random, number: int) -> str:
    """A line of the login log that the toolkit's servers write."""
    (user, mac), refused = choose.choice(_PEOPLE), choose.random() < 0.1
    realm = user.partition("@")[2]
    said = {
        "time": f"2026-11-23T{_clock(number)}Z", "host": f"radius-{realm}", "role": "sp", "event": "result",
        "result": "reject" if refused else "accept", "outer": f"anonymous@{realm}", "inner": user, "realm": realm,
        "mac": mac, "called_station": f"02-AA-BB-CC-{choose.randrange(256):02X}-01:govroam", "nas": "ap1.site2.example",
        "client": "flr1", "operator": f"1g{choose.randrange(342)}.example", "cui": f"{choose.getrandbits(128):032x}",
        "refusal": "", "reason": "mschap: MS-CHAP2-Response is incorrect" if refused else "", "eap_type": "PEAP",
        "tls_version": "TLS 1.2", "vlan": "340", "address": "",
    }  # fmt: skip
    return json.dumps(said, separators=(",", ":"))


def _clock(number: int) -> str:
    second = number // 1000
    return f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}"
