"""Applying a plan: once, to the state that it was computed from; applied again it changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.onboard.plan import check_fresh, make_plan

if TYPE_CHECKING:
    from ggi_net.onboard.backend import Backend
    from ggi_net.onboard.plan import Plan
    from ggi_net.onboard.spec import SpecFile


def plan_spec(found: SpecFile, backend: Backend) -> Plan:
    """The plan for a spec against what `backend` holds; raise SpecError, StandardError or PoolExhausted."""
    return make_plan(found, backend.read())


def apply_spec(found: SpecFile, backend: Backend) -> tuple[Plan, bool]:
    """Plan a spec and make the changes at once; return the plan, and whether there was anything to change.

    Raises what `plan_spec` raises, and DiskFull or FileError when writing fails: then nothing has changed.
    """
    with backend.exclusive():
        plan = make_plan(found, backend.read())
        if plan.changes:
            backend.write(plan)
    return plan, bool(plan.changes)


def apply_plan(plan: Plan, backend: Backend) -> bool:
    """Make a plan's changes; return False, and change nothing, when they have been made already.

    Raises PlanStale when what the plan was computed from has changed, DiskFull or FileError when writing fails: then
    nothing has changed, and applying can be tried again.
    """
    with backend.exclusive():
        if not plan.changes or not check_fresh(plan, backend.read(), numbers=True):
            return False
        backend.write(plan)
    return True
