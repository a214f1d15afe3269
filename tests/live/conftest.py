"""What the live tests share."""

from __future__ import annotations

from netbox_lab import clean_netbox, netbox

__all__ = ["clean_netbox", "netbox"]
