"""Charts of the overview as SVG that stands in the page: no script, no inline style, colours for both themes.

Drawn by Vega-Lite (vl-convert). That takes up to a second, so a drawing is kept until its figures change. A
chart shows the shape of things; the page has its figures in a table as well.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
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
_EDGE = "#5f6f7d"
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
        {"begin": bar.begin.strftime("%Y-%m-%dT%H:%M:%S"), "kind": kind, "order": order, "logins": logins}
        for bar in bars
        for order, (kind, logins) in enumerate(zip(kinds, (bar.accepted, bar.rejected, bar.unfinished), strict=True))
    ]
    when = {"field": "begin", "type": "temporal", "timeUnit": "yearmonthdatehours" if hours else "yearmonthdate"}
    points = "replace(datum.label, /,/g, '.')"  # between thousands, as Dutch writes them
    axis = {"title": None, "tickCount": 4, "tickMinStep": 1, "labelExpr": points}
    form = "%H:%M" if hours else "%d-%m"
    return _drawn({
        "width": 860,
        "height": 200,
        "data": {"values": values},
        "mark": {"type": "bar"},
        "encoding": {
            "x": {**when, "axis": {"title": None, "format": form, "grid": False, "labelOverlap": True}},
            "y": {"field": "logins", "type": "quantitative", "stack": "zero", "axis": axis},
            "color": {
                "field": "kind", "type": "nominal",
                "scale": {"domain": list(kinds), "range": [GOOD, POOR, FAIR]},
                "legend": {"title": None, "orient": "top"},
            },
            "order": {"field": "order", "type": "quantitative"},
        },
    })  # fmt: skip


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
