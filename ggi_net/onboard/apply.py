"""Applying a plan: once, to the state that it was computed from; applied again it changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.errors import ApplyClaimed
from ggi_net.onboard.plan import check_fresh, kept_path, load_plan, make_plan

if TYPE_CHECKING:
    from ggi_net.model.gemeente import Gemeente
    from ggi_net.onboard.backend import Backend, Readable
    from ggi_net.onboard.plan import Plan
    from ggi_net.onboard.spec import SpecFile


def plan_spec(found: SpecFile, backend: Readable) -> Plan:
    """The plan for a spec against what `backend` holds; raise SpecError, StandardError or PoolExhausted."""
    return make_plan(found, backend.read(found.spec.slug))


def apply_spec(found: SpecFile, backend: Backend) -> tuple[Plan, Gemeente | None]:
    """Plan a spec and make the changes at once; complete an apply of the same spec that was cut off.

    Returns the plan, and the gemeente as it became, None when nothing was left to do. Raises what `plan_spec` and
    `apply_plan` raise, and ApplyClaimed when the plan of what was cut off is not on this machine, or is of another
    spec.
    """
    with backend.exclusive(found.spec.slug):
        digest = backend.begun(found.spec.slug)
        plan = _kept(digest, found) if digest else make_plan(found, backend.read(found.spec.slug))
        return plan, backend.write(plan) if plan.changes else None


def _kept(digest: str, found: SpecFile) -> Plan:
    path = kept_path(digest)
    plan = load_plan(path) if path.exists() else None
    if plan is None or plan.spec != found.spec:
        raise ApplyClaimed(
            f"the apply of another plan for '{found.spec.slug}' was not completed",
            place=found.place(),
            hint=f"complete it first: ggi onboard apply {path if plan else '<the plan file of ' + digest[:12] + '>'}",
        )
    return plan


def apply_plan(plan: Plan, backend: Backend) -> Gemeente | None:
    """Make a plan's changes, or complete them; return the gemeente as it became, None when nothing was left to do.

    Raises PlanStale when what the plan was computed from has changed, ApplyClaimed when another plan for the gemeente
    was begun, DiskFull, FileError or NetBoxError when writing fails: then applying can be tried again.
    """
    with backend.exclusive(plan.gemeente):
        if not backend.begun(plan.gemeente) and not (
            plan.changes and check_fresh(plan, backend.read(plan.gemeente), numbers=backend.plans_numbers)
        ):
            return None
        return backend.write(plan)
