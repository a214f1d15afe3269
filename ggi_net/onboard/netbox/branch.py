"""A plan in a NetBox branch: colleagues review it in NetBox's own pages, then it is merged or thrown away.

This takes the branching plugin (netboxlabs-netbox-branching) and NetBox's worker, which carries its jobs out. Each
step finds what an earlier run left, so that every command can be killed and run again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from ggi_net.errors import (
    BranchConflict,
    BranchFailed,
    BranchGone,
    BranchingMissing,
    NetBoxAway,
    NetBoxError,
    NetBoxRejected,
    NotInNetBox,
    Place,
    PlanStale,
    SpecError,
    StillUsed,
)
from ggi_net.onboard.apply import apply_plan
from ggi_net.onboard.checks import joined
from ggi_net.onboard.netbox.backend import InNetBox
from ggi_net.onboard.netbox.claim import TENANTS
from ggi_net.onboard.plan import BranchRef, check_fits, sha256
from ggi_net.source.validate import findings_of
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from ggi_net.model.gemeente import Gemeente
    from ggi_net.onboard.backend import Backend
    from ggi_net.onboard.plan import Plan
    from ggi_net.source.netbox.client import NetBox

BRANCHES = "plugins/branching/branches"
PATIENCE = 600.0
"""Seconds that a job of the branching plugin may take: it copies or replays everything that a branch changed."""

START = 10.0
"""Seconds within which a job begins whose order may have been lost."""

_MOVING = ("new", "provisioning", "syncing", "migrating", "merging", "reverting")
_DEAD = ("failed", "errored")


class _Action(NamedTuple):
    """What the worker is asked for: the path, the status that a branch has afterwards, and the word for it."""

    path: str
    status: str
    done: str


_MERGE = _Action("merge", "merged", "merged")
_REVERT = _Action("revert", "ready", "reverted")


@dataclass(frozen=True)
class Branches:
    """The branches of the NetBox that `backend` is; `say` is told what is waited for."""

    backend: InNetBox
    say: Callable[[str], object] = lambda _: None

    @property
    def netbox(self) -> NetBox:
        """The main of NetBox."""
        return self.backend.netbox

    def write(self, plan: Plan, name: str = "") -> Plan:
        """Make the plan's changes in a branch, which is made; return the plan with its branch.

        The name is made of gemeente and plan unless it is given. Raises BranchingMissing, BranchGone when another
        plan's branch has that name, and what writing raises.
        """
        self._ready()
        branch = self._made(plan, name or f"onboard-{plan.gemeente}-{plan.digest[:8]}")
        branch = self._settled(branch, "the branch is being made")
        if branch["status"]["value"] != "ready":
            raise self._failed(branch, "is not ready to be written to")
        inside = InNetBox(self.netbox.branch(branch["schema_id"]))
        inside.tick, inside.expect, inside.say = self.backend.tick, self.backend.expect, self.backend.say
        apply_plan(plan, inside)
        self.backend.moved, self.backend.outcome = inside.moved, inside.outcome
        page = f"{self.netbox.url}/plugins/branching/branches/{branch['id']}/"
        ref = BranchRef(id=branch["id"], name=branch["name"], schema=branch["schema_id"], page=page)
        return msgspec.structs.replace(plan, branch=ref)

    def merge(self, plan: Plan) -> Gemeente | None:
        """Merge the plan's branch; return the gemeente as it became, None when it was merged before.

        Raises PlanStale when the gemeente changed in NetBox since, or when others took meanwhile what the branch has
        (numbers, realms); BranchConflict, BranchFailed or BranchGone.
        """
        with self.backend.exclusive(plan.gemeente):
            branch = self._checked(plan)
            if branch is None:
                return None
            self._do(branch, _MERGE)
            tenant = self.netbox.get(TENANTS, slug=plan.gemeente, fields="id")["results"][0]["id"]
            self.backend.page = f"{self.netbox.url}/{TENANTS}/{tenant}/"
            return self.backend.read(plan.gemeente).by_slug[plan.gemeente]

    def revert(self, plan: Plan) -> bool:
        """Undo the merge of the plan's branch, and remove the branch; whether it was there.

        Raises PlanStale when the gemeente was changed after the merge, BranchFailed when NetBox can't undo it.
        """
        with self.backend.exclusive(plan.gemeente):
            try:
                branch = self._settled(self._of(plan), "the branch is busy")
            except BranchGone:
                return False
            if branch["status"]["value"] == "merged":
                current = self.backend.read(plan.gemeente).by_slug.get(plan.gemeente)
                if current is not None and current.spec != plan.result.spec:
                    raise PlanStale(
                        f"gemeente '{plan.gemeente}' was changed by another spec since the branch was merged",
                        hint="undo that first, or use `ggi offboard`",
                    )
                self._do(branch, _REVERT)
            self.netbox.delete(f"{BRANCHES}/{branch['id']}")
            return True

    # -- steps -----------------------------------------------------------------------------------------

    def _ready(self) -> None:
        status = self.netbox.get("status")
        if "netbox_branching" not in (status.get("plugins") or {}):
            raise BranchingMissing("this NetBox has no branching plugin", place=Place(self.netbox.url))
        if not status.get("rq-workers-running"):
            raise BranchingMissing(
                "NetBox's worker is not running, and branches are made by it", place=Place(self.netbox.url)
            )

    def _made(self, plan: Plan, name: str) -> dict[str, Any]:
        """The branch of that name, which is made unless it is there."""
        purpose = f"onboarding {plan.gemeente}, plan {plan.digest}"
        found = self._named(name)
        if found is None:
            new = {"name": name, "description": purpose, "changelog_message": purpose}
            try:
                found = dict(self.netbox.post(BRANCHES, new))
            except (NetBoxAway, NetBoxRejected):
                found = self._named(name)
                if found is None:
                    raise
        if found["description"] != purpose:
            raise BranchGone(
                f"there is a branch '{printable(name)}' already, for something else",
                place=Place(f"{self.netbox.url}/plugins/branching/branches/{found['id']}/"),
                hint="give another name with --branch-name",
            )
        return found

    def _named(self, name: str) -> dict[str, Any] | None:
        found: list[dict[str, Any]] = self.netbox.get(BRANCHES, name=name)["results"]
        return found[0] if found else None

    def _of(self, plan: Plan) -> dict[str, Any]:
        """The plan's branch, as it is now; raise BranchGone."""
        self._ready()
        if plan.branch is None:
            raise BranchGone("the plan was not written into a branch")
        place = Place(plan.branch.page)
        try:
            found: dict[str, Any] = self.netbox.get(f"{BRANCHES}/{plan.branch.id}")
        except NotInNetBox:
            raise BranchGone(f"the branch '{plan.branch.name}' is gone", place=place) from None
        if plan.digest not in found["description"]:
            raise BranchGone(f"branch {plan.branch.id} was not made for this plan", place=place)
        return found

    def _settled(self, branch: dict[str, Any], words: str) -> dict[str, Any]:
        """The branch when no job is at it any more; raise BranchFailed when that takes too long."""
        began = time.monotonic()
        pause, said = 0.2, ""
        while branch["status"]["value"] in _MOVING:
            if pause > 1 and said != branch["status"]["label"]:
                said = branch["status"]["label"]
                self.say(f"{words} ({said.lower()})")
            if time.monotonic() - began > PATIENCE:
                raise self._failed(branch, f"is {branch['status']['label'].lower()} for {PATIENCE:g} seconds")
            time.sleep(pause)
            pause = min(pause * 1.5, 2.0)
            branch = self.netbox.get(f"{BRANCHES}/{branch['id']}")
        return branch

    def _checked(self, plan: Plan) -> dict[str, Any] | None:
        """The branch, good to be merged; None when it is merged, perhaps as a run that was killed had asked for."""
        while True:
            branch = self._settled(self._of(plan), "the branch is busy")
            if branch["status"]["value"] == "merged":
                return None
            try:
                self._check(plan, branch)
            except (NetBoxRejected, PlanStale):
                if self._of(plan)["status"]["value"] == "ready":
                    raise
            else:
                return branch

    def _check(self, plan: Plan, branch: dict[str, Any]) -> None:
        """Whether the branch may be merged: reviewed or edited there, it must fit what NetBox holds now."""
        estate = self.backend.read(plan.gemeente)
        current = estate.by_slug.get(plan.gemeente)
        if sha256(current) != plan.basis.gemeente:
            raise PlanStale(f"gemeente '{plan.gemeente}' has changed since the plan was made")
        check_fits(plan, estate)
        inside = InNetBox(self.netbox.branch(branch["schema_id"])).read(plan.gemeente)
        became = inside.by_slug.get(plan.gemeente)
        if became is None:
            raise PlanStale(f"gemeente '{plan.gemeente}' is no longer in the branch")
        known = {finding.message for finding in findings_of(estate)}
        for finding in findings_of(joined(estate, became)):
            if finding.message not in known:
                raise PlanStale(f"the branch no longer fits: {finding.message}", hint=finding.hint)

    def _do(self, branch: dict[str, Any], action: _Action) -> None:
        """Have the worker merge or revert, and wait for the end of it."""
        path = f"{BRANCHES}/{branch['id']}"
        place = Place(f"{self.netbox.url}/plugins/branching/branches/{branch['id']}/")
        job: dict[str, Any] = {}
        lost: NetBoxError | None = None
        try:
            job = self.netbox.post(f"{path}/{action.path}", {"commit": True})
        except StillUsed as error:
            raise BranchConflict(
                f"branch '{printable(branch['name'])}' can't be {action.done}: {error.message}", place=place
            ) from None
        except (NetBoxAway, NetBoxRejected) as error:
            lost = error
        began = time.monotonic()
        while True:
            now = self._settled(self.netbox.get(path), f"the branch is being {action.done}")
            if now["status"]["value"] == action.status:
                return
            if lost is not None and time.monotonic() - began > START:
                raise lost
            if job and (job := self.netbox.get(f"core/jobs/{job['id']}"))["status"]["value"] in _DEAD:
                if self.netbox.get(path)["status"]["value"] == action.status:
                    return
                raise self._failed(now, f"could not be {action.done}: {_why(job)}")
            time.sleep(0.2)

    def _failed(self, branch: dict[str, Any], words: str) -> BranchFailed:
        place = Place(f"{self.netbox.url}/plugins/branching/branches/{branch['id']}/")
        return BranchFailed(f"branch '{printable(branch['name'])}' {words}", place=place)


def _why(job: dict[str, Any]) -> str:
    """What the job says of its end: its error, or the last line of its log that is one."""
    log = (job.get("data") or {}).get("log") or []
    words = [str(line[-1] if isinstance(line, list) else line) for line in log]
    return printable(job.get("error") or (words[-1] if words else "its job failed"), 300)


def merge_plan(plan: Plan, backend: Backend, say: Callable[[str], object]) -> Gemeente | None:
    """Apply a plan that has a branch: merge it; raise SpecError when `backend` is not NetBox."""
    if not isinstance(backend, InNetBox):
        raise SpecError(
            "this plan was written into a branch of NetBox, and can't be applied elsewhere",
            hint="apply it with --estate netbox",
        )
    return Branches(backend, say).merge(plan)
