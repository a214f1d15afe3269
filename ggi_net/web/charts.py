"""Charts of the overview as SVG that stands in the page: no script, no inline style, colours for both themes.

Drawn by Vega-Lite (vl-convert). That takes up to a second, so a drawing is kept until its figures change. A
chart shows the shape of things; the page has its figures in a table as well.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ggi_net.errors import ChartFailed
from ggi_net.model.types import Record

BORDERS = Path(__file__).parent / "data" / "gemeenten-2023.topo.json"
"""Borders of gemeenten in 2023, simplified: CBS and Kadaster (PDOK), CC BY 4.0; see data/README.md."""

BEST, GOOD, FAIR, POOR = "#1f5f9e", "#7fb2dd", "#e0a03c", "#a8420f"
"""Four colours that the colour-blind tell apart, also by lightness."""
LIMITS = (0.80, 0.90, 0.95)
NO_DATA = "#9aa7b3"
NO_VISITS = "#f1f5f9"
"""Light in both themes, like few logins."""
_EDGE = "#5f6f7d"
_TREND_WIDTH, _WIDEST_BAR = 860, 90
_KEPT = 64


class Visits(Record, frozen=True):
    """How often people of one gemeente logged in at another: names, and a number."""

    home: str
    visited: str
    logins: int


class Rate(Record, frozen=True):
    """How many of a gemeente's logins succeeded: its CBS code, and a share from 0 to 1."""

    code: str
    share: float


class Bar(Record, frozen=True):
    """What happened in one hour or day: the moment at which it begins on Dutch clocks, and numbers of logins."""

    begin: datetime
    accepted: int
    rejected: int
    unfinished: int


@lru_cache(_KEPT)
def heat_map(visits: tuple[Visits, ...]) -> Markup:
    """Who visits whom: a row for each home, a column for each visited gemeente, darker for more logins."""
    values = [{"home": cell.home, "visited": cell.visited, "logins": cell.logins} for cell in visits]
    axis = {"labelLimit": 160, "title": None, "domain": False, "ticks": False}
    return _drawn({
        "width": {"step": 26},
        "height": {"step": 22},
        "data": {"values": values},
        "view": {"fill": NO_VISITS},
        "mark": {"type": "rect", "stroke": _EDGE, "strokeWidth": 0.5},
        "encoding": {
            "x": {"field": "visited", "type": "nominal", "axis": {**axis, "orient": "top", "labelAngle": -50}},
            "y": {"field": "home", "type": "nominal", "axis": axis},
            "color": {
                "field": "logins", "type": "quantitative",
                "scale": {"type": "symlog", "range": ["#d6e6f5", "#0d3c73"]},
                "legend": {"title": "pogingen", "gradientLength": 120, "tickMinStep": 1, "tickCount": 3},
            },
        },
    })  # fmt: skip


@lru_cache(_KEPT)
def success_map(rates: tuple[Rate, ...]) -> Markup:
    """The Netherlands, each gemeente in the colour of its success rate; grey without logins."""
    known = {"data": {"values": [{"code": rate.code, "share": rate.share} for rate in rates]}}
    return _drawn({
        "width": 400,
        "height": 470,
        "data": {"values": _borders(), "format": {"type": "topojson", "feature": "gm_features"}},
        "projection": {"type": "mercator"},
        "transform": [
            {"lookup": "properties.code", "from": {**known, "key": "code", "fields": ["share"]}, "default": -1}
        ],
        "mark": {"type": "geoshape", "stroke": "#ffffff", "strokeWidth": 0.4},
        "encoding": {
            "color": {
                "field": "share", "type": "quantitative",
                "scale": {"type": "threshold", "domain": [0, *LIMITS], "range": [NO_DATA, POOR, FAIR, GOOD, BEST]},
                "legend": None,
            },
        },
    })  # fmt: skip


@lru_cache(_KEPT)
def trend(bars: tuple[Bar, ...], *, hours: bool) -> Markup:
    """Logins by hour or by day, one on top of the other: succeeded, refused, not finished."""
    kinds = ("gelukt", "geweigerd", "niet afgemaakt")
    values = [
        {"begin": bar.begin.isoformat(), "kind": kind, "order": order, "logins": logins}
        for bar in bars
        for order, (kind, logins) in enumerate(zip(kinds, (bar.accepted, bar.rejected, bar.unfinished), strict=True))
    ]
    begins = _without_gaps(bars, timedelta(hours=1) if hours else timedelta(days=1))
    short = "slice(datum.value, 11, 16)" if hours else "slice(datum.value, 8, 10) + '-' + slice(datum.value, 5, 7)"
    points = "replace(datum.label, /,/g, '.')"  # between thousands, as Dutch writes them
    return _drawn({
        "width": {"step": min(_WIDEST_BAR, _TREND_WIDTH / len(begins))},
        "height": 200,
        "data": {"values": values},
        "mark": {"type": "bar"},
        "encoding": {
            "x": {
                "field": "begin", "type": "ordinal", "scale": {"domain": begins},
                "axis": {
                    "title": None, "labelExpr": short, "labelAngle": 0, "labelOverlap": True, "labelSeparation": 8,
                },
            },
            "y": {
                "field": "logins", "type": "quantitative", "stack": "zero",
                "axis": {"title": None, "tickCount": 4, "tickMinStep": 1, "labelExpr": points},
            },
            "color": {
                "field": "kind", "type": "nominal",
                "scale": {"domain": list(kinds), "range": [GOOD, POOR, FAIR]},
                "legend": {"title": None, "orient": "top"},
            },
            "order": {"field": "order", "type": "quantitative"},
        },
    })  # fmt: skip


def _without_gaps(bars: tuple[Bar, ...], step: timedelta) -> list[str]:
    """The begin of every hour or day from the first bar to the last one, those without logins as well."""
    first, last = bars[0].begin, bars[-1].begin
    return [(first + number * step).isoformat() for number in range((last - first) // step + 1)]


@cache
def _borders() -> dict[str, Any]:
    borders: dict[str, Any] = json.loads(BORDERS.read_bytes())
    return borders


def _drawn(chart: dict[str, Any]) -> Markup:
    """A chart as SVG without what a strict Content-Security-Policy would strip, and silent: the page speaks for it."""
    import vl_convert

    config = {
        "aria": False,
        "background": "transparent",
        "padding": {"left": 16, "right": 32, "top": 5, "bottom": 5},  # for fonts that are wider than the one measured
        "view": {"stroke": None},
        "font": "sans-serif",
        "axis": {
            "labelFontSize": 12,
            "gridColor": NO_DATA,
            "gridOpacity": 0.4,
            "domainColor": _EDGE,
            "tickColor": _EDGE,
        },
        "legend": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"},
    }
    try:
        drawn: str = vl_convert.vegalite_to_svg({**chart, "config": config})
    except ValueError as error:
        raise ChartFailed(f"{type(error).__name__} while drawing") from error
    drawn = re.sub(r'\s(?:style|font-family)="[^"]*"', "", drawn)
    return Markup(drawn.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1))  # noqa: S704  our own drawing
