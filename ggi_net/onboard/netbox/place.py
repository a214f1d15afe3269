"""The NetBox that the settings name, as the place that onboarding reads and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.onboard.netbox.backend import InNetBox
from ggi_net.source.netbox.client import NetBox
from ggi_net.source.netbox.pull import pull
from ggi_net.source.netbox.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable


def in_netbox(say: Callable[[str], None], *, take_over: bool = False) -> InNetBox:
    """The NetBox of the settings; its first reading begins with the last pull.

    `say` gets what the user must know of a reading. Raises NetBoxSettings when it is not said which NetBox.
    """
    settings = load_settings()
    netbox = NetBox(settings)
    return InNetBox(netbox, take_over=take_over, first=lambda: pull(netbox, settings).reading, say=say)
