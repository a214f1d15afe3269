"""NetBox as the place that onboarding reads from and writes to.

An apply first claims the tenant: the custom field `ggi_apply` names the plan, and a reader leaves the gemeente out
while it stands there, so that nobody renders from half of a change. Then numbers are allocated, objects written, the
result read back, a journal entry left, and the claim released. Killed anywhere, the same apply again completes it.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import os
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ggi_net.errors import ApplyClaimed, NetBoxRejected, Place, PlanStale, ResultDiffers
from ggi_net.onboard.checks import joined
from ggi_net.onboard.netbox.allocate import Allocator, Mark
from ggi_net.onboard.netbox.journal import leave_entry
from ggi_net.onboard.netbox.objects import objects_of
from ggi_net.onboard.netbox.sync import sync
from ggi_net.onboard.objects import objects
from ggi_net.onboard.plan import kept_path, save_plan, worked_out
from ggi_net.onboard.show import summary
from ggi_net.paths import state_folder
from ggi_net.source.netbox.assemble import assemble
from ggi_net.source.netbox.contract import GEMEENTEN
from ggi_net.source.netbox.read import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ggi_net.model.estate import Estate
    from ggi_net.model.gemeente import Gemeente
    from ggi_net.onboard.plan import Plan
    from ggi_net.source.netbox.client import NetBox
    from ggi_net.source.pools import Taken

TENANTS = "tenancy/tenants"


@dataclass
class InNetBox:
    """An estate in NetBox. `take_over` completes what another machine claimed and did not finish.

    `tick` is called with a kind of object and how many of it were dealt with. After `write`, `moved` holds the numbers
    that came out otherwise than the plan foresaw, because others took those meanwhile: planned and real.
    """

    netbox: NetBox
    take_over: bool = False
    tick: Callable[[str, int], object] = lambda _kind, _count: None
    moved: dict[str, tuple[str, str]] = field(default_factory=dict)
    plans_numbers = False

    def read(self) -> Estate:
        """All that is in NetBox; raise a NetBoxError, or EstateEmpty when it has no federation."""
        return assemble(read(self.netbox).tables, self.netbox.url).estate

    @contextmanager
    def exclusive(self, gemeente: str) -> Iterator[None]:
        """One apply of a gemeente at a time on this machine; another machine's is seen by its claim."""
        name = hashlib.sha256(f"{self.netbox.url} {gemeente}".encode()).hexdigest()[:16]
        folder = state_folder() / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / f"apply-{name}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def begun(self, gemeente: str) -> str:
        """The digest of the plan whose apply was begun and not completed; empty when there is none."""
        tenant = self._tenant(gemeente)
        claim = tenant["custom_fields"].get("ggi_apply") if tenant else None
        return str(claim["plan"]) if claim else ""

    def write(self, plan: Plan) -> Gemeente:
        """Make the plan's changes and return the gemeente as it became; go on where an earlier run stopped.

        Raises ApplyClaimed when another apply of this gemeente is under way, a NetBoxError (run it again), or
        ResultDiffers when NetBox does not hold what was written.
        """
        save_plan(plan, kept_path(plan.digest))
        tenant = self._claimed(plan)
        message = f"onboarding {plan.gemeente}, spec {plan.result.spec}, plan {plan.digest[:12]}"
        estate = self.read()
        result = self._allocated(plan, estate, tenant, message)
        after = joined(estate, result)
        before = [one.ref for one in objects_of(plan.before, after)] if plan.before else []
        sync(self.netbox, objects_of(result, after), before=before, message=message, tick=self.tick)
        leave_entry(self.netbox, tenant, self._entry(plan), f"plan {plan.digest}")
        self.netbox.patch(
            f"{TENANTS}/{tenant}", {"custom_fields": {"ggi_apply": None}, "changelog_message": f"{message}: complete"}
        )
        self._check(result)
        kept_path(plan.digest).unlink(missing_ok=True)
        return result

    # -- steps -----------------------------------------------------------------------------------------

    def _allocated(self, plan: Plan, estate: Estate, tenant: int, message: str) -> Gemeente:
        """The plan's gemeente with numbers of its own, each allocated in NetBox."""
        mark = Mark(tenant, plan.result.spec, message)
        standard = joined(estate, plan.result).standard_of(plan.result)
        allocator = Allocator(self.netbox, mark, standard, estate.ranges)
        while True:
            result, taken = worked_out(plan, estate, allocator.given)
            missing = [number for number in taken if number.ref not in allocator.given]
            if not missing:
                self.moved = _moved(plan, taken)
                return result
            allocator.take(missing)

    def _tenant(self, slug: str) -> dict[str, Any] | None:
        found: list[dict[str, Any]] = self.netbox.get(TENANTS, slug=slug)["results"]
        return found[0] if found else None

    def _claimed(self, plan: Plan) -> int:
        """Claim the gemeente's tenant for this plan, which is made when it is new; return its id."""
        mine = {
            "plan": plan.digest,
            "by": f"{getpass.getuser()}@{socket.gethostname()}",
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        tenant = self._tenant(plan.gemeente)
        claim = tenant["custom_fields"].get("ggi_apply") if tenant else None
        if tenant and claim:
            self._check_claim(plan, claim, mine["by"], tenant["id"])
            return int(tenant["id"])
        fields = {
            "custom_fields": {"ggi_apply": mine},
            "changelog_message": f"onboarding {plan.gemeente}: plan {plan.digest[:12]} is being applied",
        }
        if tenant is None:
            if plan.before is not None:
                raise PlanStale(f"gemeente '{plan.gemeente}' is gone since the plan was made")
            group = self.netbox.get("tenancy/tenant-groups", slug=GEMEENTEN)["results"]
            new = {"name": plan.result.name, "slug": plan.gemeente, "group": group[0]["id"] if group else None}
            try:
                return int(self.netbox.post(TENANTS, {**new, **fields})["id"])
            except NetBoxRejected:
                if self._tenant(plan.gemeente) is None:
                    raise
                return self._claimed(plan)
        path = f"{TENANTS}/{tenant['id']}"
        self.netbox.patch(path, fields, if_match=self.netbox.etag(path))
        return int(tenant["id"])

    def _check_claim(self, plan: Plan, claim: dict[str, Any], me: str, tenant: int) -> None:
        place = Place(f"{self.netbox.url}/{TENANTS}/{tenant}/")
        who = f"{claim.get('by', '?')} began at {claim.get('since', '?')}"
        if claim.get("plan") != plan.digest:
            raise ApplyClaimed(
                f"another plan for '{plan.gemeente}' is being applied, or was not completed: {who}",
                place=place,
                hint=f"complete that one first: apply plan {str(claim.get('plan'))[:12]} again",
            )
        host = str(claim.get("by", "")).rpartition("@")[2]
        if host != me.rpartition("@")[2] and not self.take_over:
            raise ApplyClaimed(
                f"this plan is being applied from another machine: {who}",
                place=place,
                hint="wait for it; when it is certain that it died, go on from here with --take-over",
            )

    def _entry(self, plan: Plan) -> str:
        lines = [f"**Onboarding**: {summary(plan)}.", "", f"- spec `{plan.result.spec}`", f"- by {getpass.getuser()}"]
        lines += [f"- {ref}: planned {planned}, became {real}" for ref, (planned, real) in self.moved.items()]
        return "\n".join(lines)

    def _check(self, result: Gemeente) -> None:
        assembled = assemble(read(self.netbox).tables, self.netbox.url)
        problem = assembled.problems.get(result.slug)
        if problem is not None:
            raise problem
        became, wanted = objects(assembled.estate.by_slug.get(result.slug)), objects(result)
        different = sorted(ref for ref in {**became, **wanted} if became.get(ref) != wanted.get(ref))
        if different:
            raise ResultDiffers(
                f"NetBox does not hold what was written, in: {', '.join(different[:5])}",
                place=Place(assembled.estate.sources.get(result.slug, self.netbox.url)),
            )


def _moved(plan: Plan, taken: list[Taken]) -> dict[str, tuple[str, str]]:
    return {
        number.ref: (plan.numbers[number.ref], number.value)
        for number in taken
        if number.ref in plan.numbers and plan.numbers[number.ref] != number.value
    }
