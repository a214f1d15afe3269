"""`ggi_onboard_apply`: a plan's changes, made or completed, as `ggi onboard apply` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ggi_net.ansible.shared import arguments, backend_in, say
from ggi_net.errors import GgiError, Place, SpecError
from ggi_net.onboard.apply import apply_plan
from ggi_net.onboard.netbox.branch import merge_plan
from ggi_net.onboard.plan import load_plan
from ggi_net.onboard.show import summary
from ggi_net.paths import demo_folder


class ActionModule(ActionBase):  # type: ignore[misc]  # Ansible has no types
    """Applies. Whether a plan still fits is only known when it is applied, so check mode skips this."""

    _supports_check_mode = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return whether anything was changed; fail with the toolkit's error."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments(self, estate={"type": "str", "required": True}, plan={"type": "path", "required": True})
        try:
            if Path(given["estate"]).resolve() == demo_folder().resolve():
                raise SpecError(
                    "the embedded demo estate is not changed",
                    place=Place(given["estate"]),
                    hint="work on a copy: cp -r the folder above, and name the copy with GGI_ESTATE",
                )
            plan = load_plan(Path(given["plan"]))
            backend = backend_in(given["estate"])
            became = merge_plan(plan, backend, say) if plan.branch else apply_plan(plan, backend)
        except GgiError as error:
            raise AnsibleActionFail(str(error)) from None
        return result | {
            "changed": became is not None,
            "gemeente": plan.gemeente,
            "msg": summary(plan, done=True) if became else f"{plan.gemeente} is as the spec asks already",
        }
