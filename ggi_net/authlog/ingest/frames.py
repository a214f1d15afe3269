"""Where a syslog message begins and ends in a stream: RFC 6587 (octet counting, newlines) and RELP.

A peer may send anything. A message longer than LONGEST is cut there, and the rest of it skipped; a frame that claims
to be longer than any message ever is ends the connection. Memory is bounded by LONGEST and what was read at once.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

LONGEST = 64 * 1024
"""Of a message; RFC 5425 (4.3.1) asks for 8,192 bytes."""

ABSURD = 16 * 1024 * 1024
"""No log line is that long: who announces one speaks another protocol, or means harm."""

_COUNT = re.compile(rb"[1-9][0-9]{0,8} ")
_RELP = re.compile(rb"(?P<number>[0-9]{1,9}) (?P<command>[a-zA-Z0-9]{1,32}) (?P<length>[0-9]{1,9})(?P<after>[ \n])")
_RELP_HEAD = 64


class BadFrame(Exception):
    """A peer that doesn't speak the protocol; the text says how one sees that. `before` is what came before in order,
    messages or commands, and was not given yet."""

    def __init__(self, text: str, before: list[Any]) -> None:
        super().__init__(text)
        self.before = before


class Stream:
    """Messages out of a TCP or TLS connection. Each message may be framed its own way, as rsyslog accepts it, too."""

    def __init__(self) -> None:
        self.cut = 0
        self._rest = b""
        self._skip = 0
        self._skip_line = False

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes, without their framing. Raises BadFrame."""
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        data = self._rest + data if self._rest else data
        found: list[bytes] = []
        at, end = 0, len(data)
        while at < end and not self._skip:
            first = data[at]
            if self._skip_line:
                at = self._past_line(data, at)
            elif 49 <= first <= 57 and (step := self._counted(data, at, found)) is not None:
                if step < 0:
                    break
                at = step
            else:
                step = self._line(data, at, found)
                if step < 0:
                    break
                at = step
        self._rest = data[at:]
        return found

    def end(self) -> list[bytes]:
        """What is left when the peer has closed: a last line without newline is a message, half a frame none."""
        rest, self._rest = self._rest, b""
        if rest and not _COUNT.match(rest) and not self._skip_line:
            return [rest]
        return []

    def _counted(self, data: bytes, at: int, found: list[bytes]) -> int | None:
        """Take one counted frame; the place after it, -1 when it is not complete, None when it is no such frame."""
        space = data.find(b" ", at, at + 10)
        if space < 0:
            return -1 if len(data) - at < 10 and data[at:].isdigit() else None
        digits = data[at:space]
        if not digits.isdigit():
            return None
        length = int(digits)
        if length > ABSURD:
            raise BadFrame(f"announces a message of {length} bytes", found)
        begin = space + 1
        if length > LONGEST:
            if len(data) - begin < LONGEST:
                return -1
            found.append(data[begin : begin + LONGEST])
            self.cut += 1
            self._skip = max(0, begin + length - len(data))
            return min(begin + length, len(data))
        if begin + length > len(data):
            return -1
        found.append(data[begin : begin + length])
        return begin + length

    def _line(self, data: bytes, at: int, found: list[bytes]) -> int:
        """Take all lines up to what looks like a counted frame; the place after them, -1 when there is no whole one."""
        newline = data.find(b"\n", at)
        if newline < 0 or newline - at > LONGEST:
            if len(data) - at <= LONGEST:
                return -1
            found.append(data[at : at + LONGEST])
            self.cut += 1
            self._skip_line = True
            return at + LONGEST
        if newline > at:
            found.append(data[at:newline])
        return newline + 1

    def _past_line(self, data: bytes, at: int) -> int:
        newline = data.find(b"\n", at)
        self._skip_line = newline < 0
        return len(data) if newline < 0 else newline + 1


class Command(NamedTuple):
    """A RELP frame: its transaction number, what it asks, and the data with it."""

    number: int
    name: str
    data: bytes


class Relp:
    """Commands out of a RELP connection: `TXNR COMMAND LENGTH[ DATA]` and a newline (the librelp specification)."""

    def __init__(self) -> None:
        self.cut = 0
        self._rest = b""
        self._skip = 0

    def feed(self, data: bytes) -> list[Command]:
        """The commands that `data` completes. Raises BadFrame."""
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        data = self._rest + data if self._rest else data
        found: list[Command] = []
        at = 0
        while at < len(data) and not self._skip:
            head = _RELP.match(data, at, at + _RELP_HEAD)
            if head is None:
                if len(data) - at < _RELP_HEAD and b"\n" not in data[at:]:
                    break
                raise BadFrame("sends what is no RELP frame", found)
            length = int(head["length"])
            if length > ABSURD:
                raise BadFrame(f"announces a message of {length} bytes", found)
            begin = head.end()
            kept = min(length, LONGEST)
            if head["after"] == b"\n":
                if length:
                    raise BadFrame("sends what is no RELP frame", found)
                begin, after = begin - 1, begin
            else:
                after = begin + length + 1
            if begin + kept >= len(data):
                break
            if length > LONGEST:
                self.cut += 1
                self._skip = max(0, after - len(data))
            elif data[after - 1] != 10:
                raise BadFrame("sends a RELP frame that does not end where it says", found)
            found.append(Command(int(head["number"]), head["command"].decode().lower(), data[begin : begin + kept]))
            at = min(after, len(data))
        self._rest = data[at:]
        return found


def answer(number: int, text: str) -> bytes:
    """The RELP response to transaction `number`."""
    data = text.encode()
    return f"{number} rsp {len(data)} ".encode() + data + b"\n"


def as_line(message: bytes) -> bytes:
    """A message as one line of a spool file: what would end a line is escaped as rsyslog does (`#012`)."""
    message = message.rstrip(b"\n\0")
    if b"\n" in message or b"\0" in message:
        message = message.replace(b"\n", b"#012").replace(b"\0", b"#000")
    return message + b"\n"
