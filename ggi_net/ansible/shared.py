"""What the inventory plugin and the actions share within one run of Ansible."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.utils.display import Display

from ggi_net.onboard.backend import Files
from ggi_net.source.open import NETBOX, SNAPSHOT, open_estate

if TYPE_CHECKING:
    from ansible.plugins.action import ActionBase

    from ggi_net.model.estate import Estate
    from ggi_net.onboard.backend import Backend


@cache
def estate_in(source: str) -> Estate:
    """The estate that `source` names, read once: Ansible forks a process for each host after the inventory was read.

    What the user must know of it, such as the age of a snapshot, goes to standard error.
    """
    return open_estate(source, say=say)


def say(text: str) -> None:
    """A line for the user on standard error."""
    Display().display(text, stderr=True)


def backend_in(source: str) -> Backend:
    """What holds the estate that `source` names, for onboarding: of a snapshot that is NetBox itself.

    Raises NetBoxSettings when it is not said which NetBox.
    """
    if source not in (NETBOX, SNAPSHOT):
        return Files(Path(source))
    from ggi_net.onboard.netbox.place import in_netbox

    return in_netbox(say)


def arguments(action: ActionBase, **specification: dict[str, Any]) -> dict[str, Any]:
    """The validated arguments of a task, in Python's own types rather than Ansible's tagged ones."""
    _, given = action.validate_argument_spec(specification)
    plain: dict[str, Any] = json.loads(json.dumps(given))
    return plain
