"""`ggi_push`: one device's artifacts to that device, by the push protocol, from the controller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ggi_net.ansible.shared import arguments, estate_in
from ggi_net.errors import DeviceUnreachable, GgiError
from ggi_net.push.artifacts import read_current
from ggi_net.push.connections import read_connections
from ggi_net.push.journal import Journal, journal_folder
from ggi_net.push.run import Outcome, Status, push_device, targets
from ggi_net.secrets import Resolver, open_backend


class ActionModule(ActionBase):  # type: ignore[misc]  # Ansible has no types
    """Pushes to the host of the task; in check mode it compares only."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the outcome, with a masked diff where one is asked for; fail with the push's own error."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments(
            self,
            estate={"type": "str", "required": True},
            artifacts={"type": "path", "required": True},
            connections={"type": "path", "required": True},
            reason={"type": "str", "default": "ansible"},
            secrets={"type": "str", "default": "", "no_log": False},
        )
        try:
            outcome = self._push(str((task_vars or {})["inventory_hostname"]), given)
        except GgiError as error:
            raise AnsibleActionFail(str(error)) from None
        result["changed"] = outcome.status in (Status.CHANGED, Status.WOULD_CHANGE)
        result["status"] = str(outcome.status)
        if self._task.diff and outcome.diff:
            result["diff"] = {"prepared": outcome.diff}
        if outcome.status is Status.FAILED:
            result["unreachable" if outcome.code == DeviceUnreachable.code else "failed"] = True
            result["msg"] = outcome.error
        return result

    def _push(self, device: str, given: dict[str, Any]) -> Outcome:
        connections = read_connections(Path(given["connections"]))
        estate = estate_in(given["estate"])
        artifacts = read_current(Path(given["artifacts"]), estate, [device])
        [target] = targets(estate, artifacts.values(), connections)
        return push_device(
            target,
            Resolver(open_backend(given["secrets"] or connections.secrets)),
            check=bool(self._task.check_mode),
            journal=Journal(journal_folder(), given["reason"]),
        )
