"""After the change: does all that worked before still work, seen over new connections? And if not: is the old back?

Every look is over a new connection. One that was open before the change proves nothing: packet filters let it go on,
and routing daemons keep a session for its hold time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Never

from ggi_net.errors import ConfirmFailed, DeviceRefused, GgiError, NothingKept, RolledBack, StateUnknown, VerifyFailed
from ggi_net.push.driver import Change, Session, open_right
from ggi_net.push.ssh import SESSION_BROKE
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ggi_net.push.driver import Health, Target
    from ggi_net.secrets import Resolver

Goal = Callable[[Session], Change]
"""What is still to be changed on the device, seen in that session."""

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 3.0
"""Between looks. A login that is refused is not tried so often that the account is closed."""
_FEW = 3


class _WentBack(Exception):
    """The device took the change back by itself: there is nothing to wait for."""


def verify(
    target: Target, resolver: Resolver, goal: Goal, before: Health, *, until: float, last: float, watch: float
) -> None:
    """Look until all is well and stays so for `watch` seconds; raise VerifyFailed when it isn't well by `until`.

    `until` and `last` are of the monotonic clock; by `last` the watch must be over.
    """
    pause, well_since = _FIRST_PAUSE, None
    while True:
        try:
            wrong = _what_is_wrong(target, resolver, goal, before)
        except _WentBack:
            raise VerifyFailed(f"{target.device}: it took the change back by itself") from None
        now = time.monotonic()
        if wrong:
            well_since = None
            if now >= until:
                raise VerifyFailed(f"{target.device}: after the change {wrong}")
        else:
            well_since = now if well_since is None else well_since
            if now - well_since >= watch:
                return
            if now >= last:
                raise VerifyFailed(f"{target.device}: there was no time left to watch it for {watch:.0f} seconds")
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _what_is_wrong(target: Target, resolver: Resolver, goal: Goal, before: Health) -> str:
    """Over a new connection: what is not as it should be, in words; empty when all is well. Raises _WentBack."""
    try:
        session = open_right(target, resolver)
        try:
            left = goal(session)
            if not left.empty:
                if session.armed() is None:
                    raise _WentBack
                return f"the device still differs: {first_change(left.diff)}"
            return worse(before, session.health(), target.announces)
        finally:
            session.close()
    except GgiError as error:
        return f"it could not be looked at: {error.message.removeprefix(f'{target.device}: ')}"
    except SESSION_BROKE as error:
        return f"the session broke: {printable(error)}"


def worse(before: Health, now: Health, announces: Mapping[str, frozenset[str]]) -> str:
    """What works no longer, in words; empty when nothing got worse.

    A neighbor that is no longer configured is not missed as long as there are others. `announces` says by VRF what
    may be announced: nothing of it may be lost, and nothing else may come.
    """
    gone = [name for name, up in before.sessions.items() if up and not now.sessions.get(name, bool(now.sessions))]
    if gone:
        return f"BGP sessions are down that were up: {_listed(gone)}"
    for vrf, own in announces.items():
        had, has = before.announced.get(vrf, frozenset()), now.announced.get(vrf, frozenset())
        up = any(established and name.startswith(f"{vrf}/") for name, established in now.sessions.items())
        if up and (lost := (own & had) - has):
            return f"prefixes in {vrf} are no longer announced: {_listed(sorted(lost))}"
        if foreign := has - own - had:
            return f"prefixes in {vrf} are announced that are not its own: {_listed(sorted(foreign))}"
    faults = [fault for fault in now.faults if fault not in before.faults]
    return f"something stopped working: {_listed(faults)}" if faults else ""


def recover(
    target: Target, resolver: Resolver, goal: Goal, session: Session, run: str, error: BaseException, *, until: float
) -> None:
    """See to it that the device runs again what it ran before push `run`, and prove it over a new connection.

    Returns only when the change is confirmed and in force after all (the answer to the confirmation was lost).
    Raises DeviceRefused (if `error` is one) or RolledBack once it is proven, StateUnknown when it is not by `until`
    (of the monotonic clock), ConfirmFailed when that is what went wrong.
    """
    if isinstance(error, ConfirmFailed):
        raise error
    with suppress(GgiError, *SESSION_BROKE):
        if session.armed() is not None:
            session.revert()
    session.close()
    pause = _FIRST_PAUSE
    while True:
        try:
            again = open_right(target, resolver)
            try:
                if again.armed() is not None:
                    again.revert()
                if _runs_the_old(again, run):
                    _give_up(target, error)
                if again.armed() is None and goal(again).empty:
                    return
                wrong = "it runs neither what was intended nor what it ran before"
            finally:
                again.close()
        except (RolledBack, DeviceRefused) as proven:
            if proven.__cause__ is error:
                raise
            wrong = printable(proven.message)
        except GgiError as trouble:
            wrong = printable(trouble.message)
        except SESSION_BROKE as trouble:
            wrong = f"the session broke: {printable(trouble)}"
        if time.monotonic() >= until:
            raise StateUnknown(f"{_words(error)}; whether the device went back is not known: {wrong}") from error
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _runs_the_old(session: Session, run: str) -> bool:
    """Whether the device runs what it ran before `run`; of a push that got no further nothing is kept."""
    try:
        return session.before(run).empty
    except NothingKept:
        return True


def _give_up(target: Target, error: BaseException) -> Never:
    kind = DeviceRefused if isinstance(error, DeviceRefused) else RolledBack
    raise kind(
        f"{_words(error)}; the device runs again what it ran before, as seen over a new connection",
        hint=f"correct the cause; `ggi push --check --diff --device {target.device}` shows what would be changed",
    ) from error


def _words(error: BaseException) -> str:
    return error.message if isinstance(error, GgiError) else f"the session broke: {printable(error)}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(printable(name, 120) for name in names[:_FEW]) + more


def first_change(diff: str) -> str:
    """The first changed line of a diff and how many more there are, for a message."""
    lines = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    return f"'{printable(lines[0] if lines else diff.strip(), 120)}'{more}"
