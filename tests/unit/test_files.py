"""Writing beside and renaming: when a file appears, and what is left when it must not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ggi_net.errors import DiskFull
from ggi_net.files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_that_waits_for_its_turn_is_written_and_does_not_count_yet(tmp_path: Path) -> None:
    path = tmp_path / "file"
    seen = []

    def turn() -> None:
        (beside,) = tmp_path.iterdir()
        seen.append((beside.name != path.name, beside.read_bytes()))

    write_atomic(path, b"new", turn=turn)
    assert seen == [(True, b"new")]
    assert path.read_bytes() == b"new"


def test_a_file_whose_turn_does_not_come_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def turn() -> None:
        raise DiskFull("no space left on the disk")

    with pytest.raises(DiskFull, match="no space left"):
        write_atomic(path, b"new", turn=turn)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"old"
