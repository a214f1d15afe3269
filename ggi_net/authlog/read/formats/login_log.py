"""The login log of the FreeRADIUS servers that the toolkit configures: a JSON object a line, with the same fields
at every hop.

The template is `templates/freeradius/radiusd.conf/login-log.j2`. FreeRADIUS writes every byte that is not plain
text as `=XX` (`%{escape:...}`), so no value can end its string. Objects with the fields in another order, or with
more of them, are read, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from ggi_net.authlog.line import Hop, Kind, Product, Result
from ggi_net.authlog.read.format import Format
from ggi_net.authlog.read.names import without_names
from ggi_net.authlog.read.shape import Shape

if TYPE_CHECKING:
    from ggi_net.authlog.read.format import Said

_FIELDS = {
    "time": "time:iso", "host": "host:quoted", "role": "_role:quoted!", "event": "_event:quoted!",
    "result": "_result:quoted!", "outer": "outer:quoted", "inner": "inner:quoted", "realm": "realm:quoted",
    "mac": "mac:quoted", "called_station": "called:quoted", "nas": "nas:quoted", "client": "client:quoted",
    "operator": "operator:quoted", "cui": "cui:quoted", "refusal": "_refusal:quoted!", "reason": "reason:quoted!",
    "eap_type": "eap:quoted!", "tls_version": "tls:quoted!", "vlan": "vlan:quoted!", "address": "address:quoted",
}  # fmt: skip
"""The fields of the template in their order, and what they are for us."""
_COLUMNS = {key: field.partition(":")[0] for key, field in _FIELDS.items()}
_KINDS = {"request": Kind.REQUEST, "result": Kind.RESULT, "inner": Kind.INNER, "accounting": Kind.ACCOUNTING}
_HOPS = {"sp": Hop.VISITED, "idp": Hop.HOME}
_RESULTS = {"accept": Result.ACCEPT, "reject": Result.REJECT}
_ESCAPED = re.compile(r"(?:=[0-9A-Fa-f]{2})+")


def plain(text: str) -> str:
    """Return a value without its escapes. One that would not be printable stays as it is written."""
    if "=" not in text:
        return text
    value = _ESCAPED.sub(_bytes, text)
    return value if value.isprintable() else text


def _bytes(found: re.Match[str]) -> str:
    data = bytes.fromhex(found[0].replace("=", ""))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def refine(said: Said) -> Said:
    """Make kind, hop and result of the words of the template; undo escapes. `code` is the name of our own refusal."""
    for key, value in said.items():
        if "=" in value:
            said[key] = plain(value)
    said["kind"] = _KINDS.get(said.pop("_event", ""), Kind.NOTICE)
    said["hop"] = _HOPS.get(said.pop("_role", ""), Hop.UNKNOWN)
    said["result"] = _RESULTS.get(said.pop("_result", ""), Result.NONE)
    said["code"] = said.pop("_refusal", "")
    if reason := said.get("reason"):
        said["reason"] = without_names(reason, said.get("outer", ""), said.get("inner", ""))
    return said


def read(text: str) -> Said | None:
    """What an object says that has our fields, in any order and among others."""
    if not text.startswith("{"):
        return None
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(found, dict) or not {"time", "event", "outer"} <= found.keys():
        return None
    return refine({_COLUMNS[key]: value for key, value in found.items() if key in _COLUMNS and isinstance(value, str)})


FORMAT = Format(
    name="login_log",
    product=Product.FREERADIUS,
    shapes=(Shape("{" + ",".join(f'"{key}":"{{{field}}}"' for key, field in _FIELDS.items()) + "}"),),
    refine=refine,
    parse=read,
)
