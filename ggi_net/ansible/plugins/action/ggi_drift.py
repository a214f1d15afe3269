"""`ggi_drift`: what many devices run, compared with what they should, by one call on the controller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ggi_net.ansible.shared import arguments, estate_in
from ggi_net.drift.report import write_html, write_json
from ggi_net.drift.result import Report, State
from ggi_net.drift.run import drift_all
from ggi_net.errors import GgiError
from ggi_net.push.connections import read_connections
from ggi_net.push.targets import targets
from ggi_net.render.device import render_device
from ggi_net.secrets import Resolver, open_backend


class ActionModule(ActionBase):  # type: ignore[misc]  # Ansible has no types
    """Compares; nothing is changed, so check mode does the same."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return which devices differ and which could not be compared, and the exit status that `ggi drift` has."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments(
            self,
            estate={"type": "str", "required": True},
            connections={"type": "path", "required": True},
            devices={"type": "list", "elements": "str", "required": True},
            html={"type": "path", "default": ""},
            json={"type": "path", "default": ""},
            secrets={"type": "str", "default": "", "no_log": False},
        )
        try:
            report = self._compare(given)
            if given["html"]:
                write_html(report, Path(given["html"]))
            if given["json"]:
                write_json(report, Path(given["json"]))
        except GgiError as error:
            raise AnsibleActionFail(str(error)) from None
        drift = [device.device for device in report.devices if device.state is State.DRIFT]
        unknown = {device.device: device.reason for device in report.devices if device.state is State.UNKNOWN}
        return result | {
            "changed": False,
            "drift": drift,
            "unknown": unknown,
            "exit_status": report.exit_status,
            "msg": f"drift: {', '.join(drift) or 'none'}; could not be compared: {', '.join(unknown) or 'none'}",
        }

    def _compare(self, given: dict[str, Any]) -> Report:
        connections = read_connections(Path(given["connections"]))
        estate = estate_in(given["estate"])
        artifacts = [render_device(estate, estate.placed(name)) for name in given["devices"]]
        resolver = Resolver(open_backend(given["secrets"] or connections.secrets))
        return drift_all(estate, targets(estate, artifacts, connections), resolver)
