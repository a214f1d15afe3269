"""How far the onboarding of a gemeente is in the estate: there, under way, cut off, or not yet as the spec asks."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from ggi_net.errors import SpecError
from ggi_net.model.types import Record
from ggi_net.onboard.plan import kept_path, load_plan, make_plan

if TYPE_CHECKING:
    from ggi_net.model.estate import Estate
    from ggi_net.onboard.backend import Backend
    from ggi_net.onboard.spec import SpecFile


class Stage(StrEnum):
    """Where a gemeente stands."""

    ABSENT = "absent"
    UNDER_WAY = "under way"
    INCOMPLETE = "incomplete"
    COMPLETE = "complete"


class Claimed(Record, frozen=True, kw_only=True):
    """A change that was begun and not completed: the digest of its plan, who makes it, since when."""

    plan: str
    by: str
    since: str


class InEstate(Record, frozen=True, kw_only=True):
    """A gemeente's stage. `spec` is the id of the spec behind it.

    `missing` are the objects that are to be made or changed still: those of the plan that is under way, or what the
    spec that was asked about would change. `resume` is the file of the plan to apply again, when it is on this machine.
    """

    gemeente: str
    stage: Stage
    spec: str = ""
    claimed: Claimed | None = None
    missing: tuple[str, ...] = ()
    resume: str = ""


class Found(NamedTuple):
    """A gemeente's stage, and the estate as far as it is whole."""

    state: InEstate
    estate: Estate


def stage_of(slug: str, backend: Backend, spec: SpecFile | None) -> Found:
    """Where `slug` stands, and what `spec` (of that gemeente, if given) would still change.

    Raises what reading raises, SpecError when the spec is another gemeente's or can't be planned, and the EstateError
    of a gemeente whose data is broken though no change of it is under way.
    """
    if spec is not None and spec.spec.slug != slug:
        raise SpecError(f"this is the spec of '{spec.spec.slug}', not of '{slug}'", place=spec.place())
    claimed = backend.claimed(slug)
    if claimed is not None:
        path = kept_path(claimed.plan)
        plan = load_plan(path) if path.exists() else None
        state = InEstate(
            gemeente=slug,
            stage=Stage.UNDER_WAY,
            claimed=claimed,
            missing=tuple(backend.missing(plan)) if plan else (),
            resume=str(path) if plan else "",
        )
        return Found(state, backend.read())
    estate = backend.read(slug)
    current = estate.by_slug.get(slug)
    missing = tuple(change.ref for change in make_plan(spec, estate).changes) if spec else ()
    if current is None:
        return Found(InEstate(gemeente=slug, stage=Stage.ABSENT, missing=missing), estate)
    stage = Stage.INCOMPLETE if missing else Stage.COMPLETE
    return Found(InEstate(gemeente=slug, stage=stage, spec=current.spec, missing=missing), estate)
