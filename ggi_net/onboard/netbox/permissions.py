"""The object permissions of NetBox that reading and onboarding need: these types, actions and objects, and no more.

Constraints are those of NetBox: a list of filters of which an object must pass one. What belongs to the federation, or
to a tenant that is not ours, can't be changed by an onboarding.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ggi_net.source.netbox.contract import FEDERATION, GEMEENTEN
from ggi_net.source.netbox.tables import TABLES

Constraints = list[dict[str, str]]


class Permission(NamedTuple):
    """An object permission; without constraints it is for every object of its types."""

    name: str
    types: tuple[str, ...]
    actions: tuple[str, ...]
    constraints: Constraints | None
    why: str

    def payload(self) -> dict[str, Any]:
        """As NetBox's API takes it at `users/permissions/`; groups and users are the operator's to add."""
        return {
            "name": self.name,
            "description": self.why,
            "enabled": True,
            "object_types": list(self.types),
            "actions": list(self.actions),
            "constraints": self.constraints,
        }


READ = "ggi-read"
ONBOARD = "ggi-onboard"
"""What the names of the permissions begin with: those for reading, and those that onboarding needs besides."""

_VIEW = ("view",)
_WRITE = ("view", "add", "change", "delete")


def _ours(path: str) -> Constraints:
    return [{f"{path}group__slug": GEMEENTEN}]


_OWNED: dict[str, Constraints] = {
    "tenancy.tenant": _ours(""),
    "ipam.asn": _ours("tenant__"),
    "dcim.site": _ours("tenant__"),
    "ipam.vlangroup": _ours("tenant__"),
    "ipam.vlan": _ours("tenant__"),
    "ipam.prefix": _ours("tenant__"),
    "dcim.device": _ours("tenant__"),
    "dcim.interface": [
        *_ours("device__tenant__"),
        {"device__tenant__group__slug": FEDERATION, "type": "virtual"},
    ],
    "ipam.ipaddress": _ours("tenant__"),
    "circuits.virtualcircuit": _ours("tenant__"),
    "circuits.virtualcircuittermination": _ours("virtual_circuit__tenant__"),
}
"""What a gemeente is made of. Its links have sub-interfaces on the federation's cores."""

_REFERRED = (
    "extras.configcontext",
    "ipam.rir",
    "ipam.asnrange",
    "dcim.devicetype",
)
"""What an onboarding looks up besides what is read: the note of the contract, and what its objects point to."""


_BRANCHES = (
    Permission(
        f"{ONBOARD}-branch",
        ("netbox_branching.branch",),
        ("view", "add", "delete", "merge", "revert"),
        None,
        "to write a plan into a branch, and to merge or revert it",
    ),
    Permission(f"{ONBOARD}-jobs", ("core.job",), _VIEW, [{"object_type__model": "branch"}], "how far a merge is"),
)


def permissions(*, branches: bool = False) -> tuple[Permission, ...]:
    """Every permission, those for reading first; with `branches` those for `--branch`, which takes NetBox's plugin."""
    read = tuple(table.model for table in TABLES)
    return (
        Permission(READ, (*read, "core.objectchange"), _VIEW, None, "what the estate is read from, and what changed"),
        Permission(f"{ONBOARD}-view", _REFERRED, _VIEW, None, "what a gemeente's objects point to"),
        *(
            Permission(
                f"{ONBOARD}-{model.partition('.')[2]}", (model,), _WRITE, constraints, "what a gemeente is made of"
            )
            for model, constraints in _OWNED.items()
        ),
        Permission(
            f"{ONBOARD}-providers",
            ("circuits.provider", "circuits.providernetwork"),
            ("view", "add"),
            None,
            "the provider of a line, when it is new",
        ),
        Permission(
            f"{ONBOARD}-journal",
            ("extras.journalentry",),
            ("view", "add"),
            [{"assigned_object_type__model": "tenant"}],
            "what was done, on the tenant",
        ),
        *(_BRANCHES if branches else ()),
    )
