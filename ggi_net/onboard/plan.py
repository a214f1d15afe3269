"""The plan: the exact list of changes that an apply would make, bound to the state that it was computed from."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ggi_net.errors import GgiError, Place, PlanInvalid, PlanStale
from ggi_net.files import read_bytes, write_atomic
from ggi_net.model.gemeente import Gemeente
from ggi_net.model.types import Record, Slug
from ggi_net.onboard.checks import check_against, check_result, core_port, cores_for, joined, replace_gemeenten
from ggi_net.onboard.design import CorePort, design
from ggi_net.onboard.objects import Change, compare, objects, plain
from ggi_net.onboard.spec import Spec, SpecFile
from ggi_net.paths import standards_folder, state_folder
from ggi_net.source.pools import pools_of
from ggi_net.source.standard import load_standard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ggi_net.model.estate import Estate
    from ggi_net.model.standard import Standard
    from ggi_net.onboard.design import Design
    from ggi_net.source.pools import Pools, Taken

FORMAT = 3


class Basis(Record, frozen=True, kw_only=True):
    """What a plan was computed from: the cores that its lines end at; the rest as SHA-256.

    That is the gemeente, its standard, and what was in use of each pool.
    """

    gemeente: str
    standard: str
    pools: dict[str, str]
    cores: tuple[CorePort, ...]


class BranchRef(Record, frozen=True, kw_only=True):
    """The NetBox branch that a plan was written into, for review: its id, name, schema and page."""

    id: int
    name: str
    schema: str
    page: str


class Plan(Record, frozen=True, kw_only=True):
    """The changes that bring one gemeente to what a spec asks, the gemeente before them and the one that results.

    `numbers` are those that were taken from pools, by what they are for. `digest` is the SHA-256 of all the rest: a
    plan that was edited after it was made is refused. `branch` is where it was written for review, if anywhere; the
    digest leaves it out, since the branch itself names the digest.
    """

    format: int
    estate: str
    gemeente: Slug
    spec: Spec
    basis: Basis
    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    before: Gemeente | None
    result: Gemeente
    numbers: dict[str, str]
    digest: str = ""
    branch: BranchRef | None = None


def make_plan(found: SpecFile, estate: Estate) -> Plan:
    """Compute what it takes to bring `estate` to what the spec asks; change nothing.

    Raises SpecError, OptionUndeclared, OptionRefused or PoolExhausted with the place in the spec.
    """
    try:
        return _plan(found, estate)
    except GgiError as error:
        if error.place is None:
            error.place = found.place()
        raise


def _plan(found: SpecFile, estate: Estate) -> Plan:
    spec = found.spec
    standard = check_against(found, estate)
    current = estate.by_slug.get(spec.slug)
    pools = pools_of(estate, standard)
    cores = cores_for(found, estate)
    made = _worked_out(spec, standard, pools, cores, current)
    check_result(found, estate, made.gemeente)
    plan = Plan(
        format=FORMAT,
        estate=estate.name,
        gemeente=spec.slug,
        spec=spec,
        basis=Basis(
            gemeente=sha256(current),
            standard=sha256(standard),
            pools=pools.basis(pools.touched),
            cores=tuple(cores),
        ),
        changes=compare(current, made.gemeente, made.allocated),
        notes=tuple(made.notes),
        before=current,
        result=made.gemeente,
        numbers={taken.ref: taken.value for taken in pools.taken},
    )
    return msgspec.structs.replace(plan, digest=_digest(plan))


def _worked_out(
    spec: Spec, standard: Standard, pools: Pools, cores: Sequence[CorePort], current: Gemeente | None
) -> Design:
    """The design, marked with the id of the spec when it changes anything."""
    made = design(spec, standard, pools, cores, current)
    if made.gemeente != current:
        made.gemeente = msgspec.structs.replace(made.gemeente, spec=spec_id(spec))
    return made


def spec_id(spec: Spec) -> str:
    """The id of a spec, which what it makes is marked with: twelve digits of its SHA-256."""
    return sha256(spec)[:12]


def worked_out(plan: Plan, estate: Estate, given: Mapping[str, str]) -> tuple[Gemeente, list[Taken]]:
    """The plan's gemeente with the numbers that are `given`, by what they are for, and all numbers that it takes.

    What isn't given is the next that is free in `estate`, in which the gemeente is as it was before the plan.
    """
    others = tuple(gemeente for gemeente in estate.gemeenten if gemeente.slug != plan.gemeente)
    was = joined(estate, plan.before) if plan.before else replace_gemeenten(estate, others)
    standard = joined(estate, plan.result).standard_of(plan.result)
    pools = pools_of(was, standard, given)
    made = _worked_out(plan.spec, standard, pools, plan.basis.cores, plan.before)
    return made.gemeente, pools.taken


def check_fresh(plan: Plan, estate: Estate, *, numbers: bool) -> bool:
    """Whether the plan's changes still have to be made to `estate`; False when it holds the result already.

    Raises PlanStale when what the plan was computed from has changed: the gemeente itself, its standard, the cores
    that its lines end at, what other gemeenten have that only one can have, or, where the plan's `numbers` are used as
    they stand, the use of a pool that it takes from. Anything else may change.
    """
    current = estate.by_slug.get(plan.gemeente)
    if current is not None and objects(current) == objects(plan.result):
        return False
    if not numbers and current is not None and current.spec == plan.result.spec and _is_met(plan, estate):
        return False
    standard = estate.standards.get(plan.result.standard) or load_standard(standards_folder() / plan.result.standard)
    if estate.name != plan.estate:
        raise PlanStale(f"the plan was made for estate '{plan.estate}', this is '{estate.name}'")
    if sha256(current) != plan.basis.gemeente:
        raise PlanStale(f"gemeente '{plan.gemeente}' has changed since the plan was made")
    if sha256(standard) != plan.basis.standard:
        raise PlanStale(f"standard {plan.result.standard} has changed since the plan was made")
    if numbers:
        now = pools_of(estate, standard).basis(plan.basis.pools)
        changed = [name for name, digest in plan.basis.pools.items() if now[name] != digest]
        if changed:
            raise PlanStale(f"numbers were taken or released since the plan was made, in: {', '.join(changed)}")
    check_fits(plan, estate)
    return True


def _is_met(plan: Plan, estate: Estate) -> bool:
    """Whether `estate` is as the plan's spec asks, be it with other numbers than the plan foresaw."""
    try:
        return not _plan(_file_of(plan), estate).changes
    except GgiError:
        return False


