"""DuckDB under the store: what does not fit into memory goes to the disk, and nothing of it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ggi_net.authlog.store.engine import Engine
from ggi_net.errors import SystemFailure

if TYPE_CHECKING:
    from pathlib import Path

LARGE = "CREATE TEMP TABLE t AS SELECT range AS n, sha256(range::VARCHAR) AS text FROM range(700_000) ORDER BY text"


def test_what_does_not_fit_into_memory_goes_to_the_disk(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "spill" / "host-1", memory="40MB", threads=1)
    engine.run(LARGE)
    assert list((tmp_path / "spill").rglob("duckdb_temp*")), "it was too much for the memory"
    assert engine.rows("SELECT count(DISTINCT n) FROM t") == [(700_000,)]
    engine.close()
    assert not list((tmp_path / "spill").iterdir())


def test_who_may_not_write_there_is_told_what_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(type(tmp_path), "mkdir", refuse)
    engine = Engine(tmp_path / "spill" / "host-1", memory="40MB", threads=1)
    with pytest.raises(SystemFailure, match="more memory is needed"):
        engine.run(LARGE)
    assert engine.rows("SELECT 1") == [(1,)]
