"""What holds for every input of a parser, whoever sent it. Each check takes bytes and raises AssertionError, or what
the parser raised and should not have."""

from __future__ import annotations

import io
import random
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from zlib import crc32

from msgspec.structs import replace
from read_logs import about

from ggi_net.authlog.asked import asked
from ggi_net.authlog.causes.catalogue import Catalogue
from ggi_net.authlog.ingest.frames import BadFrame, Relp, Stream, as_line
from ggi_net.authlog.ingest.utf16 import MARKS, Utf16Stream
from ggi_net.authlog.places import Places
from ggi_net.authlog.question import Question
from ggi_net.authlog.read import as_lines, clock, cut, lines, whole
from ggi_net.authlog.read.cut import format_of
from ggi_net.authlog.read.formats import FORMATS
from ggi_net.authlog.read.one import COLUMNS, found_in, found_in_record
from ggi_net.errors import NotUnderstood

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ggi_net.authlog.read import Source

    Check = Callable[[bytes], None]

SHORT, LONG = 4 << 10, 16 << 10
QUICK = 0.3
"""Seconds of CPU that LONG bytes may take in any case; above it, they take at most twice what their length explains."""

_CONCEAL = [known.conceal for known in FORMATS if known.conceal]
_MAC = re.compile(r"(?:[0-9a-f]{12}|[0-9a-f]{54,64})?")
_AP = re.compile(r"(?:[0-9a-f]{12})?")
_NAMES = Places(
    names={"almelo": "Almelo", "s-hertogenbosch": "'s-Hertogenbosch"},
    realms={"almelo.example": "almelo"},
    sites={"almelo/stadhuis": "Stadhuis Almelo"},
)
_CATALOGUE = Catalogue.load()
_BULK = 450
"""So many lines at once are read the fast way, a few of them the slow way."""
_FEW = 300


def log(data: bytes) -> None:
    """A log whose format is seen from its bytes."""
    _read(data, about())


def log_of(name: str) -> Check:
    """A log that is known to be of a format whose records span lines."""
    source = about(format=name)
    return lambda data: _read(data, source)


def _read(data: bytes, source: Source) -> None:
    rows = _rows(data, source)
    _every_byte_is_kept(data, rows)
    for line in as_lines(lines(data, source)):
        assert _MAC.fullmatch(line.mac), line.mac
        assert _AP.fullmatch(line.ap), line.ap
        assert line.realm == line.realm.lower(), line.realm
    _what_is_whole_stays(data, rows, source)
    _time_grows_with_the_length(data, lambda longer: lines(longer, source))


def one_by_one(data: bytes) -> None:
    """Of `log`, what needs no block of lines: a twentieth of the time."""
    _one_by_one(data, about())


def one_by_one_of(name: str) -> Check:
    """The same of `log_of`."""
    source = about(format=name)
    return lambda data: _one_by_one(data, source)


def _one_by_one(data: bytes, source: Source) -> None:
    known = format_of(data, source)
    where = cut.records_of(data, known) if known else cut.lines_of(data, 0, len(data))
    for start, end in zip(where.starts.tolist(), where.ends.tolist(), strict=True):
        text = data[start:end].decode("utf-8" if _is_utf8(data[start:end]) else "latin-1")
        found = found_in_record(text, known, source) if known else found_in(text, source)
        assert found.columns.keys() == set(COLUMNS)
        assert _MAC.fullmatch(found.columns["mac"]), found.columns["mac"]
        assert _AP.fullmatch(found.columns["ap"]), found.columns["ap"]
        assert found.columns["realm"] == found.columns["realm"].lower(), found.columns["realm"]
        conceal = found.format.conceal if found.format else None
        kept = conceal(text) if conceal else text
        assert not conceal or conceal(kept) == kept, (text, kept)
        if found.time and (form := clock.form_of(found.time)):
            assert form.width == len(found.time)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _rows(data: bytes, source: Source, offset: int = 0) -> list[dict[str, Any]]:
    return lines(data, source, offset=offset).sort_by("offset").to_pylist()


def _every_byte_is_kept(data: bytes, rows: list[dict[str, Any]]) -> None:
    """Between two records stand line ends, or blank space in a format whose records span lines."""
    ends = [*(row["offset"] for row in rows), len(data)][1:]
    assert not data[: rows[0]["offset"] if rows else len(data)].strip()
    for row, end in zip(rows, ends, strict=True):
        stood = data[row["offset"] : end]
        raw = row["raw"].encode("latin-1" if row["latin1"] else "utf-8")
        if stood.startswith(raw) and not stood[len(raw) :].strip():
            continue
        text = stood.decode("latin-1" if row["latin1"] else "utf-8")
        forms = [conceal(form).rstrip() for conceal in _CONCEAL for form in (text, text.rstrip("\r\n"), text.rstrip())]
        assert row["raw"].rstrip() in forms, (row["raw"], stood)


