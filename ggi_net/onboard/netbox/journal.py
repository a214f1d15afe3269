"""What the toolkit did to a tenant, left as a journal entry there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ggi_net.errors import NetBoxAway

if TYPE_CHECKING:
    from ggi_net.source.netbox.client import NetBox

PATH = "extras/journal-entries"
ATTEMPTS = 5


def leave_entry(netbox: NetBox, tenant: int, text: str, key: str, message: str) -> None:
    """Add `text` (Markdown) to a tenant's journal, once: an entry that holds `key` already stays the only one.

    `message` goes into the change log.
    """
    of: dict[str, Any] = {"assigned_object_type": "tenancy.tenant", "assigned_object_id": tenant}
    entry = {**of, "kind": "success", "comments": f"{text}\n\n`{key}`", "changelog_message": message}
    for attempt in range(ATTEMPTS):
        if any(key in found["comments"] for found in netbox.all(PATH, **of)):
            return
        try:
            netbox.post(PATH, entry)
            break
        except NetBoxAway as error:
            if not error.maybe_done or attempt == ATTEMPTS - 1:
                raise
