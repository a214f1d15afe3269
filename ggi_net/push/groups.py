"""Change groups: the devices whose diff is the same, their own name and the numbers of lines aside.

A group is read and approved once. What is approved is yet each device's own diff: one that differs from it when its
turn comes is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from ggi_net.model.types import Record
from ggi_net.push.run import plan_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ggi_net.push.run import Outcome

_HUNK = re.compile(r"^@@ [-+0-9, ]+ @@", re.MULTILINE)


class ChangeGroup(Record, frozen=True, kw_only=True):
    """Devices that need the same change. `diff` is that of the first of them; `plans` names each one's own.

    `notes`: what to know before it is approved, by device: outside its maintenance window until then.
    """

    name: str
    diff: str
    plans: dict[str, str]
    notes: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def devices(self) -> tuple[str, ...]:
        """The names of the devices."""
        return tuple(self.plans)

    @property
    def size(self) -> tuple[int, int]:
        """How many lines come and how many go, on each device."""
        lines = [line for line in self.diff.splitlines() if not line.startswith(("+++", "---"))]
        return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)


def change_groups(outcomes: Iterable[Outcome], notes: dict[str, str]) -> list[ChangeGroup]:
    """The groups of what would be changed, the one with the most devices first."""
    found: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(plan_of(alike(outcome.diff, outcome.device)), []).append(outcome)
    groups = [
        ChangeGroup(
            name=name[:12],
            diff=members[0].diff,
            plans={member.device: member.plan for member in members},
            notes={member.device: notes[member.device] for member in members if member.device in notes},
        )
        for name, members in found.items()
    ]
    return sorted(groups, key=lambda group: -len(group.plans))


def alike(diff: str, device: str) -> str:
    """A diff without what differs between devices that need the same change."""
    own = re.compile(rf"(?<![A-Za-z0-9-]){re.escape(device)}(?![A-Za-z0-9-])")
    return _HUNK.sub("@@", own.sub("<device>", diff))


def plan_name(diff: str) -> str:
    """A plan's name for people: enough of it to tell it from others."""
    return plan_of(diff)[:12] if diff else ""
