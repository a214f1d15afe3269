"""What the unit tests share."""

from __future__ import annotations

from ingest_logs import log, store

__all__ = ["log", "store"]
