"""A disk without space: nothing that was stored is lost, and the same command goes on when there is space again."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from store_help import KEYS, NOON, answers, assemble, line

from ggi_net.authlog.question import Question
from ggi_net.authlog.store.columns import table_of
from ggi_net.authlog.store.store import Store
from ggi_net.errors import DiskFull

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALL = Question(limit=1000)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(folder: Path) -> Path:
    """A file that takes all the space."""
    path = folder / "ballast"
    try:
        with path.open("wb", buffering=0) as file:
            while file.write(b"x" * 4096):
                pass
    except OSError:
        pass
    return path


@pytest.mark.root
def test_a_full_disk_loses_nothing(small_disk: Path) -> None:
    first = [line(n, at=NOON + timedelta(minutes=3 * n)) for n in range(5)]
    second = line(9, at=NOON + timedelta(hours=1))
    with Store.open(small_disk / "store", KEYS, assemble, create=True, threads=1) as store:
        store.add(table_of(first), first[0].source, 0, 500)
        ballast = fill(small_disk)
        with pytest.raises(DiskFull):
            store.add(table_of([second]), second.source, 500, 1000)
        assert store.position(second.source) == 500
        with pytest.raises(DiskFull):
            store.compact(NOON + timedelta(hours=2), finish=True)
        assert [login.id for login in store.logins(ALL)] == [login.id for login in answers(assemble(first), ALL)]
        ballast.unlink()
        store.add(table_of([second]), second.source, 500, 1000)
        assert store.compact(NOON + timedelta(hours=2), finish=True).lines == 6
        assert [store.login(login.id) for login in store.logins(ALL)] == answers(assemble([*first, second]), ALL)
