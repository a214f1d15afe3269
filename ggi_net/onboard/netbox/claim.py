"""The claim on a gemeente: one change of it at a time, whoever makes it and from wherever.

It stands in the custom field `ggi_apply` of the tenant: which plan, who, since when, and what only one gemeente can
have (its CBS code, domain and realms). While it stands, readers leave the gemeente out, and nobody renders from half
of a change. Who claims looks at the claims of others afterwards: of two that want the same, at least one sees it.
"""

from __future__ import annotations

import getpass
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from ggi_net.errors import AnothersObject, ApplyClaimed, NetBoxAway, NetBoxRejected, Place, PlanStale
from ggi_net.source.netbox.contract import GEMEENTEN
from ggi_net.source.netbox.tables import BY_NAME, CUSTOM
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ggi_net.source.netbox.client import NetBox
    from ggi_net.source.netbox.tables import Tables

TENANTS = "tenancy/tenants"
FIELD = "ggi_apply"
ATTEMPTS = 5


class Work(NamedTuple):
    """What a claim is for: a plan (its digest and what it does, in a word) of one gemeente.

    `new` says that the gemeente must not be there yet. `takes` is what no other gemeente may have.
    """

    gemeente: str
    name: str
    digest: str
    doing: str
    new: bool
    takes: Mapping[str, list[str]]


@dataclass
class Claims:
    """The claims in a NetBox, as seen and made by this process. `take_over`: also what another machine began."""

    netbox: NetBox
    take_over: bool = False
    _seen: dict[str, str] = field(default_factory=dict)

    def begun(self, gemeente: str) -> str:
        """The digest of the plan that was begun and not completed; empty when there is none.

        Remembers the state of the tenant, so that `take` refuses when somebody else changed it meanwhile.
        """
        tenant = self._tenant(gemeente)
        claim = tenant["custom_fields"].get(FIELD) if tenant else None
        if tenant and not claim:
            self._seen[gemeente] = self.netbox.etag(f"{TENANTS}/{tenant['id']}")
        return str(claim["plan"]) if claim else ""

    def of(self, gemeente: str) -> dict[str, Any] | None:
        """The claim on a gemeente, if any."""
        tenant = self._tenant(gemeente)
        return tenant["custom_fields"].get(FIELD) if tenant else None

    def take(self, work: Work) -> tuple[int, bool]:
        """Claim the tenant, which is made when it is new; return its id and whether this claim is a new one.

        Raises ApplyClaimed when another claim stands there, PlanStale when the gemeente came or went meanwhile,
        ChangedMeanwhile when the tenant was changed, AnothersObject when it is none of ours.
        """
        for attempt in range(ATTEMPTS):
            tenant = self._tenant(work.gemeente)
            claim = tenant["custom_fields"].get(FIELD) if tenant else None
            if tenant and claim:
                self._check(work, claim, tenant["id"])
                return int(tenant["id"]), attempt > 0
            try:
                return (self._change(work, tenant) if tenant else self._make(work)), True
            except (NetBoxAway, NetBoxRejected) as error:
                if attempt == ATTEMPTS - 1 or not (
                    error.maybe_done or (tenant is None and self._tenant(work.gemeente))
                ):
                    raise
        raise AssertionError("the last attempt either returns or raises")

    def release(self, tenant: int, message: str) -> None:
        """Take the claim off the tenant."""
        fields = {"custom_fields": {FIELD: None}, "changelog_message": message}
        self.netbox.patch(f"{TENANTS}/{tenant}", fields, again=True)

    def withdraw(self, work: Work, tenant: int) -> None:
        """Take a new claim back of which nothing came, with the tenant that was made for it."""
        made = self.netbox.get(f"{TENANTS}/{tenant}")
        if is_bare(made) and made["custom_fields"][FIELD].get("made"):
            self.netbox.delete(f"{TENANTS}/{tenant}")
        else:
            self.release(tenant, f"{work.doing} {work.gemeente}: plan {work.digest[:12]} was not begun")

    # -- steps -----------------------------------------------------------------------------------------

    def _tenant(self, slug: str) -> dict[str, Any] | None:
        found: list[dict[str, Any]] = self.netbox.get(TENANTS, slug=slug)["results"]
        return found[0] if found else None

    def _make(self, work: Work) -> int:
        if not work.new:
            raise PlanStale(f"gemeente '{work.gemeente}' is gone since the plan was made")
        group = self.netbox.get("tenancy/tenant-groups", slug=GEMEENTEN, fields="id")["results"]
        new = {"name": work.name, "slug": work.gemeente, "group": group[0]["id"] if group else None}
        return int(self.netbox.post(TENANTS, {**new, **_claim(work, made=True)})["id"])

    def _change(self, work: Work, tenant: dict[str, Any]) -> int:
        if work.new and not is_bare(tenant):
            raise PlanStale(f"gemeente '{work.gemeente}' came since the plan was made")
        if tenant["group"] and tenant["group"]["slug"] != GEMEENTEN:
            raise AnothersObject(
                f"the tenant '{work.gemeente}' is in group '{tenant['group']['slug']}', not '{GEMEENTEN}'",
                place=Place(tenant["display_url"]),
                hint="move it to that group if it is this gemeente, or change the slug of one of the two",
            )
        path = f"{TENANTS}/{tenant['id']}"
        self.netbox.patch(path, _claim(work), if_match=self._seen.get(work.gemeente) or self.netbox.etag(path))
        return int(tenant["id"])

    def _check(self, work: Work, claim: dict[str, Any], tenant: int) -> None:
        place = Place(f"{self.netbox.url}/{TENANTS}/{tenant}/")
        who = f"{printable(claim.get('by', '?'))} began at {printable(claim.get('since', '?'))}"
        if claim.get("plan") != work.digest:
            raise ApplyClaimed(
                f"another plan for '{work.gemeente}' is being applied, or was not completed: {who}",
                place=place,
                hint=f"complete or revert that one first: plan {printable(claim.get('plan', '?'))[:12]}",
            )
        if claim.get("by") != _me() and not self.take_over:
            raise ApplyClaimed(
                f"this plan is being applied by somebody else: {who}",
                place=place,
                hint="wait for it; when it is certain that it died, go on from here with --take-over",
            )


