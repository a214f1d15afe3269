"""`python -m bench`: measure and write docs/benchmarks.md."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.page import page
from bench.render import in_scratch

DOCS = Path(__file__).parent.parent / "docs" / "benchmarks.md"

text = page(in_scratch())
DOCS.parent.mkdir(exist_ok=True)
DOCS.write_text(text)
sys.stdout.write(text)
