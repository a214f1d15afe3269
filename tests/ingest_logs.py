"""What tests of ingesting share: a store, log lines that are all different, and what of them is stored."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from ggi_net.authlog.ingest.once import Report, ingest
from ggi_net.authlog.ingest.opened import Committer, make_store
from ggi_net.authlog.ingest.pool import Here
from ggi_net.authlog.ingest.reading import About
from ggi_net.authlog.ingest.settings import LogSettingsFile
from ggi_net.authlog.ingest.sources import Sources
from ggi_net.authlog.ingest.tasks import Input
from ggi_net.authlog.store import hot

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ABOUT = About(host="idp-almelo")


def new_store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store below `folder`, with a key of its own.

    Nothing is flushed to the disk: that matters when the power goes, which no test here can do.
    """
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setenv("GGI_STATE", str(folder / "state"))
    (folder / "state").mkdir(exist_ok=True)
    store = folder / "store"
    make_store(LogSettingsFile(store=str(store)), lambda _: None)
    return store


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store of the test's own."""
    return new_store(tmp_path, monkeypatch)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where a log may be written."""
    path = tmp_path / "logs" / "radius.log"
    path.parent.mkdir()
    return path


def parts(store: Path) -> tuple[Sources, Committer]:
    """What ingests into that store, as a new process would have it."""
    return Sources(store / "ingest"), Committer(store)


def lines(count: int, begin: int = 0) -> list[str]:
    """Lines of FreeRADIUS, no two of them equal."""
    return [
        f"Tue Nov 24 10:{n // 60 % 60:02}:{n % 60:02} 2026 : Auth: ({n}) Login OK: [user{n}@almelo.example] "
        f"(from client ap-{n % 7} port 1 cli AA-BB-CC-00-00-{n % 256:02X})"
        for n in range(begin, begin + count)
    ]


def text(rows: Iterable[str]) -> bytes:
    """Lines as they stand in a file."""
    return "".join(f"{row}\n" for row in rows).encode()


def read(store: Path, *paths: Path) -> Report:
    """Ingest files once, in this process."""
    return ingest([Input(path, ABOUT) for path in paths], *parts(store), Here(store))


def stored(store: Path) -> Counter[str]:
    """How often each line is stored."""
    table = hot.read([file.path for file in hot.listed(store / "hot")])
    return Counter(table.column("raw").to_pylist())


def once(rows: Iterable[str]) -> Counter[str]:
    """Each of these lines, once."""
    return Counter(rows)
