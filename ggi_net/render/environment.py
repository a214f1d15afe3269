"""The one Jinja environment of a process: strict, without autoescape, every printed value guarded."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import jinja2

from ggi_net.paths import templates_folder
from ggi_net.render.guard import guarded

if TYPE_CHECKING:
    from pathlib import Path


def make_environment(folder: Path) -> jinja2.Environment:
    """An environment for the templates below `folder`; templates are compiled once and kept."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  configurations are not HTML; `guarded` is the net here
        finalize=guarded,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        cache_size=-1,
    )


@cache
def environment() -> jinja2.Environment:
    """The environment for the toolkit's own templates."""
    return make_environment(templates_folder())
