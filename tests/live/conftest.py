"""What the live tests share."""

from __future__ import annotations

from netbox_apply import federation_lab, onboarding_lab
from netbox_lab import clean_netbox, netbox

__all__ = ["clean_netbox", "federation_lab", "netbox", "onboarding_lab"]
