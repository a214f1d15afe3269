"""Bringing NetBox to a list of wanted objects: create what is missing, correct what differs, delete what is gone.

Every object is found again by its natural key, so that a run that was killed at any request is completed by the next.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from ggi_net.errors import AnothersObject, NetBoxAway, NetBoxLacks, NetBoxRejected, Place
from ggi_net.onboard.netbox.kinds import KINDS
from ggi_net.onboard.netbox.objects import Ref
from ggi_net.onboard.netbox.values import differences, merged, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ggi_net.onboard.netbox.objects import Wanted
    from ggi_net.source.netbox.client import NetBox

BATCH = 50
"""Objects in one request: a request is one transaction, and NetBox takes some 20 ms for each object."""

ATTEMPTS = 5
"""Times that a request is made of which the answer got lost, or which another run was ahead of."""

_CONTRACT = "`ggi netbox init` makes what the contract lists; `ggi netbox check` says what is missing"
_ANOTHERS = "it belongs to an organisation that is referred to, which has to be in NetBox first"


@dataclass
class Outcome:
    """How many objects of each kind were created, changed and deleted."""

    created: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Objects touched."""
        return sum(sum(part.values()) for part in (self.created, self.changed, self.deleted))

    def __add__(self, other: Outcome) -> Outcome:
        """Both together."""
        return Outcome(
            _added(self.created, other.created),
            _added(self.changed, other.changed),
            _added(self.deleted, other.deleted),
        )


