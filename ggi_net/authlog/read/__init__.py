"""From the bytes of a log to lines.

    lines(data, about) -> pyarrow.Table     the columns of `line.py`, for many lines
    records(data, about) -> list[Line]      the same for few
    whole(data, about) -> int               how many bytes of a growing log are whole records

A format is a declaration in `formats/` (see `format.py`).
"""

from ggi_net.authlog.read.cut import whole
from ggi_net.authlog.read.engine import SCHEMA, as_lines, lines, records
from ggi_net.authlog.read.source import Source

__all__ = ["SCHEMA", "Source", "as_lines", "lines", "records", "whole"]
