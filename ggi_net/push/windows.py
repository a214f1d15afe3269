"""The maintenance window of a device: what its gemeente chose, of the options that its standard declares."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ggi_net.model.gemeente import Gemeente
from ggi_net.model.window import ALWAYS, Window, shown, window
from ggi_net.source.options import option_values

if TYPE_CHECKING:
    from ggi_net.model.estate import Estate

OPTION = "maintenance.window"


def window_of(estate: Estate, device: str) -> Window:
    """The window in which a device may be changed; the federation's devices have none, so always."""
    organisation = estate.placed(device).organisation
    if not isinstance(organisation, Gemeente):
        return Window(ALWAYS)
    return window(str(option_values(organisation, estate.standard_of(organisation)).get(OPTION, ALWAYS)))


def closed_until(estate: Estate, device: str, moment: datetime | None = None) -> str:
    """Why the device may not be changed at that moment (now), with when it may; empty when it may."""
    found, at = window_of(estate, device), moment or datetime.now(UTC)
    if found.open_at(at):
        return ""
    return f"outside its window ({found.text}); next on {shown(found.opening(at))}"
