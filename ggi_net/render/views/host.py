"""The part of a view that every device has: identity, management, and the national services that it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ggi_net.model.gemeente import Gemeente
from ggi_net.model.network import Role
from ggi_net.render.guard import plain
from ggi_net.render.views.address import family_of, host
from ggi_net.render.views.base import Server
from ggi_net.render.views.shared import address_refs, origin_of, shared

if TYPE_CHECKING:
    from ggi_net.model.estate import Estate, Placed

MANAGEMENT_VRF = "mgmt"
"""The VRF that routers are managed in."""


def host_part(estate: Estate, placed: Placed) -> dict[str, Any]:
    """The fields of `View` for one device, as keyword arguments for the view of its role."""
    device, site, organisation = placed.device, placed.site, placed.organisation
    common = shared(estate)
    standard = estate.standard_of(organisation)
    gemeente = organisation if isinstance(organisation, Gemeente) else None
    choices = common.options(gemeente, standard)
    origin = f"{origin_of(organisation)}/device/{device.name}"
    local_logs = choices.get("syslog.local_servers") or ()
    return {
        "origin": origin,
        "name": device.name,
        "fqdn": f"{device.name}.{organisation.domain}",
        "domain": organisation.domain,
        "federation_domain": estate.federation.domain,
        "role": device.role.value,
        "platform": device.platform,
        "serial": device.serial,
        "unit": device.unit,
        "organisation": organisation.slug,
        "organisation_name": plain(organisation.name),
        "cbs": gemeente.code if gemeente else "",
        "site": site.slug,
        "site_name": plain(site.name),
        "standard": standard.version,
        "description": plain(device.description),
        "location": plain(", ".join(part for part in map(plain, (site.name, site.address, site.city)) if part)),
        "contact": plain(str(choices.get("mgmt.contact") or "")),
        "banner": _banner(plain(organisation.name), str(choices.get("banner.language", "nl"))),
        "management": address_refs(device.management, f"{origin}#management"),
        "management_vrf": MANAGEMENT_VRF if device.role in (Role.CE, Role.CORE) else "",
        "management_networks": common.management_networks,
        "ntp": common.ntp,
        "dns": common.dns,
        "tacacs": common.tacacs,
        "syslog": common.syslog,
        "syslog_local": tuple(
            Server(
                origin=f"{origin_of(organisation)}#options.syslog.local_servers",
                address=host(a),
                family=family_of(a),
                name="local",
            )
            for a in local_logs
        ),
        "tacacs_key": "secret://federation/tacacs/key",
        "ntp_key": "secret://federation/ntp/key",
        "emergency_user": "ggi-emergency",
        "emergency_password": f"secret://{organisation.slug}/emergency/password",
        "snmp": common.snmp(standard),
        "crypto": standard.crypto,
        "options": choices,
    }


def _banner(owner: str, language: str) -> tuple[str, ...]:
    lines = [
        f"Dit systeem is van {owner} en hoort bij de GGI.",
        "Toegang is alleen toegestaan aan bevoegde beheerders. Gebruik wordt vastgelegd en kan worden onderzocht.",
    ]
    if language == "nl-en":
        lines += [
            f"This system belongs to {owner} and is part of the GGI.",
            "Authorised administrators only. Use is logged and may be investigated.",
        ]
    return tuple(lines)
