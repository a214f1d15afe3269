"""Dutch and English words of the pages: outcomes, hops, moments and durations. Short, no blame (language level B1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ggi_net.authlog.line import Hop, Product
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.moments import NETHERLANDS
from ggi_net.authlog.words import Both

__all__ = [
    "HOPS", "OUTCOMES", "PRODUCTS", "Both", "attempts", "clock", "counted", "duration", "local", "mac", "moment",
    "number", "percent",
]  # fmt: skip

OUTCOMES = {
    Outcome.ACCEPT: Both("gelukt", "succeeded"),
    Outcome.REJECT: Both("geweigerd", "refused"),
    Outcome.UNFINISHED: Both("niet afgemaakt", "not finished"),
}

HOPS = {
    Hop.DEVICE: Both("toestel", "device"),
    Hop.ACCESS_POINT: Both("toegangspunt", "access point"),
    Hop.VISITED: Both("bezochte gemeente", "visited gemeente"),
    Hop.FEDERATION: Both("landelijk knooppunt", "federation"),
    Hop.HOME: Both("eigen gemeente", "home gemeente"),
}
"""In the order that an attempt crosses them."""

PRODUCTS = {
    Product.UNKNOWN: "onbekend",
    Product.FREERADIUS: "FreeRADIUS",
    Product.RADSECPROXY: "radsecproxy",
    Product.FTICKS: "F-Ticks",
    Product.NPS: "Microsoft NPS",
    Product.HOSTAPD: "hostapd",
    Product.WPA_SUPPLICANT: "wpa_supplicant",
}

_DAYS = ("ma", "di", "wo", "do", "vr", "za", "zo")
_MONTHS = (
    "januari", "februari", "maart", "april", "mei", "juni",
    "juli", "augustus", "september", "oktober", "november", "december",
)  # fmt: skip
_ENGLISH_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def local(time: datetime) -> datetime:
    """A moment on Dutch clocks; one without a zone is in UTC."""
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(NETHERLANDS)


def moment(time: datetime, now: datetime) -> Both:
    """A moment as people say it: `vandaag 09:04`, `gisteren 16:20`, `ma 23 november 09:04`."""
    there, here = local(time), local(now)
    clock = f"{there:%H:%M}"
    days = (here.date() - there.date()).days
    if days == 0:
        return Both(f"vandaag {clock}", f"today {clock}")
    if days == 1:
        return Both(f"gisteren {clock}", f"yesterday {clock}")
    day, month = there.weekday(), there.month - 1
    year = f" {there.year}" if there.year != here.year else ""
    return Both(
        f"{_DAYS[day]} {there.day} {_MONTHS[month]}{year} {clock}",
        f"{_ENGLISH_DAYS[day]} {there.day} {_ENGLISH_MONTHS[month]}{year} {clock}",
    )


def clock(time: datetime) -> str:
    """Hour, minute and second on Dutch clocks, with milliseconds where there are any."""
    there = local(time)
    return f"{there:%H:%M:%S}" + (f".{there.microsecond // 1000:03d}" if there.microsecond else "")


def duration(span: timedelta) -> Both:
    """How long something took, in one unit that fits."""
    seconds = max(1, round(span.total_seconds()))
    if seconds < 60:
        return counted(seconds, Both("seconde", "second"), Both("seconden", "seconds"))
    if seconds < 3600:
        return counted(round(seconds / 60), Both("minuut", "minute"), Both("minuten", "minutes"))
    if seconds < 2 * 86400:
        return counted(round(seconds / 3600), Both("uur", "hour"), Both("uur", "hours"))
    return counted(round(seconds / 86400), Both("dag", "day"), Both("dagen", "days"))


def attempts(number: int, span: timedelta) -> Both:
    """How many attempts there were, and in what time when there were several."""
    said = counted(number, Both("poging", "attempt"), Both("pogingen", "attempts"))
    if number == 1:
        return said
    time = duration(span)
    return Both(f"{said.nl} in {time.nl}", f"{said.en} in {time.en}")


def mac(address: str) -> str:
    """A device's address as it stands on its box; the begin of it when there is only a hash."""
    if len(address) == 12:
        return ":".join(address[at : at + 2] for at in range(0, 12, 2))
    return f"{address[:12]}…" if len(address) > 17 else address


def number(value: int) -> str:
    """A whole number with the points that Dutch puts between thousands."""
    return f"{value:,}".replace(",", ".")


def percent(part: float) -> str:
    """A share (0 to 1) in percent, never rounded to all or nothing when it is neither."""
    value = min(max(round(part * 100, 1), 0.1), 99.9) if 0 < part < 1 else round(part * 100)
    return f"{value:.0f}%" if value == round(value) else f"{value:.1f}%".replace(".", ",")


def counted(number_of: int, one: Both, many: Both) -> Both:
    """A number with the word for what there is so much of."""
    word = one if number_of == 1 else many
    return Both(f"{number(number_of)} {word.nl}", f"{number(number_of).replace('.', ',')} {word.en}")
