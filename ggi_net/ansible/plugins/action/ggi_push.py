"""`ggi_push`: the artifacts of all devices of a play to these devices, by one run, from the controller."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.plugins.action import ActionBase

from ggi_net.ansible.rollout import run_task
from ggi_net.push.rollout_jobs import push_jobs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ggi_net.model.estate import Estate
    from ggi_net.push.connections import Connections
    from ggi_net.push.journal import Journal
    from ggi_net.push.rollout import Job


class ActionModule(ActionBase):  # type: ignore[misc]  # Ansible has no types
    """Rolls out; in check mode it compares only."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the outcome of each device, for `ggi_outcome`."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        return run_task(self, result, _jobs, artifacts={"type": "path", "required": True})


def _jobs(estate: Estate, given: Mapping[str, Any], journal: Journal, connections: Connections) -> list[Job]:
    del journal
    return push_jobs(estate, Path(given["artifacts"]), given["devices"], connections)
