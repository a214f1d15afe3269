"""radsecproxy: the federation's proxies, and the ones in front of an organisation's server.

    Access-Reject for user @almelo.nl stationid 02-00-00-00-02-04 from _self_ (unknown realm) to hengelo (10.1.0.1)

Names and texts from packets are written with `%XX` for all but printable ASCII, spaces included as they are. With
`LogFullUsername off`, the name begins at its first @. Sources: radsecproxy 1.9 to 1.11, radsecproxy.c (`replylog`,
`radattr2ascii`, `radsrv`) and tlscommon.c.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.authlog.line import Kind, Product, Result
from ggi_net.authlog.read.format import Format
from ggi_net.authlog.read.names import without_names
from ggi_net.authlog.read.shape import Shape

if TYPE_CHECKING:
    from ggi_net.authlog.read.format import Said

_REST = "[[ cui {cui}]] from {server}[[ ({reason:last!})]] to {client} ({_peer})[[ operator {operator}]]"
_ANSWERS = (
    ("Access-Accept", {"kind": Kind.RESULT, "result": Result.ACCEPT}),
    ("Access-Reject", {"kind": Kind.RESULT, "result": Result.REJECT}),
    ("Accounting-Response", {"kind": Kind.ACCOUNTING}),
)
_SILENCE = "missing response to {_packet!}"

SHAPES = (
    *(Shape(f"{packet} for user {{outer:last}} stationid {{mac:station}}{_REST}", **says) for packet, says in _ANSWERS),
    *(Shape(f"{packet} for user {{outer:last}}{_REST}", **says) for packet, says in _ANSWERS),
    *(Shape(f"{packet} (response to {{_packet!}}){_REST}", kind=Kind.NOTICE) for packet, _ in _ANSWERS),
    Shape(
        f"{_SILENCE} for user {{outer:last}} stationid {{mac:station}} from {{client}} ({{_peer}}) to {{server}}",
        kind=Kind.NOTICE,
    ),
    Shape(f"{_SILENCE} for user {{outer:last}} from {{client}} ({{_peer}}) to {{server}}", kind=Kind.NOTICE),
    Shape(
        "radsrv: got {_packet!} (id {_id}) with username: {outer:last} from client {client} ({_peer})", kind=Kind.NOTICE
    ),
    Shape("radsrv: sending {_packet!} (id {_id}) to {client} ({_peer}) for {outer:rest}", kind=Kind.NOTICE),
)

_SERVER = re.compile(
    r"(?:TLS connection to|request to server|status server response from|server response,|message from server|"
    r"connection to server) ([^ ,]{1,253})"
)
_CLIENT = re.compile(r"(?:request from|request from client|accept from|, client) ([^ ,]{1,253})")


def refine(said: Said) -> Said:
    """Name in the reason what the form says; drop the reply message of a success."""
    packet = said.get("_packet", "")
    if said["kind"] == Kind.NOTICE and packet:
        if "mac" not in said and "outer" not in said:
            said["reason"] = f"response to {packet}"
        else:
            said["reason"] = f"missing response to {packet}" if "server" in said else packet
    elif said.get("result") == Result.ACCEPT:
        said["reason"] = ""
    elif said.get("reason"):
        said["reason"] = without_names(said["reason"], said["outer"])
    return said


def notice(text: str) -> Said:
    """What the daemon says of its neighbours and of itself; no user name is in it."""
    server, client = _SERVER.search(text), _CLIENT.search(text)
    return {
        "kind": Kind.NOTICE,
        "reason": text,
        "server": server[1] if server else "",
        "client": client[1] if client else "",
    }


FORMAT = Format(
    name="radsecproxy",
    product=Product.RADSECPROXY,
    shapes=SHAPES,
    refine=refine,
    programs=("radsecproxy",),
    notice=notice,
)
