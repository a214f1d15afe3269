"""FreeRADIUS' radius.log, of 3.0 and 3.2, or the same in syslog.

    Auth: (37)   Login incorrect (mschap: MS-CHAP2-Response is incorrect): [jan@almelo.nl] (from client flr1 port 0
    cli 02-00-00-00-02-05 via TLS tunnel)

Lines of one request share the number in front. `via TLS tunnel` is said of the inner login: its line has the cause,
and the outer one that follows only repeats that it failed. What `msg_badpass` and `msg_goodpass` append may hold
names: it is taken only without brackets. A name is written with `\\ooo` for what is no printable text. With
`auth_badpass`, the password follows a slash; it is left out, of `raw`, too. Sources: FreeRADIUS 3.0 and 3.2,
src/main/auth.c (`rad_authlog`, `auth_name`), log.c (`vradlog`), process.c.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.authlog.line import Hop, Kind, Product, Result
from ggi_net.authlog.read.format import Format
from ggi_net.authlog.read.names import without_names
from ggi_net.authlog.read.shape import Shape
from ggi_net.secrets import MASK

if TYPE_CHECKING:
    from ggi_net.authlog.read.format import Said

_RESULTS = (
    ("Login OK", Result.ACCEPT),
    ("Login incorrect", Result.REJECT),
    ("Invalid user", Result.REJECT),
    ("Multiple logins", Result.REJECT),
    ("Rejected in post-auth", Result.REJECT),
)
_ANSWERS = tuple(what for what, _ in _RESULTS)
_NUMBER = "[[({session}){_gap:gap}]]"
_REASON = "[[ ({reason:first})]]: "
_BEHIND = "(from client {client} port {_port}[[ cli {mac:station}]]"
_IN_TUNNEL = _REASON + "[{inner:bracketed}] " + _BEHIND + " via TLS tunnel){_more:tail}"
_OUTSIDE = _REASON + "[{outer:bracketed}] " + _BEHIND + "[[ via proxy to virtual server]]){_more:tail}"

SHAPES = (
    *(
        Shape(f"{_NUMBER}{what}{_IN_TUNNEL}", kind=Kind.INNER, hop=Hop.HOME, result=result, _what=what)
        for what, result in _RESULTS
    ),
    *(Shape(f"{_NUMBER}{what}{_OUTSIDE}", kind=Kind.RESULT, result=result, _what=what) for what, result in _RESULTS),
)

_SESSION = re.compile(r"\((\d{1,20})\) {1,40}(.*)", re.DOTALL)
_USER = re.compile(r'(?:for user|Login incorrect:|user) "(.{0,1100})"', re.DOTALL)
_SERVER = re.compile(r"home[ _]server (?:\()?([0-9A-Fa-f.:]{2,45})\b")
_CLIENT = re.compile(r"\bclient \(?([^ ,)]{1,128})")


def refine(said: Said) -> Said:
    """Leave passwords out of names and names out of reasons; say which of the reasons that have no text of their
    own it is."""
    for who in ("outer", "inner"):
        if "/" in said.get(who, ""):
            said[who] = _without_password(said[who])
    if said["result"] == Result.ACCEPT:
        said["reason"] = ""
    elif said["_what"] in ("Multiple logins", "Rejected in post-auth"):
        said["reason"] = said["_what"]
    elif reason := said["reason"]:
        said["reason"] = without_names(reason, said.get("outer", ""), said.get("inner", ""))
    return said


def _without_password(name: str) -> str:
    """What stands before the slash behind the name: a realm has none (RFC 7542, 2.2), a machine's name one."""
    local, at, realm = name.partition("@")
    if at:
        return local + at + realm.partition("/")[0]
    machine = "host/" if local.startswith("host/") else ""
    return machine + local.removeprefix(machine).partition("/")[0]


def conceal(text: str) -> str:
    """A line without the password that `auth_badpass` and `auth_goodpass` append to the name."""
    head, landmark, rest = text.rpartition("] (from client ")
    start, bracket, name = head.partition(": [")
    kept = _without_password(name)
    return f"{start}{bracket}{kept}/{MASK}{landmark}{rest}" if bracket and kept != name else text


def notice(text: str) -> Said:
    """What the daemon says of a request (with its number) or of itself."""
    numbered = _SESSION.fullmatch(text)
    session, words = numbered.groups() if numbered else ("", text.strip())
    if words.startswith(_ANSWERS):  # of a form that nobody knows: a name may stand anywhere behind the first bracket
        words = words.partition(": [")[0]
    user, server, client = _USER.search(words), _SERVER.search(words), _CLIENT.search(words)
    name = user[1] if user else ""
    return {
        "kind": Kind.NOTICE,
        "session": session,
        "outer": name,
        "server": server[1] if server else "",
        "client": client[1] if client else "",
        "reason": without_names(words, name),
    }


FORMAT = Format(
    name="freeradius",
    product=Product.FREERADIUS,
    shapes=SHAPES,
    refine=refine,
    conceal=conceal,
    programs=("freeradius", "radiusd"),
    notice=notice,
)
