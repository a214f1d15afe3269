"""The real logs of radsecproxy and FreeRADIUS in `tests/logs`, and what is read from them.

`python tests/read_logs.py` writes `tests/logs/lines.ndjson` again; read its diff like code: it says what every line
means.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from ggi_net.authlog.read import Source, records

LOGS = Path(__file__).parent / "logs"
EXPECTED = LOGS / "lines.ndjson"
REAL = sorted(
    path
    for pattern in (
        "scenarios/*/flr?.stdout",
        "scenarios/*/sp-*.stdout",
        "scenarios/*/*-rs.stdout",
        "scenarios/*/*.radius.log",
        "syslog/*",
        "certificates/*",
    )
    for path in LOGS.glob(pattern)
)
REFERENCE = datetime(2026, 11, 24, tzinfo=UTC)


def about(name: str = "log", **known: Any) -> Source:
    """A source of which nothing is known but its time."""
    return Source(**{"name": name, "reference": REFERENCE, **known})


def said() -> list[dict[str, Any]]:
    """What each different real line says; columns without a value are left out."""
    found = {}
    for path in REAL:
        for line in records(path.read_bytes(), about()):
            columns = msgspec.to_builtins(line)
            found[line.raw] = {"raw": line.raw} | {
                name: value for name, value in columns.items() if value and name not in ("raw", "source", "offset")
            }
    return list(found.values())


if __name__ == "__main__":
    EXPECTED.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in said()))
