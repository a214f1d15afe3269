"""Device views: all that a template sees, computed from the estate as plain data.

A view holds decisions already made: a template only lays them out. Each view record has an `origin`, the reference
of the estate record that it comes from (`gemeente/almelo/link/almelo-01-asd`), which only `ggi explain` reads.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from ggi_net.errors import RenderError
from ggi_net.model.network import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from ggi_net.model.estate import Estate, Placed
    from ggi_net.render.views.base import View

_MODULES = {Role.CE: "ce", Role.CORE: "core", Role.RADIUS: "radius", Role.FEDERATION_PROXY: "proxy", Role.WLAN: "wlan"}


def build_view(estate: Estate, placed: Placed) -> View:
    """The view of one device; raise RenderError when the estate lacks what it needs."""
    try:
        return _builder(placed.device.role)(estate, placed)
    except RenderError as error:
        raise type(error)(f"{placed.device.name}: {error.message}", place=error.place, hint=error.hint) from None


@cache
def _builder(role: Role) -> Callable[[Estate, Placed], View]:
    """The `build` of the role's module, imported when the first device of that role is rendered."""
    build: Callable[[Estate, Placed], View] = import_module(f"{__name__}.{_MODULES[role]}").build
    return build
