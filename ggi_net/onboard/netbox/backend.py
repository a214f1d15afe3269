"""NetBox as the place that onboarding reads from and writes to.

An apply first claims the tenant (`claim.py`). Then numbers are allocated, objects written, the result read back and
compared, a journal entry left, and the claim released. Killed anywhere, the same apply again completes it.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from ggi_net.errors import AnothersObject, ApplyClaimed, ChangedMeanwhile, OthersDepend, Place, PlanStale, ResultDiffers
from ggi_net.onboard.backend import Kept
from ggi_net.onboard.checks import joined
from ggi_net.onboard.netbox.allocate import Allocator, Mark
from ggi_net.onboard.netbox.claim import TENANTS, Claims, Work, check_rivals, is_untouched, without_claim
from ggi_net.onboard.netbox.contract import load_contract
from ggi_net.onboard.netbox.init import ready
from ggi_net.onboard.netbox.journal import TENANT, leave_entry
from ggi_net.onboard.netbox.objects import Ref, objects_of
from ggi_net.onboard.netbox.remove import around, strangers
from ggi_net.onboard.netbox.sync import Outcome, compare, sync
from ggi_net.onboard.netbox.undo import undo
from ggi_net.onboard.objects import objects
from ggi_net.onboard.plan import check_fits, kept_path, save_plan, worked_out
from ggi_net.onboard.show import summary
from ggi_net.onboard.status import Claimed
from ggi_net.paths import state_folder
from ggi_net.source.netbox.assemble import assemble
from ggi_net.source.netbox.read import read, update
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ggi_net.model.estate import Estate
    from ggi_net.model.gemeente import Gemeente
    from ggi_net.onboard.offboard import Offboarding
    from ggi_net.onboard.plan import Plan
    from ggi_net.source.netbox.client import NetBox
    from ggi_net.source.netbox.read import Reading
    from ggi_net.source.netbox.tables import Tables
    from ggi_net.source.pools import Taken


def _quiet(_: str) -> None:
    """Say nothing."""


@dataclass
class InNetBox:
    """An estate in NetBox. `take_over` completes what another machine claimed and did not finish.

    `first` reads NetBox for the first time, where there is a snapshot to begin with; without it everything is read.
    `expect` is called with the number of objects that there will be, `tick` with a kind of object and how many of it
    were dealt with, `say` with what the user should know meanwhile. After `write`, `moved` holds the numbers that came
    out otherwise than the plan foresaw, because others took those meanwhile (planned and real), `page` the tenant's
    page and `outcome` the counts.
    """

    netbox: NetBox
    take_over: bool = False
    first: Callable[[], Reading] | None = None
    tick: Callable[[str, int], object] = lambda _kind, _count: None
    expect: Callable[[int], object] = lambda _total: None
    say: Callable[[str], object] = _quiet
    moved: dict[str, tuple[str, str]] = field(default_factory=dict)
    outcome: Outcome = field(default_factory=Outcome)
    page: str = ""
    plans_numbers = False

    def __post_init__(self) -> None:
        self._claims = Claims(self.netbox, self.take_over)
        self._reading: Reading | None = None

    def read(self, gemeente: str = "") -> Estate:
        """All that is in NetBox but what is broken; when that is `gemeente` itself, raise what is wrong with it.

        A tenant that holds nothing of GGI yet is not broken: it is still to be onboarded. Raises a NetBoxError, or
        EstateEmpty when NetBox has no federation.
        """
        tables = self._tables()
        assembled = assemble(tables, self.netbox.url)
        problem = assembled.problems.get(gemeente)
        if problem is not None and not is_untouched(tables, gemeente):
            raise problem
        return assembled.estate

    @contextmanager
    def exclusive(self, gemeente: str) -> Iterator[None]:
        """One apply of a gemeente at a time on this machine; another machine's is seen by its claim."""
        name = hashlib.sha256(f"{self.netbox.url} {gemeente}".encode()).hexdigest()[:16]
        folder = state_folder() / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / f"apply-{name}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.say(f"waiting for another change of '{gemeente}' on this machine")
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def begun(self, gemeente: str) -> str:
        """The digest of the plan whose apply was begun and not completed; empty when there is none."""
        return self._claims.begun(gemeente)

    def claimed(self, gemeente: str) -> Claimed | None:
        """The change of a gemeente that was begun and not completed, if any."""
        claim = self._claims.of(gemeente)
        names = ("plan", "by", "since")
        return Claimed(**{name: printable(claim.get(name, "?"), 64) for name in names}) if claim else None

    def missing(self, plan: Plan) -> list[str]:
        """The NetBox objects of a plan that are not there yet; with other numbers than planned they count as missing.

        Raises NetBoxError.
        """
        wanted = objects_of(plan.result, joined(self._estate(), plan.result))
        return [f"{one.kind} {one.name}" for one in compare(self.netbox, wanted) if one.field is None]

    def write(self, plan: Plan) -> Gemeente:
        """Make the plan's changes and return the gemeente as it became; go on where an earlier run stopped.

        Raises ApplyClaimed when another apply of this gemeente is under way, PlanStale when another gemeente got what
        only one can have, a NetBoxError (run it again), or ResultDiffers when NetBox does not hold what was written.
        """
        work = _work(plan)
        tenant, new = self._claimed_for(plan, work)
        self.page = f"{self.netbox.url}/{TENANTS}/{tenant}/"
        estate = self._checked(plan, work, tenant, new=new)
        mark = Mark(
            tenant,
            plan.result.spec,
            f"onboarding {plan.gemeente}, spec {plan.result.spec}, plan {plan.digest[:12]}",
        )
        result = self._allocated(plan, estate, mark)
        after = joined(estate, result)
        wanted = objects_of(result, after)
        before = [one.ref for one in objects_of(plan.before, after)] if plan.before else []
        self.expect(len({*before, *(one.ref for one in wanted)}))
        self.outcome = sync(self.netbox, wanted, before=before, message=mark.message, tick=self.tick)
        self._compare(result)
        leave_entry(self.netbox, (TENANT, tenant), self._entry(plan), f"plan {plan.digest}", mark.message)
        self._claims.release(tenant, f"{mark.message}: complete")
        kept_path(plan.digest).unlink(missing_ok=True)
        return result

    def undo(self, plan: Plan) -> bool:
        """Take back what an apply of the plan did before it was cut off; whether there was such an apply.

        Numbers are released, and the gemeente is as it was. Raises ApplyClaimed when another plan is being applied, or
        a NetBoxError: then it can be done again.
        """
        with self.exclusive(plan.gemeente):
            if not self.begun(plan.gemeente):
                kept_path(plan.digest).unlink(missing_ok=True)
                return False
            tenant, _ = self._claims.take(_work(plan))
            message = f"undoing the onboarding of {plan.gemeente}, spec {plan.result.spec}, plan {plan.digest[:12]}"
            estate = self._estate()
            around_it = joined(estate, plan.before) if plan.before else estate
            self.outcome = undo(self.netbox, plan, tenant, around_it, message, self.tick)
            if plan.before is not None:
                self._claims.release(tenant, message)
            kept_path(plan.digest).unlink(missing_ok=True)
            return True

    def kept(self, gemeente: Gemeente, estate: Estate) -> Kept:
        """What people made around a gemeente; raise NetBoxError."""
        found = around(self.netbox, gemeente, estate)
        return Kept(tuple(found.others), tuple(found.along))

    def remove(self, made: Offboarding) -> None:
        """Take a gemeente's objects away, its tenant last; go on where an earlier run stopped.

        The journal entry is left on the federation's tenant. Raises ApplyClaimed when another plan for the gemeente is
        under way, StillUsed when something that the toolkit does not know depends on it, or another NetBoxError.
        """
        work = Work(made.gemeente, made.before.name, made.digest, "offboarding", new=False, takes={})
        self._claims.take(work)
        message = f"offboarding {made.gemeente}, plan {made.digest[:12]}"
        estate = joined(self._estate(), made.before)
        own = around(self.netbox, made.before, estate).own
        mine = Ref("tenant", (made.gemeente,))
        left = [ref for ref in own if ref != mine]
        self.expect(len(own))
        self.outcome = sync(self.netbox, [], before=left, message=message, tick=self.tick)
        numbers = [f"- {one.pool}: {', '.join(one.numbers)}" for one in made.released]
        text = "\n".join([f"**Offboarding** of {made.before.name}, by {getpass.getuser()}. Free again:", "", *numbers])
        federation = self.netbox.get(TENANTS, slug=estate.federation.slug, fields="id")["results"][0]["id"]
        leave_entry(self.netbox, (TENANT, federation), text, f"plan {made.digest}", message)
        self.outcome += sync(self.netbox, [], before=[mine], message=message, tick=self.tick)

    # -- steps -----------------------------------------------------------------------------------------

    def _tables(self) -> Tables:
        """What NetBox holds now: everything at first, then what was changed since."""
        self._reading = (
            update(self.netbox, self._reading) if self._reading else (self.first or partial(read, self.netbox))()
        )
        return self._reading.tables

    def _estate(self) -> Estate:
        return assemble(self._tables(), self.netbox.url).estate

    def _claimed_for(self, plan: Plan, work: Work) -> tuple[int, bool]:
        """Claim the tenant; the plan is kept meanwhile, so that the spec alone can complete it."""
        ready(self.netbox, load_contract(), self._estate().ranges)
        save_plan(plan, kept_path(plan.digest))
        try:
            return self._claims.take(work)
        except (ApplyClaimed, PlanStale, AnothersObject, ChangedMeanwhile):
            kept_path(plan.digest).unlink(missing_ok=True)
            raise

    def _checked(self, plan: Plan, work: Work, tenant: int, *, new: bool) -> Estate:
        """The estate around the gemeente, now that it is claimed; the claim goes again when it doesn't fit in."""
        tables = self._tables()
        estate = assemble(tables, self.netbox.url).estate
        if new:
            try:
                check_rivals(tables, work)
                check_fits(plan, joined(estate, plan.before) if plan.before else estate)
                self._check_sites(plan, estate)
            except (PlanStale, OthersDepend):
                self._claims.withdraw(work, tenant)
                kept_path(plan.digest).unlink(missing_ok=True)
                raise
        return estate

    def _check_sites(self, plan: Plan, estate: Estate) -> None:
        """Raise OthersDepend when a site is to go at which people have something of their own."""
        left = {site.slug for site in plan.result.sites}
        going = [site.slug for site in (plan.before.sites if plan.before else ()) if site.slug not in left]
        if not plan.before or not going:
            return
        own = {one.ref for one in objects_of(plan.before, joined(estate, plan.before))}
        there = strangers(self.netbox, [f"{plan.gemeente}-{slug}" for slug in going], own)
        if there:
            listed = "".join(f"\n  - {what}" for what in there)
            sites = " and ".join(f"'{slug}'" for slug in going)
            raise OthersDepend(f"site {sites} can't go yet; others have something there:{listed}")

    def _allocated(self, plan: Plan, estate: Estate, mark: Mark) -> Gemeente:
        """The plan's gemeente with numbers of its own, each allocated in NetBox."""
        standard = joined(estate, plan.result).standard_of(plan.result)
        allocator = Allocator(self.netbox, mark, standard, estate.ranges)
        while True:
            result, taken = worked_out(plan, estate, allocator.given)
            missing = [number for number in taken if number.ref not in allocator.given]
            if not missing:
                self.moved = _moved(plan, taken)
                return result
            allocator.take(missing)

    def _entry(self, plan: Plan) -> str:
        lines = [f"**Onboarding**: {summary(plan, done=True)}.", ""]
        lines += [f"- spec `{plan.result.spec}`", f"- by {getpass.getuser()}"]
        lines += [f"- {ref}: planned {planned}, became {real}" for ref, (planned, real) in self.moved.items()]
        return "\n".join(lines)

    def _compare(self, result: Gemeente) -> None:
        """Read NetBox back as if the claim were gone; raise ResultDiffers when it is not what was written."""
        tables = self._tables()
        assembled = assemble(without_claim(tables, result.slug), self.netbox.url)
        problem = assembled.problems.get(result.slug)
        if problem is not None:
            raise problem
        became, wanted = objects(assembled.estate.by_slug.get(result.slug)), objects(result)
        different = sorted(ref for ref in {**became, **wanted} if became.get(ref) != wanted.get(ref))
        if different:
            raise ResultDiffers(
                f"NetBox does not hold what was written, in: {', '.join(different[:5])}", place=Place(self.page)
            )


def _work(plan: Plan) -> Work:
    after = plan.result
    takes = {"CBS code": [after.code], "domain": [after.domain], "realm": list(after.govroam.realms)}
    return Work(plan.gemeente, after.name, plan.digest, "onboarding", plan.before is None, takes)


def _moved(plan: Plan, taken: list[Taken]) -> dict[str, tuple[str, str]]:
    return {
        number.ref: (plan.numbers[number.ref], number.value)
        for number in taken
        if number.ref in plan.numbers and plan.numbers[number.ref] != number.value
    }