def _added(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {kind: one.get(kind, 0) + other.get(kind, 0) for kind in {**one, **other}}


def sync(
    netbox: NetBox,
    after: Iterable[Wanted],
    *,
    before: Iterable[Ref] = (),
    message: str,
    tick: Callable[[str, int], object] = lambda _kind, _count: None,
) -> Outcome:
    """Create and correct all of `after`, then delete what of `before` is not among it and not shared.

    `message` goes into NetBox's change log with every change. `tick` is called with a kind and the number of its
    objects that were dealt with. Raises NetBoxLacks when an object that is only referred to is missing, AnothersObject
    when one that is to be written is somebody else's, and other NetBoxErrors.
    """
    return _Sync(netbox, list(after), message, tick).run(list(before))


@dataclass(frozen=True)
class Mismatch:
    """Something in NetBox that is not as wanted: an object that is missing, or one field of it.

    `url` is the page of the object, or of the list that it is missing from; `found` and `wanted` are words for people.
    """

    kind: str
    name: str
    url: str
    field: str | None = None
    found: str | None = None
    wanted: str | None = None


def compare(netbox: NetBox, wanted: Iterable[Wanted]) -> list[Mismatch]:
    """Everything of `wanted` that NetBox lacks or has otherwise; nothing is changed. Raises NetBoxError."""
    run = _Sync(netbox, list(wanted), "", lambda _kind, _count: None)
    return run.mismatches()


class _Sync:
    """One run: the ids of everything that was found or made."""

    def __init__(self, netbox: NetBox, after: list[Wanted], message: str, tick: Callable[[str, int], object]) -> None:
        self.netbox = netbox
        self.after = after
        self.message = message
        self.tick = tick
        self.ids: dict[Ref, int] = {}
        self.found: dict[Ref, dict[str, Any]] = {}
        self.made: set[Ref] = set()
        self.outcome = Outcome()

    def run(self, before: list[Ref]) -> Outcome:
        wanted: defaultdict[str, list[Wanted]] = defaultdict(list)
        for one in self.after:
            wanted[one.ref.kind].append(one)
        mine = {one.ref for one in self.after}
        outside = {r for one in self.after for part in (one.fields, one.initial, one.late) for r in _refs(part)} - mine
        for kind in KINDS:  # first, so that nothing is written when something is missing
            self._look_up(kind, [r for r in outside if r.kind == kind], needed=True)
        for kind in KINDS:
            self._ensure(kind, wanted[kind])
        self._correct([(one, one.late) for one in self.after if one.late])
        self._delete([r for r in before if r not in mine and not KINDS[r.kind].shared])
        return self.outcome

    def mismatches(self) -> list[Mismatch]:
        """What `run` would create or correct."""
        for kind in KINDS:
            self._look_up(kind, [one.ref for one in self.after if one.ref.kind == kind])
        return [mismatch for one in self.after for mismatch in self._mismatches_of(one)]

    def _mismatches_of(self, one: Wanted) -> Iterator[Mismatch]:
        kind, name = one.ref.kind, ", ".join(one.ref.key)
        if one.ref not in self.ids:
            yield Mismatch(kind, name, f"{self.netbox.url}/{KINDS[kind].path}/")
            return
        found = self.found[one.ref]
        for field_name, value in one.fields.items():
            inner = value.items() if field_name == "custom_fields" else [(field_name, value)]
            held = found.get(field_name) or {} if field_name == "custom_fields" else found
            for at, should in inner:
                if differences(held, {at: self._resolved(should)}):
                    yield Mismatch(kind, name, found["display_url"], at, words(held.get(at)), words(should))

    # -- finding ---------------------------------------------------------------------------------------

    def _look_up(self, kind: str, refs: Iterable[Ref], *, needed: bool = False, made: bool = False) -> None:
        """Find objects by key; what isn't there, or whose parent isn't, stays unknown unless it is `needed`.

        What was just made has no children yet, so these are looked for only when they may have been `made` as well.
        """
        chosen = KINDS[kind]
        keys = []
        for one in refs:
            parent = chosen.parent_of(one.key)
            above = Ref(*parent) if parent else None
            number = self.ids.get(above) if above else None
            if one not in self.ids and (made or above not in self.made) and (above is None or number is not None):
                keys.append((one.key, number))
        asked = {key for key, _ in keys}
        for query in chosen.queries(keys):
            for page in self.netbox.pages(chosen.path, **query):
                for item in page:
                    key = chosen.key_of(item)
                    if key in asked:
                        self._know(Ref(kind, key), item)
        missing = [one for one in refs if needed and one not in self.ids]
        if missing:
            raise NetBoxLacks(
                f"NetBox has no {_name(missing[0])}",
                place=Place(f"{self.netbox.url}/{chosen.path}/"),
                hint=_CONTRACT if chosen.shared else _ANOTHERS,
            )

    def _know(self, one: Ref, item: dict[str, Any]) -> None:
        if self.ids.setdefault(one, item["id"]) != item["id"]:
            raise AnothersObject(
                f"NetBox has more than one {_name(one)}: {self.ids[one]} and {item['id']}",
                place=Place(item["display_url"]),
                hint="the toolkit tells objects apart by this name: rename or delete the one that is not of GGI",
            )
        self.found[one] = item

    def _own(self, wanted: list[Wanted]) -> None:
        """Make sure that what is to be corrected is nobody else's; raise AnothersObject."""
        for one in wanted:
            owner = KINDS[one.ref.kind].owner
            theirs = self.found[one.ref].get(owner) if owner else None
            ours = one.fields.get(owner)
            if theirs and isinstance(ours, Ref) and theirs["id"] != self.ids[ours]:
                raise AnothersObject(
                    f"the {_name(one.ref)} has {owner} '{theirs['display']}', not '{', '.join(ours.key)}'",
                    place=Place(self.found[one.ref]["display_url"]),
                    hint="rename one of the two; what belongs to somebody else is never taken over",
                )

    # -- creating and correcting -----------------------------------------------------------------------

    def _ensure(self, kind: str, wanted: list[Wanted]) -> None:
        """Objects of one kind; those that refer to others of their kind (a sub-interface's parent) come after them."""
        left = wanted
        while left:
            waiting = {one.ref for one in left}
            ready = [one for one in left if not self._waits(one, waiting)] or left
            self._look_up(kind, [one.ref for one in ready])
            there = [one for one in ready if one.ref in self.ids]
            self._own(there)
            self._correct([(one, one.fields) for one in there if one.fields])
            self.tick(kind, len(there))
            self._create(kind, [one for one in ready if one.ref not in self.ids])
            done = {one.ref for one in ready}
            left = [one for one in left if one.ref not in done]

    def _waits(self, one: Wanted, waiting: set[Ref]) -> bool:
        return any(r in waiting for part in (one.fields, one.initial) for r in _refs(part))

    def _create(self, kind: str, wanted: list[Wanted]) -> None:
        """Each batch is one transaction; what NetBox made although its answer got lost is found, and not made twice.

        What somebody else made first, such as a provider that two gemeenten name at one moment, is taken as it is.
        """
        for part in _batches(wanted):
            left = part
            for attempt in range(ATTEMPTS):
                try:
                    self._post(kind, left)
                    break
                except (NetBoxAway, NetBoxRejected) as error:
                    self._look_up(kind, [one.ref for one in left], made=True)
                    missing = [one for one in left if one.ref not in self.ids]
                    if attempt == ATTEMPTS - 1 or not (error.maybe_done or len(missing) < len(left)):
                        raise
                    left = missing
                if not left:
                    break
            self._count(self.outcome.created, kind, len(part))
            self.tick(kind, len(part))

    def _post(self, kind: str, wanted: list[Wanted]) -> None:
        payload = [self._message(self._resolved(merged(one.initial, one.fields))) for one in wanted]
        made = self.netbox.post(KINDS[kind].path, payload)
        for one, item in zip(wanted, made, strict=True):
            self.ids[one.ref] = item["id"]
            self.found[one.ref] = item
            self.made.add(one.ref)

    def _correct(self, wanted: list[tuple[Wanted, dict[str, Any]]]) -> None:
        changes: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for one, fields in wanted:
            different = differences(self.found[one.ref], self._resolved(fields))
            if different:
                changes[one.ref.kind].append(self._message({"id": self.ids[one.ref], **different}))
        for kind, items in changes.items():
            for part in _batches(items):
                self.netbox.patch(KINDS[kind].path, part, again=True)
                self._count(self.outcome.changed, kind, len(part))

    # -- deleting --------------------------------------------------------------------------------------

    def _delete(self, refs: list[Ref]) -> None:
        """Children before parents. What is gone already, perhaps with its parent, is no error."""
        for kind in KINDS if refs else ():
            chosen = [r for r in refs if r.kind == kind]
            parents = {Ref(*parent) for r in chosen if (parent := KINDS[kind].parent_of(r.key))}
            for parent in parents:
                self._look_up(parent.kind, [parent])
            self._look_up(kind, chosen)
        for kind in reversed(KINDS):
            gone = [r for r in reversed(refs) if r.kind == kind and r in self.ids]
            for part in _batches(gone):
                self._remove(kind, part)
                self._count(self.outcome.deleted, kind, len(part))
                self.tick(kind, len(part))

    def _remove(self, kind: str, refs: list[Ref]) -> None:
        """Delete objects that may be gone meanwhile: NetBox deletes all of a list or none."""
        left = refs
        for attempt in range(ATTEMPTS):
            try:
                self.netbox.delete(KINDS[kind].path, [self._message({"id": self.ids[r]}) for r in left])
                break
            except (NetBoxAway, NetBoxRejected) as error:
                for r in left:
                    del self.ids[r]
                self._look_up(kind, left)
                there = [r for r in left if r in self.ids]
                if attempt == ATTEMPTS - 1 or not (error.maybe_done or len(there) < len(left)):
                    raise
                left = there
            if not left:
                break

    # -- small things ----------------------------------------------------------------------------------

    def _resolved(self, value: Any) -> Any:
        """The same value with each Ref as the id of its object."""
        if isinstance(value, Ref):
            return self.ids.get(value)
        if isinstance(value, dict):
            return {name: self._resolved(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._resolved(inner) for inner in value]
        return value

    def _message(self, payload: dict[str, Any]) -> dict[str, Any]:
        return {**payload, "changelog_message": self.message}

    @staticmethod
    def _count(counts: dict[str, int], kind: str, number: int) -> None:
        counts[kind] = counts.get(kind, 0) + number


def _name(one: Ref) -> str:
    return f"{one.kind.replace('_', ' ')} '{', '.join(one.key)}'"


def _refs(value: Any) -> Iterator[Ref]:
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _refs(inner)


def _batches(items: list[Any]) -> Iterator[list[Any]]:
    rest = iter(items)
    while part := list(islice(rest, BATCH)):
        yield part
