"""What the inventory plugin and the actions share within one run of Ansible."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from ggi_net.source.files import load_estate

if TYPE_CHECKING:
    from pathlib import Path

    from ansible.plugins.action import ActionBase

    from ggi_net.model.estate import Estate


@cache
def estate_in(folder: Path) -> Estate:
    """The estate in `folder`, read once: Ansible forks a process for each host after the inventory was read."""
    return load_estate(folder)


def arguments(action: ActionBase, **specification: dict[str, Any]) -> dict[str, Any]:
    """The validated arguments of a task, in Python's own types rather than Ansible's tagged ones."""
    _, given = action.validate_argument_spec(specification)
    plain: dict[str, Any] = json.loads(json.dumps(given))
    return plain
