"""`ggi_rollback`: the devices of a play back to what they ran before, by one run, from the controller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.plugins.action import ActionBase

from ggi_net.ansible.rollout import run_task
from ggi_net.push.rollout_jobs import rollback_of_devices, rollback_of_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ggi_net.model.estate import Estate
    from ggi_net.push.connections import Connections
    from ggi_net.push.journal import Journal
    from ggi_net.push.rollout import Job


class ActionModule(ActionBase):  # type: ignore[misc]  # Ansible has no types
    """Rolls back; in check mode it compares only."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the outcome of each device, for `ggi_outcome`."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        return run_task(self, result, _jobs, rollback=True, run={"type": "str", "default": ""})


def _jobs(estate: Estate, given: Mapping[str, Any], journal: Journal, connections: Connections) -> list[Job]:
    if not given["run"]:
        return rollback_of_devices(estate, journal, given["devices"], connections)
    jobs = rollback_of_run(estate, journal, given["run"], connections)
    return [job for job in jobs if job.target.device in given["devices"]]
