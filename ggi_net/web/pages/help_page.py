"""The help page, with the drawing of an attempt that went wrong at the end."""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency  # noqa: TC002  litestar reads the annotations

from ggi_net.web.hops import State, Station
from ggi_net.web.pages.room import html
from ggi_net.web.visit import Visit, anybody
from ggi_net.web.words import HOPS

_STATES = (State.PASSED, State.PASSED, State.PASSED, State.BROKEN, State.ABSENT)
EXAMPLE = tuple(
    Station(hop=hop, title=HOPS[hop], name="", state=state) for hop, state in zip(HOPS, _STATES, strict=True)
)


@get("/hulp", opt=anybody(), include_in_schema=False)
async def explained(visit: NamedDependency[Visit]) -> Response[str]:
    """How the pages work."""
    return html("help", visit, "/hulp", example=EXAMPLE)