def _what_is_whole_stays(data: bytes, rows: list[dict[str, Any]], source: Source) -> None:
    """What was read of a log while it was shorter is what is read of it later."""
    seen = format_of(data, source)
    source = replace(source, format=seen.name) if seen else source
    shorter = data[: crc32(data) % (len(data) + 1)]
    taken = whole(shorter, source)
    assert taken <= len(shorter)
    assert _rows(shorter[:taken], source) == [row for row in rows if row["offset"] < taken]


def _time_grows_with_the_length(data: bytes, run: Callable[[bytes], object]) -> None:
    """One input in eight is stretched, by some of its bytes again and again."""
    chance = random.Random(crc32(data))
    if not data or chance.random() > 1 / 8:
        return
    begin, end = sorted((chance.randrange(len(data)), chance.randrange(1, len(data) + 1)))
    part = data[begin:end] or data[begin : begin + 1]

    def seconds(size: int) -> float:
        longer = data[:begin] + part * (size // len(part) + 1) + data[end:]
        before = time.thread_time()
        run(longer)
        return time.thread_time() - before

    if seconds(LONG) > QUICK:
        long, short = (min(seconds(size) for _ in range(3)) for size in (LONG, SHORT))
        assert long <= max(QUICK, 2 * LONG / SHORT * short), f"{SHORT} bytes: {short:.2f} s, {LONG}: {long:.2f} s"


def many(data: bytes) -> None:
    """The fast way, for many lines, says what the slow way says, for few."""
    some = [line for line in data.split(b"\n") if line][:40]
    if not some:
        return
    chance = random.Random(crc32(data))
    rows = [chance.choice(some) + b"\n" for _ in range(_BULK)]
    parts = [b"".join(rows[begin : begin + _FEW]) for begin in range(0, _BULK, _FEW)]
    if any(format_of(part, about()) for part in parts):
        return  # of such a log, every record is read by itself
    fast = _rows(b"".join(parts) + b"x" * 4000, about())
    slow, at = [], 0
    for part in parts:
        slow += _rows(part, about(), at)
        at += len(part)
    assert fast[: len(slow)] == slow
    assert len(fast) == len(slow) + 1


def cause(data: bytes) -> None:
    """The catalogue, over what any daemon may have said."""
    evidence = as_lines(lines(data, about()))
    found = _CATALOGUE.cause_of(evidence)
    assert found is None or found.cause.id in _CATALOGUE
    _time_grows_with_the_length(data, lambda longer: _CATALOGUE.cause_of(as_lines(lines(longer, about()))))


def question(data: bytes) -> None:
    """The search field: questions, or a refusal that says why."""
    text = data.decode("utf-8", "replace")
    with suppress(NotUnderstood):
        found = asked(text, _NAMES, ["wrong-password"], own=["almelo"])
        assert found
        assert all(isinstance(one, Question) for one in found)
    _time_grows_with_the_length(data, _typed)


def _typed(data: bytes) -> None:
    """Everything that is not longer than people may type, bit by bit."""
    text = data.decode("utf-8", "replace")
    for begin in range(0, len(text), 300):
        with suppress(NotUnderstood):
            asked(text[begin : begin + 300], _NAMES, own=["almelo"])


def stream(data: bytes) -> None:
    """Syslog over TCP: the same messages, in whatever pieces they come."""
    assert _messages(Stream(), [data]) == _messages(Stream(), _pieces(data))
    _time_grows_with_the_length(data, lambda longer: _messages(Stream(), _pieces(longer)))


def relp(data: bytes) -> None:
    """RELP: the same commands, in whatever pieces they come."""
    assert _messages(Relp(), [data]) == _messages(Relp(), _pieces(data))
    _time_grows_with_the_length(data, lambda longer: _messages(Relp(), _pieces(longer)))


def _pieces(data: bytes) -> list[bytes]:
    chance = random.Random(crc32(data))
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(8)))
    return [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def _messages(frames: Stream | Relp, pieces: Sequence[bytes]) -> tuple[list[Any], int, str]:
    """All messages, how many were cut, and why the connection ended."""
    found: list[Any] = []
    try:
        for piece in pieces:
            found += frames.feed(piece)
        if isinstance(frames, Stream):
            found += frames.end()
        end = ""
    except BadFrame as error:
        found, end = found + error.before, str(error)
    for message in found:
        line = as_line(message if isinstance(message, bytes) else message.data)
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        assert b"\0" not in line
    return found, frames.cut, end


def utf16(data: bytes) -> None:
    """What Windows writes, read in whatever pieces: every whole unit is there."""
    for mark, encoding in MARKS.items():
        chance = random.Random(crc32(data))
        file, found = Utf16Stream(io.BytesIO(mark + data), encoding), b""
        while part := file.read(chance.randrange(1, 40)):
            found += part
        units = found.decode("utf-8", "surrogatepass").encode(encoding, "surrogatepass")
        assert data.startswith(units)
        assert len(data) - len(units) < 4
