"""Logs in UTF-16, as Windows writes them."""

from __future__ import annotations

import io
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ggi_net.authlog.ingest.logfile import SETTLED, LogFile
from ggi_net.authlog.ingest.utf16 import Utf16Stream
from ggi_net.authlog.read import Source, records

EVENTS = (Path(__file__).parents[1] / "logs" / "nps" / "events.xml").read_bytes().decode()


def about(path: Path) -> Source:
    return Source(name=path.name, reference=datetime(2026, 11, 23, 16, tzinfo=UTC))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_the_same_lines_as_in_utf8(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "events.xml"
    path.write_bytes(("\ufeff" + EVENTS).encode(encoding))
    with LogFile(path) as file:
        data = file.at(0, 1 << 20)
        assert file.at(100, 50) == EVENTS.encode()[100:150]
    assert data == EVENTS.encode()
    assert [line.code for line in records(data, about(path))] == ["7", "", "", "16", "1", "117", "", ""]


def test_half_a_pair_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"\xff\xfe" + "a".encode("utf-16-le") + b"\x00\xd8" + "b\n".encode("utf-16-le"))
    with LogFile(path) as file:
        (line,) = records(file.at(0, 100), about(path))
    assert line.latin1
    assert line.raw.encode("latin-1") == b"a\xed\xa0\x80b"


def test_a_log_that_grows_is_complete_when_nobody_writes_to_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes("\ufeffone\ntw".encode("utf-16-le"))
    with LogFile(path) as file:
        assert file.at(0, 100) == b"one\ntw"
        assert not file.complete
        os.utime(path, (0, time.time() - SETTLED - 1))
        assert file.complete


@settings(deadline=None)
@given(st.text(), st.integers(1, 9), st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_any_text_in_any_pieces(text: str, size: int, encoding: str) -> None:
    stream = Utf16Stream(io.BytesIO(("\ufeff" + text).encode(encoding)), encoding)
    parts = iter(lambda: stream.read(size), b"")
    assert b"".join(parts) == text.encode()
