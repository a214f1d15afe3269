"""The validators by the name that `check:` in a platform.yml uses; one module per family of daemons."""

from __future__ import annotations

from ggi_net.check.validators import arista, base, cisco, firewall, hosts, ipsec, juniper, radius, routing, wlan
from ggi_net.check.validators.base import Validator

VALIDATORS: dict[str, Validator] = {
    validator.name: validator
    for family in (routing, firewall, ipsec, radius, wlan, hosts, cisco, juniper, arista)
    for validator in family.VALIDATORS
}

__all__ = ["VALIDATORS", "Validator", "base"]
