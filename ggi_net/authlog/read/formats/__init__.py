"""Every format that is read, one module each. A line is tried against them in this order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ggi_net.authlog.read.format import Format

FORMATS: tuple[Format, ...] = ()