def check_rivals(tables: Tables, work: Work) -> None:
    """Raise PlanStale when another claim wants what this work takes."""
    at = BY_NAME["tenants"].index
    for row in tables["tenants"].values():
        claim = (row[at["custom_fields"]] or {}).get(FIELD)
        if not claim or row[at["slug"]] == work.gemeente:
            continue
        for name, values in work.takes.items():
            both = sorted({*values} & {*claim.get("takes", {}).get(name, ())})
            if both:
                raise PlanStale(
                    f"the plan no longer fits: {name} '{both[0]}' is being given to '{printable(row[at['slug']])}' at "
                    "this moment",
                    hint="find out which of the two is right",
                )


def without_claim(tables: Tables, slug: str) -> Tables:
    """The tables as they will be when the claim on a gemeente is gone."""
    at = BY_NAME["tenants"].index["custom_fields"]
    tenants = dict(tables["tenants"])
    for number, row in tenants.items():
        if row[BY_NAME["tenants"].index["slug"]] == slug:
            custom = {name: value for name, value in (row[at] or {}).items() if name != FIELD}
            tenants[number] = (*row[:at], custom, *row[at + 1 :])
    return {**tables, "tenants": tenants}


def is_untouched(tables: Tables, slug: str) -> bool:
    """Whether a tenant holds nothing of ours, not even a claim."""
    at = BY_NAME["tenants"].index
    return not any(row[at["custom_fields"]] for row in tables["tenants"].values() if row[at["slug"]] == slug)


def is_bare(tenant: dict[str, Any]) -> bool:
    """Whether a tenant holds nothing of ours but a claim: somebody made it before the gemeente was onboarded."""
    custom = tenant["custom_fields"]
    return not any(value for name, value in custom.items() if name.startswith(CUSTOM) and name != FIELD)


def _claim(work: Work, **more: Any) -> dict[str, Any]:
    claim = {
        "plan": work.digest,
        "doing": work.doing,
        "by": _me(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "takes": {name: list(values) for name, values in work.takes.items()},
        **more,
    }
    message = f"{work.doing} {work.gemeente}: plan {work.digest[:12]} is being applied"
    return {"custom_fields": {FIELD: claim}, "changelog_message": message}


def _me() -> str:
    return f"{getpass.getuser()}@{socket.gethostname()}"
