"""`ggi_render`: the artifacts of many devices, by one call of the rendering engine on the controller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ggi_net.ansible.shared import arguments, estate_in
from ggi_net.errors import GgiError
from ggi_net.render.engine import render_estate


class ActionModule(ActionBase):  # type: ignore[misc]  # Ansible has no types
    """Renders; nothing is sent to a device."""

    _supports_check_mode = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return counts; fail with the errors of the devices that could not be rendered."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments(
            self,
            estate={"type": "str", "required": True},
            out={"type": "path", "required": True},
            devices={"type": "list", "elements": "str", "default": []},
        )
        try:
            estate = estate_in(given["estate"])
            summary = render_estate(estate, estate.select(device=given["devices"]), Path(given["out"]))
        except GgiError as error:
            raise AnsibleActionFail(str(error)) from None
        result |= {
            "changed": bool(summary.written or summary.removed),
            "rendered": summary.rendered,
            "written": summary.written,
            "unchanged": summary.unchanged,
            "removed": summary.removed,
            "failures": [failure.text for failure in summary.failures],
        }
        if summary.failures:
            result["failed"] = True
            result["msg"] = "\n".join(result["failures"])
        return result
