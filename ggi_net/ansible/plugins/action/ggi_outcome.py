"""`ggi_outcome`: what a run did to the host, as Ansible tells it: changed, failed, unreachable, or skipped."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ggi_net.ansible.shared import arguments
from ggi_net.errors import DeviceUnreachable
from ggi_net.push.journal import Status

NOT_DONE = (Status.WAITING, Status.POSTPONED, Status.DECLINED, Status.HELD)
"""Nothing was done to the device."""


class ActionModule(ActionBase):  # type: ignore[misc]  # Ansible has no types
    """Only reports: everything has happened."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the outcome of the host with its masked diff, if it has one."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments(self, outcome={"type": "dict", "default": {}})["outcome"]
        if not given:
            return result | {"skipped": True, "skip_reason": "the run was not about this device"}
        status = Status(given["status"])
        result["changed"] = status in (Status.CHANGED, Status.WOULD_CHANGE)
        result["status"] = str(status)
        result["armed"] = given["armed"]
        if self._task.diff and given["diff"]:
            result["diff"] = {"prepared": given["diff"]}
        if status in NOT_DONE:
            result["skipped"] = True
            result["skip_reason"] = f"{status}: {given['note']}" if given["note"] else str(status)
        elif given["error"]:
            away = given["code"] == DeviceUnreachable.code and status is Status.FAILED
            result["unreachable" if away else "failed"] = True
            result["msg"] = given["error"]
        return result
