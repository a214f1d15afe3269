"""F-Ticks: one line per answer, for statistics of a federation.

    F-TICKS/govroam/1.0#REALM=almelo.nl#VISCOUNTRY=NL#VISINST=1enschede.nl#CSI=02-00-00-fdc7...#RESULT=OK#

The order of the keys differs between daemons. The realm is what the device says: of a key that stands twice, the
last counts, since the proxy writes its own keys behind the realm. Source: draft-johansson-fticks-00; radsecproxy's
fticks.c.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.authlog.line import Kind, Product, Result
from ggi_net.authlog.read.format import Format
from ggi_net.authlog.read.shape import Shape

if TYPE_CHECKING:
    from ggi_net.authlog.read.format import Said

_RESULTS = {"OK": Result.ACCEPT, "FAIL": Result.REJECT}
_FEDERATION = re.compile(r"F-TICKS/[^#]{1,64}#")


def read(text: str) -> Said | None:
    """What a line says, whatever the order of its keys."""
    start = _FEDERATION.match(text)
    if start is None:
        return None
    said: dict[str, str] = {}
    for part in text[start.end() :].split("#"):
        key, equals, value = part.partition("=")
        if equals:
            said[key.upper()] = value
    return {
        "kind": Kind.RESULT,
        "result": _RESULTS.get(said.get("RESULT", ""), Result.NONE),
        "realm": said.get("REALM", ""),
        "operator": said.get("VISINST", ""),
        "mac": said.get("CSI", ""),
        "time": said.get("TIMESTAMP", ""),
    }


FORMAT = Format(
    name="fticks",
    product=Product.FTICKS,
    shapes=tuple(
        Shape(
            "F-TICKS/{_federation:part!}#REALM={realm:part}#VISCOUNTRY={_country:part!}#VISINST={operator:part}#CSI={mac:part}"
            f"#RESULT={word}#",
            kind=Kind.RESULT,
            result=result,
        )
        for word, result in _RESULTS.items()
    ),
    parse=read,
)
