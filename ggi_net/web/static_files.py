"""What is the same for everybody: the style sheet and the icons. An address names the content, so none is ever old."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
STATIC = "/static/"
"""Below it stands what is the same for everybody; anything else is nobody else's business."""
FOREVER = "public, max-age=31536000, immutable"
"""For an address that names its content: another content has another address."""
ASK = "no-cache"
"""For one that does not, or names what this process does not have: kept, but asked for again each time."""


@cache
def address(name: str) -> str:
    """The address of a file of the folder, with its version; for templates. Raises KeyError."""
    return f"{STATIC}{name}?v={_versions()[name]}"


def caching(path: str, query: bytes) -> str:
    """How long the answer to a request for a static file may be kept."""
    version = _versions().get(path.removeprefix(STATIC))
    return FOREVER if version and query == f"v={version}".encode() else ASK


@cache
def _versions() -> dict[str, str]:
    """A part of the SHA-256 of each file."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in FOLDER.iterdir()}
