"""Log file of Microsoft NPS in the DTS-compliant format: XML, one `<Event>` for each packet, flat.

The attributes have RADIUS names, and one that NPS misspells: `Fully-Qualifed-User-Name`. Times are local, without a
zone. A key or a password in a vendor's attribute is not kept: see `secret_values.py`.

Sources: Microsoft Learn, "SQL Programmability" (NPS sends the same XML to SQL Server); NXLog, `xm_nps`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.authlog.line import Product
from ggi_net.authlog.read import flatxml, nps, secret_values
from ggi_net.authlog.read.format import Format

if TYPE_CHECKING:
    from ggi_net.authlog.read.format import Said


def read(text: str) -> Said | None:
    """What a record says; None for what is not one."""
    if not text.lstrip("\ufeff \t\r\n").startswith("<Event>"):
        return None
    said = flatxml.elements(text)
    if "Packet-Type" not in said or "Timestamp" not in said:
        return None
    return {**nps.of_packet(said), "time": nps.time_of(said["Timestamp"])}


FORMAT = Format(
    name="nps_dts",
    product=Product.NPS,
    parse=read,
    conceal=secret_values.elements,
    opens=re.compile(rb"(?:\xef\xbb\xbf)?\s{0,64}<Event>\s{0,64}<Timestamp[ >]"),
    begins=re.compile(rb"<Event>"),
    ends=re.compile(rb"</Event>\s{0,16}"),
)
