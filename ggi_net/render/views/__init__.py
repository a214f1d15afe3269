"""Device views: all that a template sees, computed from the estate as plain data.

A view holds decisions already made: a template only lays them out. Each view record has an `origin`, the reference
of the estate record that it comes from (`gemeente/almelo/link/almelo-01-asd`), which only `ggi explain` reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.errors import RenderError
from ggi_net.model.network import Role

if TYPE_CHECKING:
    from ggi_net.model.estate import Estate, Placed
    from ggi_net.render.views.base import View


def build_view(estate: Estate, placed: Placed) -> View:
    """The view of one device; raise RenderError when the estate lacks what it needs."""
    from ggi_net.render.views import ce, core, proxy, radius

    builders = {
        Role.CE: ce.build,
        Role.CORE: core.build,
        Role.RADIUS: radius.build,
        Role.FEDERATION_PROXY: proxy.build,
    }
    try:
        return builders[placed.device.role](estate, placed)
    except RenderError as error:
        raise type(error)(f"{placed.device.name}: {error.message}", place=error.place, hint=error.hint) from None
