"""What each server writes of a login, in the form of its product.

The forms are those that `read/formats` reads: FreeRADIUS' login log as the toolkit renders it and its `radius.log`,
Microsoft NPS' database-compatible file, hostapd and radsecproxy in syslog.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from ggi_net.authlog.generate.people import scattered
from ggi_net.authlog.generate.stamps import stamp

if TYPE_CHECKING:
    from ggi_net.authlog.generate.mix import Fault
    from ggi_net.authlog.generate.people import Person
    from ggi_net.authlog.generate.world import Town

_FEDERATION_KEY = b"a key that only made-up logs have"
_EAP_NUMBERS = {"PEAP": 25, "TTLS": 21, "TLS": 13}
_NPS_EAP = {
    "PEAP": "Microsoft: Secured password (EAP-MSCHAP v2)",
    "TLS": "Microsoft: Smart Card or other certificate",
}
_NPS_METHODS = {"PEAP": 11, "TTLS": 5, "TLS": 5}


class Attempt:
    """One try of one device, and the texts that all servers write of it."""

    __slots__ = (
        "ap",
        "called",
        "cui",
        "fault",
        "hashed",
        "mac",
        "nas",
        "number",
        "operator",
        "outer",
        "realm",
        "second",
        "visited",
        "who",
    )

    def __init__(self, who: Person, fault: Fault | None, second: int, number: int) -> None:
        self.who, self.fault, self.second, self.number = who, fault, second, number
        visited = who.visited
        self.visited = visited
        self.mac = who.mac
        self.outer = who.outer
        if fault and fault.user:
            self.outer = fault.user.format(mac=who.mac.replace("-", "").lower(), home=who.home.slug)
        self.realm = self.outer.rpartition("@")[2] if "@" in self.outer else ""
        self.operator = f"{visited.slug}.example"
        self.ap = f"02-AA-{visited.number >> 8:02X}-{visited.number & 255:02X}-{who.site:02X}-{who.radio:02X}"
        self.called = f"{self.ap}:govroam"
        self.nas = f"ap{who.radio}.site{who.site}.{visited.slug}.example"
        self.cui = f"{scattered(who.home.number, visited.number, int(who.mac[3:].replace('-', ''), 16)):016x}" * 2
        self.hashed = ""

    def hidden(self) -> str:
        """The MAC as the federation logs it: the vendor, and a keyed hash of the rest."""
        if not self.hashed:
            self.hashed = (
                f"{self.mac[:8].lower()}-{hmac.digest(_FEDERATION_KEY, self.mac.encode(), 'sha256').hex()[:54]}"
            )
        return self.hashed


def login_log(
    at: int, server: str, role: str, event: str, attempt: Attempt, *, result: str = "", inner: str = "",
    client: str = "", cui: str = "", refusal: str = "", reason: str = "", eap: str = "", tls: str = "",
    vlan: str = "", address: str = "",
) -> str:  # fmt: skip
    """A line of `govroam.json`."""
    return (
        f'{{"time":"{stamp(at).iso}","host":"{server}","role":"{role}","event":"{event}","result":"{result}",'
        f'"outer":"{attempt.outer}","inner":"{inner}","realm":"{attempt.realm}","mac":"{attempt.mac}",'
        f'"called_station":"{attempt.called}","nas":"{attempt.nas}","client":"{client}","operator":"1{attempt.operator}","cui":"{cui}",'
        f'"refusal":"{refusal}","reason":"{_escaped(reason)}","eap_type":"{eap}","tls_version":"{tls}","vlan":"{vlan}","address":"{address}"}}'
    )


_SAFE = frozenset("@abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_: /")
"""What FreeRADIUS' `escape` leaves as it is."""


def _escaped(text: str) -> str:
    return text if _SAFE.issuperset(text) else "".join(c if c in _SAFE else f"={ord(c):02X}" for c in text)


TUNNEL = " via TLS tunnel"
VIRTUAL = " via proxy to virtual server"
"""How FreeRADIUS marks a login in the tunnel, and one that its own `home` server answered its own `visited` server."""


def radius_log(at: int, number: int, words: str, name: str, client: str, mac: str, via: str = "") -> str:
    """An `Auth:` line of `radius.log`; the inner login stands two spaces further."""
    indent = "  " if via == TUNNEL else ""
    where = f"(from client {client} port 0 cli {mac}{via})"
    return f"{stamp(at).asctime} : Auth: ({number}) {indent}{words}: [{name}] {where} "


def nps_row(at: int, server: str, packet: int, attempt: Attempt, code: int) -> str:
    """A row of NPS' database-compatible log file: 2 is an Access-Accept, 3 an Access-Reject."""
    who = attempt.who
    request = packet == 1
    account = f"{who.home.slug.upper()}\\{who.inner.partition('@')[0]}"
    columns = [""] * 65
    columns[0:4] = [f'"{server}"', '"IAS"', stamp(at).nps, str(packet)]  # date and time are two of the 66 columns
    columns[4] = f'"{attempt.outer}"' if request else ""
    columns[5] = f'"{account}"'
    if request:
        columns[6], columns[7] = f'"{attempt.called}"', f'"{attempt.mac}"'
        columns[10], columns[18] = f'"{attempt.nas}"', "19"
    columns[14], columns[15] = '"192.0.2.15"', '"Federation proxy"'
    columns[22], columns[23], columns[24] = str(_NPS_METHODS[who.method]), '"govroam"', str(code)
    columns[25] = f'"311 1 192.0.2.10 11/16/2026 02:17:48 {attempt.number}"'
    columns[29] = f'"{_NPS_EAP.get(who.method, "")}"'
    columns[59], columns[60] = '"govroam"', "1"
    return ",".join(columns)


def proxy(at: int, host: str, words: str) -> str:
    """A line of radsecproxy in syslog."""
    return f"{stamp(at).syslog} {host} radsecproxy[812]: {words}"


def answer_at_proxy(attempt: Attempt, answer: str, source: str) -> str:
    """radsecproxy's words for an answer that passed; user names are cut to the realm there (`LogFullUsername off`)."""
    cui = f" cui {attempt.cui}" if answer == "Access-Accept" else ""
    town = attempt.visited
    return (
        f"{answer} for user @{attempt.realm} stationid {attempt.hidden()}{cui} from {source} to {town.slug} "
        f"(2001:db8:{town.number:x}::1) operator 1{attempt.operator}"
    )


def fticks(attempt: Attempt, result: str) -> str:
    """F-Ticks' words for the same."""
    institution = f"1{attempt.operator}"[:40]  # radsecproxy cuts it there
    return (
        f"F-TICKS/govroam/1.0#REALM={attempt.realm}#VISCOUNTRY=NL#VISINST={institution}"
        f"#CSI={attempt.hidden()}#RESULT={result}#"
    )


def radio(at: int, attempt: Attempt, module: str, words: str) -> str:
    """A line of hostapd in syslog."""
    host = attempt.nas.removesuffix(".example")
    return f"{stamp(at).syslog} {host} hostapd: wlan0: STA {attempt.mac.replace('-', ':').lower()} {module}: {words}"


def eap_words(method: str) -> str:
    """An EAP type as hostapd names it."""
    return f"EAP type: {_EAP_NUMBERS[method]} ({method})"


def server_of(town: Town) -> str:
    """The name of a gemeente's FreeRADIUS server."""
    return f"{town.slug}-rad1"


def nps_of(town: Town) -> str:
    """The name of its Microsoft NPS, where it has one; it writes it in capitals."""
    return f"{town.slug}-nps1"
