"""The command line: one small module per job; each parses, calls one function of a room, and prints."""

from __future__ import annotations

import signal
from typing import NoReturn


def run() -> NoReturn:
    """Run `ggi` as a program. Ctrl-C while modules are being imported ends it at once, not in a traceback."""
    usual = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from ggi_net.cli.main import main

    signal.signal(signal.SIGINT, usual)
    main()
