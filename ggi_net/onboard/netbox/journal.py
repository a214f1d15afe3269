"""What the toolkit did to an object of NetBox, left as a journal entry there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ggi_net.errors import NetBoxAway

if TYPE_CHECKING:
    from ggi_net.source.netbox.client import NetBox

PATH = "extras/journal-entries"
TENANT = "tenancy.tenant"
ATTEMPTS = 5


def leave_entry(
    netbox: NetBox, owner: tuple[str, int], text: str, key: str, message: str, *, kind: str = "success"
) -> None:
    """Add `text` (Markdown) to the journal of `owner` (its type and id), once: what holds `key` stays the only one.

    `message` goes into the change log. `kind` is one of NetBox's: info, success, warning, danger.
    """
    of: dict[str, Any] = {"assigned_object_type": owner[0], "assigned_object_id": owner[1]}
    entry = {**of, "kind": kind, "comments": f"{text}\n\n`{key}`", "changelog_message": message}
    for attempt in range(ATTEMPTS):
        if any(key in found["comments"] for found in netbox.all(PATH, **of)):
            return
        try:
            netbox.post(PATH, entry)
            break
        except NetBoxAway as error:
            if not error.maybe_done or attempt == ATTEMPTS - 1:
                raise
