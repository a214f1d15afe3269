"""`python -m bench [PART...]`: measure these parts, by default all; write it into docs/benchmarks.md."""

from __future__ import annotations

import sys
from pathlib import Path

from bench import (
    ingest,
    ingest_page,
    netbox_page,
    netbox_read,
    page,
    push,
    push_page,
    render,
    search,
    search_page,
    web,
)

DOCS = Path(__file__).parent.parent / "docs" / "benchmarks.md"

INTRODUCTION = """# Benchmarks

Written by `make bench` (`python -m bench rendering`, `push`, `netbox` or `ingest` for one part). The figures of one
part are from one run on one machine, so ratios mean more than seconds.
"""

PARTS = {
    "rendering": lambda: page.page(render.in_scratch()),
    "push": lambda: push_page.page(push.in_scratch()),
    "netbox": lambda: netbox_page.page(netbox_read.in_scratch()),
    "ingest": lambda: ingest_page.page(ingest.in_scratch()),
    "search": lambda: search_page.page(search.in_scratch()),
    "web": lambda: web.page(web.in_scratch()),
}


def main(chosen: list[str]) -> None:
    """Measure the chosen parts, or all; the others stay as they are on the page."""
    if unknown := [name for name in chosen if name not in PARTS]:
        raise SystemExit(f"bench: no part '{unknown[0]}'; there are: {', '.join(PARTS)}")
    there = DOCS.read_text().split("\n## ")[1:] if DOCS.exists() else []
    texts = {text.partition("\n")[0].lower(): f"## {text.strip()}\n" for text in there}
    for name in chosen or PARTS:
        texts[name] = PARTS[name]()
        sys.stdout.write(texts[name])
    DOCS.parent.mkdir(exist_ok=True)
    DOCS.write_text("\n".join([INTRODUCTION, *(texts[name] for name in PARTS if name in texts)]))


main(sys.argv[1:])