def _file_of(plan: Plan) -> SpecFile:
    return SpecFile(plan.spec, Path(f"plan of {plan.gemeente}"), msgspec.json.encode(plan.spec))


def check_fits(plan: Plan, estate: Estate) -> None:
    """Raise PlanStale when the rest of `estate` no longer lets the gemeente be what the plan makes of it."""
    try:
        check_against(_file_of(plan), estate)
    except GgiError as error:
        raise PlanStale(f"the plan no longer fits: {error.message}") from None
    for core in plan.basis.cores:
        placed = estate.devices.get(core.device)
        if placed is None or core_port(placed) != core:
            raise PlanStale(f"core '{core.device}' has changed since the plan was made")


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan as JSON, whole or not at all."""
    write_atomic(path, msgspec.json.format(msgspec.json.encode(plan), indent=1) + b"\n")


def kept_path(digest: str) -> Path:
    """Where a plan is kept while it is being applied, so that the same spec can complete it."""
    return state_folder() / "plans" / f"{digest}.json"


def load_plan(path: Path) -> Plan:
    """Read a plan; raise PlanInvalid when it is damaged, edited, or of another version."""
    content = read_bytes(path)
    place = Place(str(path))
    try:
        head = msgspec.json.decode(content)
        if isinstance(head, dict) and head.get("format", FORMAT) != FORMAT:
            raise PlanInvalid(f"the plan has format {head['format']}, this toolkit reads format {FORMAT}", place=place)
        plan = msgspec.json.decode(content, type=Plan)
    except msgspec.DecodeError as error:
        raise PlanInvalid(f"not a whole plan: {error}", place=place) from None
    if _digest(plan) != plan.digest:
        raise PlanInvalid("the plan was changed after it was made: its digest does not fit", place=place)
    return plan


def _digest(plan: Plan) -> str:
    return sha256(msgspec.structs.replace(plan, digest="", branch=None))


def sha256(record: Any) -> str:
    """The SHA-256 of a record: equal records have equal ones."""
    return hashlib.sha256(msgspec.json.encode(plain(record), order="sorted")).hexdigest()
