"""When people log in: the day of an office, in minutes."""

from __future__ import annotations

import math

_PEAKS = (
    (8 * 60 + 35, 45, 1.0),
    (10 * 60 + 30, 90, 0.45),
    (13 * 60 + 5, 40, 0.6),
    (15 * 60 + 30, 90, 0.4),
    (19 * 60 + 30, 60, 0.1),
)
"""Minute of the day, width in minutes, height."""
_NIGHT = 0.01
_WEEKEND = 0.12


def minutes(logins: int, weekday: int) -> list[int]:
    """How many log in in each of the 1,440 minutes; their sum is `logins`. On Saturday (5) and Sunday the peaks are
    lower.
    """
    lower = _WEEKEND if weekday >= 5 else 1.0
    shape = [
        _NIGHT + lower * sum(height * math.exp(-(((minute - peak) / width) ** 2)) for peak, width, height in _PEAKS)
        for minute in range(1440)
    ]
    total, counts, owed = sum(shape), [], 0.0
    for share in shape:
        owed += logins * share / total
        counts.append(int(owed + 1e-6))
        owed -= counts[-1]
    counts[-1] += logins - sum(counts)
    return counts
