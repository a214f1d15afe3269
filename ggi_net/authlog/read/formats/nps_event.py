"""Windows events of Microsoft NPS: as XML, one or many lines each, and as Winlogbeat and NXLog forward them in JSON.

The Security log has one event for each answer (6272 granted, 6273 denied, 6274 dropped, ...), the System log what NPS
has to say of itself (source NPS: 13 unknown RADIUS client, 18 wrong shared secret, 4402 no domain controller, ...).
XML comes from `wevtutil`, from `Get-WinEvent | ForEach-Object ToXml` and from Event Viewer's export.

Sources: Microsoft Learn, "NPS Authentication Status" (cc735320), "Audit Network Policy Server", "Troubleshoot Network
Policy Server", the event schema (http://schemas.microsoft.com/win/2004/08/events/event); Elastic, "Winlogbeat
fields"; NXLog, `im_msvistalog`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from ggi_net.authlog.line import Hop, Kind, Product
from ggi_net.authlog.read import flatxml, nps
from ggi_net.authlog.read.format import Format

if TYPE_CHECKING:
    from ggi_net.authlog.read.format import Said

_SECURITY = "Microsoft-Windows-Security-Auditing"
_SYSTEM = "NPS"
_EVENTS = {str(number) for number in range(6272, 6281)}
"""Granted, denied, dropped, accounting dropped, quarantined, on probation, granted with health, locked out,
unlocked.
"""

_SAYINGS = {
    "13": "A RADIUS message was received from the invalid RADIUS client IP address",
    "17": "An Access-Request message was received from RADIUS client without a Message-Authenticator attribute",
    "18": "An Access-Request message was received from RADIUS client with a Message-Authenticator attribute that is "
    "not valid",
    "22": "The Network Policy Server could not send a response due to a network error",
    "4401": "Domain controller is not responsive",
    "4402": "There is no domain controller available for domain",
}  # fmt: skip
"""What System events say, without what they insert: a domain comes from the user name. The XML has only the number,
and a Dutch server would say it in Dutch."""
_FROM_CLIENT = frozenset({"13", "14", "15", "16", "17", "18", "19"})
"""System events whose first value is the address of the RADIUS client."""

_RENDERED = re.compile(r"<RenderingInfo[^<>]{0,80}>\s{0,64}<Message>([^<]{0,2000})</Message>")
_PROVIDER = re.compile(r"""<Provider[ \t]+Name=["']([^"'<>]{1,80})["']""")
_NUMBER = re.compile(r"<EventID(?:[ \t][^<>]{0,80})?>[ \t]*(\d{1,5})[ \t]*</EventID>")
_CREATED = re.compile(r"""<TimeCreated[ \t]+SystemTime=["']([^"'<>]{1,40})["']""")
_COMPUTER = re.compile(r"<Computer>([^<]{1,255})</Computer>")


class _Log(msgspec.Struct):
    """What Winlogbeat says of an event, as far as it is needed."""

    event_id: str | int = ""
    provider_name: str = ""
    computer_name: str = ""
    event_data: dict[str, str] = {}


class _Winlogbeat(msgspec.Struct):
    winlog: _Log
    message: str = ""
    time: str = msgspec.field(default="", name="@timestamp")


def read(text: str) -> Said | None:
    """What an event of NPS says; None for everything else."""
    head = text.lstrip("\ufeff \t\r\n")
    if head.startswith("<Event"):
        return _xml(head)
    if head.startswith("{"):
        return _json(head)
    return None


def _xml(text: str) -> Said | None:
    provider, number = _PROVIDER.search(text), _NUMBER.search(text)
    if not provider or not number:
        return None
    named, nameless = flatxml.data(text)
    created, computer = _CREATED.search(text), _COMPUTER.search(text)
    return _event(
        provider[1],
        number[1],
        named,
        nameless,
        time=created[1] if created else "",
        host=flatxml.unescaped(computer[1]) if computer else "",
        words=flatxml.unescaped(rendered[1]) if (rendered := _RENDERED.search(text)) else "",
    )


def _json(text: str) -> Said | None:
    if '"winlog"' in text:
        return _winlogbeat(text)
    if '"SourceName"' in text and '"EventID"' in text:
        return _nxlog(text)
    return None


def _winlogbeat(text: str) -> Said | None:
    try:
        said = msgspec.json.decode(text, type=_Winlogbeat)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None
    log = said.winlog
    nameless = [value for name, value in log.event_data.items() if name.startswith("param")]
    return _event(
        log.provider_name,
        str(log.event_id),
        log.event_data,
        nameless,
        time=said.time,
        host=log.computer_name,
        words=said.message,
    )


def _nxlog(text: str) -> Said | None:
    try:
        said = msgspec.json.decode(text, type=dict[str, object])
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None
    texts = {name: str(value) for name, value in said.items() if isinstance(value, str | int)}
    return _event(
        texts.get("SourceName", ""),
        texts.get("EventID", ""),
        texts,
        [],
        time=texts.get("EventTime", ""),
        host=texts.get("Hostname", ""),
    )


def _event(
    provider: str, number: str, named: dict[str, str], nameless: list[str], *, time: str, host: str, words: str = ""
) -> Said | None:
    if provider == _SECURITY and number in _EVENTS:
        return {**nps.of_event(number, named), "time": time, "host": host}
    if provider == _SYSTEM:
        client = nameless[0] if nameless and number in _FROM_CLIENT else ""
        return {
            "kind": Kind.NOTICE,
            "hop": Hop.HOME,
            "time": time,
            "host": host,
            "client": client,
            "reason": _SAYINGS.get(number) or _without(words, nameless),
        }
    return None


def _without(words: str, values: list[str]) -> str:
    """What NPS says in its own language, without what it inserts: a domain there comes from a user name."""
    for value in values:
        if value:
            words = words.replace(value, "")
    return " ".join(words.split())


FORMAT = Format(
    name="nps_event",
    product=Product.NPS,
    parse=read,
    opens=re.compile(
        rb"(?:\xef\xbb\xbf)?\s{0,64}(?:<\?xml[^<>]{0,200}>\s{0,64})?(?:<Events[^<>]{0,200}>\s{0,64})?"
        rb"<Event(?: xmlns|>\s{0,64}<System)"
    ),
    begins=re.compile(rb"<Event(?=[ >])"),
    ends=re.compile(rb"</Event>\s{0,16}"),
)
