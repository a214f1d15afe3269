"""Planning from the last snapshot of NetBox: what came since is seen when the plan is applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ggi_net.source.netbox.pull import put_together, stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from ggi_net.model.estate import Estate


@dataclass(frozen=True)
class Offline:
    """The estate of the last pull; `say` is told how old it is. Nothing is asked of NetBox."""

    say: Callable[[str], object]

    def read(self, gemeente: str = "") -> Estate:
        """The estate; raise what is wrong with `gemeente`, or SnapshotUnusable when there is no snapshot."""
        snapshot = stored()
        self.say(f"using the snapshot of {snapshot.url}, which is {snapshot.age}")
        found = put_together(snapshot, snapshot.url)
        if gemeente in found.problems:
            raise found.problems[gemeente]
        return found.estate
