"""What the toolkit did to a tenant, left as a journal entry there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ggi_net.source.netbox.client import NetBox

PATH = "extras/journal-entries"


def leave_entry(netbox: NetBox, tenant: int, text: str, key: str) -> None:
    """Add `text` (Markdown) to a tenant's journal, once: an entry that holds `key` already stays the only one."""
    of: dict[str, Any] = {"assigned_object_type": "tenancy.tenant", "assigned_object_id": tenant}
    if any(key in entry["comments"] for entry in netbox.all(PATH, **of)):
        return
    netbox.post(PATH, {**of, "kind": "success", "comments": f"{text}\n\n`{key}`"})
