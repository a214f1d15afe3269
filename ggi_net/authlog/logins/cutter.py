"""Puts the attempts of one device together, row by row, where it is not plain that there is one only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.authlog.line import Kind, Result
from ggi_net.authlog.logins.attempt import RANK, Attempt, when
from ggi_net.authlog.logins.before import before_others, before_own
from ggi_net.authlog.logins.found import Found
from ggi_net.authlog.logins.match import Rows
from ggi_net.authlog.logins.times import FAR, NEAR, SLACK, SOON, WINDOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ggi_net.authlog.logins.event import Event, Track


class Cutter:
    """Puts attempts together, row by row."""

    def __init__(self, tracks: dict[Track, list[list[Event]]]) -> None:
        self._tracks = tracks
        self._found = Found()
        self._answered: dict[Track, list[Attempt]] = {}

    def attempts(self) -> list[Attempt]:
        """All of them."""
        results = self._rows(Kind.RESULT)
        for track, row in sorted(results, key=lambda item: (RANK[item[0][2]], -len(item[1]), item[0])):
            self._answers(track, row)
        late = [group for track, row in self._rows(Kind.INNER) for group in self._inner(track, row)]
        self._found.sort()
        requests = sorted(self._rows(Kind.REQUEST), key=lambda item: (RANK[item[0][2]], item[0]))
        self._requests(dict(requests))
        for group in sorted(late, key=_order):
            self._inner_late(group)
        self._found.sort()
        others = [group for kind in (Kind.NOTICE, Kind.UNPARSED) for _, row in self._rows(kind) for group in row]
        for group in sorted(others, key=_order):
            self._notice(group)
        self._found.sort()
        visits = [[event] for _, row in self._rows(Kind.ACCOUNTING) for group in row for event in group]
        for group in sorted(visits, key=_order):
            self._visit(group)
        return list(self._found)

    def _rows(self, kind: Kind) -> list[tuple[Track, list[list[Event]]]]:
        return sorted((item for item in self._tracks.items() if item[0][3] is kind), key=lambda item: item[0])

    def _answers(self, track: Track, row: list[list[Event]]) -> None:
        """Answers of one log: each is an attempt's, and no attempt has two."""
        left, used = self._in_step(row) or self._joined(list(self._found), row)
        for group in left:
            attempt = self._waited_for(track, group)
            if attempt is None:
                attempt = self._found.new(group)
            else:
                self._found.give(attempt, group)
            used.append(attempt)
        self._answered[track] = sorted(used, key=lambda attempt: _at(attempt, track))
        self._found.sort()

    def _in_step(self, row: list[list[Event]]) -> tuple[list[list[Event]], list[Attempt]] | None:
        """The first answer with the first attempt and so on, where there are as many and all are as far apart.

        A clock that few logins tell of may be off by more than the time between two tries. None where it isn't so.
        """
        if len(row) != len(self._found) or not row:
            return None
        pairs = list(zip(self._found, row, strict=True))
        apart = [group[0].at - attempt.when for attempt, group in pairs]
        if max(apart) - min(apart) > NEAR or max(map(abs, apart)) > FAR:
            return None
        if any(attempt.cost(group[0]) is None for attempt, group in pairs):
            return None
        for attempt, group in pairs:
            self._found.give(attempt, group)
        return [], [attempt for attempt, _ in pairs]

    def _waited_for(self, track: Track, group: list[Event]) -> Attempt | None:
        """The attempt of a line that is seconds away from all others: a server was slow, or waited for a silent one.

        Of a device that tries again and again it is rather an attempt of which other lines were lost.
        """
        event = group[0]
        near = self._found.near(event.at, FAR)
        if len(near) != 1 or track in near[0].tracks or near[0].cost(event) is None:
            return None
        return near[0]

    def _inner(self, track: Track, row: list[list[Event]]) -> list[list[Event]]:
        """What was said inside the tunnel goes with the answer of the same server; return what has none near."""
        left: list[list[Event]] = []
        told: set[int] = set()
        for group in row:
            same = self._found.of_session(group[0], WINDOW)
            if same is None:
                left.append(group)
            else:
                self._found.give(same, group)
                told.add(id(same))
        said = {id(attempt): _said_at(attempt, track[0]) for attempt in self._found}
        free = sorted((a for a in self._found if id(a) not in told), key=lambda attempt: said[id(attempt)])
        left, _ = self._joined(free, left, at=lambda attempt: said[id(attempt)])
        return left

    def _inner_late(self, group: list[Event]) -> None:
        """Inner lines long before the answer: the user was asked for the password again."""
        at = group[0].at
        near = [attempt for attempt in self._found.near(at, WINDOW) if attempt.cost(group[0]) is not None]
        during = [a for a in near if _asked_at(a) - SLACK <= at <= a.end + SLACK]
        before = [a for a in near if a.when - at >= 0.0 and a.request is None]
        if during or before:
            self._found.give((during or before)[0], group)
        else:
            self._found.new(group)

    def _requests(self, left: dict[Track, list[list[Event]]]) -> None:
        """A request goes with the first answer behind it, unless another request comes between.

        The surest first: an answer of the same server soon after; a request that another server has at the same moment;
        an answer of the same server later; an answer of others, where the own one was lost.
        """
        for reach in (SOON, WINDOW):
            for track in left:
                for of in sorted(self._own(track), key=lambda of: (of[1] != track[1], of)):
                    pairs, left[track] = before_own(self._answered[of], of, track, left[track], reach)
                    self._give(pairs)
            for track in left:
                left[track] = self._with_requests(track, left[track])
        for track in left:
            row = self._with_requests(track, left[track])
            own = set(self._own(track))
            self._found.sort()
            pairs, row = before_others([a for a in self._found.without(track) if not own & a.tracks], row, WINDOW)
            self._give(pairs)
            for group in row:
                asked = self._waited_for(track, group)
                if asked is None or asked.answer is not None:
                    self._found.new(group)
                else:
                    self._found.give(asked, group)
            self._found.sort()

    def _give(self, pairs: Iterable[tuple[Attempt, list[Event]]]) -> None:
        for attempt, group in pairs:
            self._found.give(attempt, group)

    def _with_requests(self, track: Track, row: list[list[Event]]) -> list[list[Event]]:
        """Join requests with those of other servers; return the others."""
        asked = [attempt for attempt in self._found.without(track) if attempt.request is not None]
        left, _ = self._joined(sorted(asked, key=_asked_at), row, at=_asked_at)
        return left

    def _own(self, track: Track) -> list[Track]:
        """The rows of answers of the server that a request stands in the log of."""
        return [of for of in self._answered if of[0] == track[0] and of[2] == track[2]]

    def _notice(self, group: list[Event]) -> None:
        """A notice goes with the attempt that it falls into, else with the nearest one."""
        best = self._found.of_session(group[0], WINDOW) or self._nearest(group[0])
        if best is None:
            self._found.new(group)
        else:
            self._found.give(best, group)

    def _nearest(self, event: Event) -> Attempt | None:
        """A server that hides the MAC notes once what is the matter with an attempt; the next note is of another."""
        reach = WINDOW if len(event.device) == 1 else FAR
        best: tuple[float, Attempt] | None = None
        for attempt in self._found.near(event.at, reach + WINDOW):
            distance = max(attempt.begin - event.at, event.at - attempt.end, 0.0)
            if distance <= reach and attempt.cost(event) is not None and (best is None or distance < best[0]):
                best = (distance, attempt)
        return best[1] if best else None

    def _visit(self, group: list[Event]) -> None:
        """Accounting goes with the last login before it that was let in."""
        event = group[0]
        for attempt in reversed(self._found.near(event.at, WINDOW)):
            if attempt.result is Result.ACCEPT and event.at - attempt.when >= -SLACK:
                if attempt.cost(event) is not None:
                    self._found.give(attempt, group)
                return

    def _joined(
        self, attempts: list[Attempt], row: list[list[Event]], *, at: Callable[[Attempt], float] = when
    ) -> tuple[list[list[Event]], list[Attempt]]:
        """Give each group of `row` to the attempt that it is nearest to; return those left over, and who got one."""
        rows = Rows(
            attempts, row, left_at=at, right_at=lambda group: group[0].at,
            cost=lambda attempt, group: attempt.cost(group[0]),
        )  # fmt: skip
        pairs = rows.pairs(NEAR) if attempts else []
        self._give((attempts[i], row[j]) for i, j in pairs)
        taken = {j for _, j in pairs}
        return [group for j, group in enumerate(row) if j not in taken], [attempts[i] for i, _ in pairs]


def _order(group: list[Event]) -> tuple[float, int, str, int]:
    return group[0].order


def _at(attempt: Attempt, track: Track) -> float:
    """When the line of that row was written."""
    return min(event.at for event in attempt.events if event.track == track)


def _said_at(attempt: Attempt, host: str) -> float:
    """When that server answered, else anybody."""
    return min((event.at for event in attempt.events if event.line.kind is Kind.RESULT and event.line.host == host),
               default=attempt.when)  # fmt: skip


def _asked_at(attempt: Attempt) -> float:
    return attempt.begin if attempt.request is None else attempt.request
