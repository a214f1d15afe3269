"""What the inventory plugin and the actions share within one run of Ansible."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from ggi_net.source.files import load_estate

if TYPE_CHECKING:
    from pathlib import Path

    from ggi_net.model.estate import Estate


@cache
def estate_in(folder: Path) -> Estate:
    """The estate in `folder`, read once: Ansible forks a process for each host after the inventory was read."""
    return load_estate(folder)
