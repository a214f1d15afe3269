"""The words that the toolkit and NetBox share: groups, roles, custom fields. `contract.yml` says what each is."""

from __future__ import annotations

GEMEENTEN = "gemeenten"
"""The slug of the tenant group of all gemeenten."""

FEDERATION = "federation"
"""The slug of the tenant group of the federation, which is its only tenant."""

ASN_ROLE = "ggi-asn"
"""The IPAM role of the ASN that an organisation's gateways use; others of that tenant are not ours."""

BLOCK = "-block"
"""What is added to a zone's name for the role of a gemeente's block: `office-block`."""

RESERVED = "ggi-reserved"
"""The role of a prefix that only keeps room: the /46 that a block may grow to, the part of a site."""

POOL = "ggi-pool"
"""The role of a prefix of the standard from which others are taken."""

LINK = "ggi-link"
LOOPBACK = "ggi-loopback"

NO_PROVIDER = "Niet opgegeven"
"""The provider of a line whose provider isn't known."""

CORE_SIDE = "hub"
OTHER_SIDE = "spoke"
"""The role of a virtual circuit's termination at the core, and at the other end of the link."""

LOOPBACK_INTERFACE = "lo.mgmt"
"""The interface that a router's management addresses are on."""
