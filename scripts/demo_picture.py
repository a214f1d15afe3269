#!/usr/bin/env python3
"""Write docs/demo.svg: what `ggi demo` prints, as a picture for the README. Runs the demo in build/demo."""

from __future__ import annotations

import re
from pathlib import Path

from rich import _export_format, terminal_theme

from ggi_net.cli import console
from ggi_net.cli.demo import demo
from ggi_net.files import write_if_changed

PROJECT = Path(__file__).resolve().parent.parent
WIDTH = 118


def main() -> None:
    """Run the demo with a console that records, and export that."""
    console.out.record = True
    console.out.width = WIDTH
    demo(Path("build/demo"), Path("inventory/specs/hengelo.yml"))
    # Without fonts from elsewhere: a README that is read must not call another server.
    svg_format = re.sub(r"@font-face \{\{.*?\}\}\s*", "", _export_format.CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    svg = console.out.export_svg(
        title="make demo", theme=terminal_theme.MONOKAI, code_format=svg_format, unique_id="demo"
    )
    write_if_changed(PROJECT / "docs" / "demo.svg", svg.encode())


main()
