"""The templates, compiled once per process; everything that they print is made inert first."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from ggi_net.web.inert import inert, spelled
from ggi_net.web.static_files import address

if TYPE_CHECKING:
    from ggi_net.web.pages.frame import Frame

FOLDER = Path(__file__).parent.parent / "templates"


def page(name: str, frame: Frame, /, **data: Any) -> str:
    """The HTML of template `name` (`answer` for answer.html.j2): `frame` is what is around it, `data` what it shows."""
    return environment().get_template(f"{name}.html.j2").render(frame=frame, **data)


@cache
def environment() -> Environment:
    """The environment of all pages."""
    made = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, auto_reload=False, cache_size=-1,
        trim_blocks=True, lstrip_blocks=True, finalize=_printed,
    )  # fmt: skip
    made.filters["attr"] = _attribute
    made.globals["static"] = address
    return made


def _printed(value: Any) -> Any:
    """What an expression of a template prints in the body of a page; Jinja escapes what is no Markup yet."""
    if not isinstance(value, str) or isinstance(value, Markup) or (value.isascii() and value.isprintable()):
        return value
    return inert(value)


def _attribute(value: object) -> Markup:
    """The same between the quotes of an attribute, where no element can mark an escape."""
    return escape(spelled(str(value)))
