"""From the bytes of a log to lines.

    lines(data, about) -> pyarrow.Table   columns of `line.py`, for many lines
    records(data, about) -> list[Line]    the same for few
    whole(data, about) -> int             how many bytes of a growing log are whole records

A format is a declaration in `formats/` (see `format.py`).
"""
