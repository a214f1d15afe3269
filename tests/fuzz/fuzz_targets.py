"""The parsers, each with what holds for it and with real inputs to begin from."""

from __future__ import annotations

import json
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import fuzz_checks
from read_logs import EXPECTED, LOGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FOUND = Path(__file__).parent / "found"
"""Inputs that once broke a parser, in a folder for each target."""
MOST = 40
LONGEST = 4096
WHOLE = 200
"""Of so many inputs, one gets the whole check."""

_RELP = (
    b"1 open 54 relp_version=0\nrelp_software=librelp\ncommands=syslog\n2 syslog 7 <13>one\n3 syslog 0\n4 close 0\n",
    b"2 syslog 7 <13>one\n",
)
_STREAM = (b"<13>one\n7 <13>two<13>three\n12 <13>fo\nur\0x<13>five", b"65537 <13>long", b"999999999 x", b"12", b"1x\n")
_TYPED = (
    "j.jansen@almelo.example mislukt", "02-00-00-00-02-1f", "0200.0000.021f gelukt", "@almelo.example", "Almelo",
    "stadhuis wrong-password", "ALMELO\\jan", "host/pc1.almelo.example", "almelo.example", "jan de vries",
    "\u0130@\u212a",
)  # fmt: skip


class Target(NamedTuple):
    """A check, and where its inputs begin. `share` is the part of the short run that it gets, since some take long.

    `quick` is a part of the check that takes far less time: in a long run, most inputs get only that.
    """

    check: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    share: float = 1.0
    quick: Callable[[bytes], None] | None = None

    def attacked(self, data: bytes) -> None:
        """One input of a long run; the same one is always treated the same way."""
        (self.check if self.quick is None or crc32(data) % WHOLE == 0 else self.quick)(data)


@cache
def _said() -> dict[str, list[bytes]]:
    """Real lines of each product."""
    found: dict[str, list[bytes]] = {}
    for line in EXPECTED.read_text().splitlines():
        known = json.loads(line)
        found.setdefault(known["product"], []).append(known["raw"].encode())
    return found


def _lines(product: str) -> list[bytes]:
    return _said()[product]


def _files(*patterns: str, step: int = 1500) -> list[bytes]:
    """Pieces of files, from their beginning and from everywhere within."""
    found = []
    for path in sorted(path for pattern in patterns for path in LOGS.glob(pattern)):
        data = path.read_bytes()
        found += [data[at : at + step] for at in range(0, len(data), step)]
    return found


def _mixed() -> list[bytes]:
    """Ten lines of each product together."""
    return [b"\n".join(some[at : at + 10]) for some in _said().values() for at in range(0, len(some), 10)]


def _log(seeds: Callable[[], Iterable[bytes]], of: str = "") -> Target:
    """Logs whose format is seen from their bytes, or that are known to be `of` one whose records span lines."""
    if of:
        return Target(fuzz_checks.log_of(of), seeds, quick=fuzz_checks.one_by_one_of(of))
    return Target(fuzz_checks.log, seeds, quick=fuzz_checks.one_by_one)


_HOSTAPD, _SUPPLICANT = "hostap/hostapd.*.log", ("hostap/wpa_supplicant.*", "hostap/eapol_test.*")
_JSON = "scenarios/*/*.linelog*"
_EVENTS = ("nps/events*.xml", "nps/*.ndjson")

TARGETS: dict[str, Target] = {
    "radsecproxy": _log(partial(_lines, "radsecproxy")),
    "freeradius": _log(partial(_lines, "freeradius")),
    "fticks": _log(partial(_lines, "fticks")),
    "syslog": _log(partial(_files, "syslog/*")),
    "login_log": _log(partial(_files, _JSON)),
    "hostapd": _log(partial(_files, _HOSTAPD)),
    "wpa_supplicant": _log(partial(_files, *_SUPPLICANT)),
    "detail": _log(partial(_files, "detail/*-detail-*"), "detail"),
    "nps_csv": _log(partial(_files, "nps/database.csv", "nps/ias.log", step=500), "nps_csv"),
    "nps_dts": _log(partial(_files, "nps/dts.log", step=2500), "nps_dts"),
    "nps_event": _log(partial(_files, *_EVENTS, step=3000), "nps_event"),
    "seen": _log(partial(_files, "detail/*-detail-*", "nps/*.log", "nps/*.csv", *_EVENTS)),
    "many": Target(fuzz_checks.many, _mixed, share=0.1),
    "cause": Target(fuzz_checks.cause, partial(_files, "scenarios/*/*.radius.log", "scenarios/*/*.stdout", step=800)),
    "asked": Target(fuzz_checks.question, lambda: [text.encode() for text in _TYPED]),
    "stream": Target(fuzz_checks.stream, lambda: _STREAM),
    "relp": Target(fuzz_checks.relp, lambda: _RELP),
    "utf16": Target(fuzz_checks.utf16, lambda: [text.encode("utf-16-le") for text in (*_TYPED, "\U0001f600")]),
}
"""`seen` are logs of the formats before it without a word of which one it is."""


def seeds_of(name: str) -> list[bytes]:
    """Different inputs of a target, evenly taken from all that there are; those of FOUND are among them."""
    every = sorted({seed[:LONGEST] for seed in TARGETS[name].seeds()})
    step = max(1, len(every) // MOST)
    return [*every[::step][:MOST], *(path.read_bytes() for path in sorted((FOUND / name).glob("*")))]
