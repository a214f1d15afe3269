"""`ggi_onboard_plan`: what it takes to onboard a gemeente, as `ggi onboard plan` says it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ggi_net.ansible.shared import arguments, backend_in
from ggi_net.errors import GgiError
from ggi_net.onboard.apply import plan_spec
from ggi_net.onboard.plan import save_plan
from ggi_net.onboard.show import plan_lines, summary
from ggi_net.onboard.spec import load_spec


class ActionModule(ActionBase):  # type: ignore[misc]  # Ansible has no types
    """Plans; the estate is not changed, so check mode does the same."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the plan in lines for people, and whether there is anything to do; fail with the toolkit's error."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments(
            self,
            spec={"type": "path", "required": True},
            estate={"type": "str", "required": True},
            plan={"type": "path", "required": True},
        )
        try:
            made = plan_spec(load_spec(Path(given["spec"])), backend_in(given["estate"]))
            save_plan(made, Path(given["plan"]))
        except GgiError as error:
            raise AnsibleActionFail(str(error)) from None
        return result | {
            "changed": False,
            "gemeente": made.gemeente,
            "needed": bool(made.changes),
            "lines": [line.plain for line in plan_lines(made)],
            "msg": summary(made),
        }
