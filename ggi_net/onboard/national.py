"""The federation of a synthetic national estate: two national cores, a pair of regional cores a province.

The national cores stand in Amsterdam and Apeldoorn and are linked to each other; every regional core is linked to
both. On a link between cores `core` is the upper one (the route reflector), `end` the lower.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.model.allocate import usual
from ggi_net.model.gemeente import Federation, NationalServices
from ggi_net.model.network import Device, End, Line, Link, Port, PortKind, Role, Site, Vlan
from ggi_net.onboard.design import CorePort

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ggi_net.source.pools import Pools

VRFS = ("datanet", "govroam", "mgmt")

_NATIONAL = (("asd", "Amsterdam"), ("apd", "Apeldoorn"))
_SHORT = {
    "Drenthe": "dr",
    "Flevoland": "fl",
    "Fryslân": "fr",
    "Gelderland": "gd",
    "Groningen": "gr",
    "Limburg": "lb",
    "Noord-Brabant": "nb",
    "Noord-Holland": "nh",
    "Overijssel": "ov",
    "Utrecht": "ut",
    "Zeeland": "zl",
    "Zuid-Holland": "zh",
}
_CITIES = {
    "dr": ("Assen", "Emmen"),
    "fl": ("Lelystad", "Almere"),
    "fr": ("Leeuwarden", "Sneek"),
    "gd": ("Arnhem", "Nijmegen"),
    "gr": ("Groningen", "Winschoten"),
    "lb": ("Maastricht", "Venlo"),
    "nb": ("Eindhoven", "Breda"),
    "nh": ("Haarlem", "Alkmaar"),
    "ov": ("Zwolle", "Enschede"),
    "ut": ("Utrecht", "Amersfoort"),
    "zl": ("Middelburg", "Goes"),
    "zh": ("Rotterdam", "Leiden"),
}
_SERVICES = ("portal", "basisregistraties", "zaaksysteem", "archief")


def homes_of(provinces: Iterable[str]) -> dict[str, list[CorePort]]:
    """The pair of regional cores of each province."""
    return {
        province: [
            CorePort(f"core-{_SHORT[province]}{n}-01", f"{_SHORT[province]}{n}", access="eth1", internet="eth0")
            for n in (1, 2)
        ]
        for province in provinces
    }


def make_federation(homes: dict[str, list[CorePort]], pools: Pools) -> Federation:
    """The federation for the provinces in `homes`, numbered from `pools` and, for its own, from beside them."""
    sites = []
    for number, (slug, city) in enumerate(_NATIONAL):
        access = [Port(name="eth2", kind=PortKind.CORE, mtu=9000)]
        access += [Port(name=f"eth{4 + n}", kind=PortKind.CORE, mtu=9000) for n in range(2 * len(homes))]
        sites.append(_site(slug, city, number, access, pools, national=True))
    for position, cores in enumerate(homes.values()):
        for n, core in enumerate(cores):
            uplinks = [Port(name=f"eth{2 + u}", kind=PortKind.CORE, mtu=9000) for u in range(2)]
            city = _CITIES[core.site[:2]][n]
            sites.append(_site(core.site, city, 2 + 2 * position + n, uplinks, pools, national=False))
    return Federation(
        slug="federation",
        name="Federatie GGI",
        domain="govroam.example",
        standard="2026.1",
        asn=pools.asn("federation"),
        services=_services(),
        sites=tuple(sites),
        links=tuple(_links(homes, pools)),
    )


def _site(slug: str, city: str, number: int, uplinks: list[Port], pools: Pools, *, national: bool) -> Site:
    vlans = [
        Vlan(vid=900, name="mgmt", zone="mgmt", prefixes=(usual(f"2a07:3500:7ffe:{number:x}::/64"), _mgmt(number)))
    ]
    devices = [
        Device(
            name=f"core-{slug}-01",
            role=Role.CORE,
            platform="frr",
            serial=f"GGI-CORE-{number + 1:02d}",
            management=pools.loopbacks(f"federation/{slug}"),
            ports=(
                _internet(number),
                Port(name="eth1", kind=PortKind.ACCESS),
                *uplinks,
                Port(name="lan0", kind=PortKind.LAN),
            ),
        )
    ]
    if national:
        for n in (2 * number, 2 * number + 1):
            name = f"cloud-{_SERVICES[n]}"
            vlans.append(Vlan(vid=600 + n, name=name, zone="cloud", prefixes=_cloud(n)))
        devices.append(
            Device(
                name=f"flr-{slug}-01",
                role=Role.FEDERATION_PROXY,
                platform="radsecproxy",
                serial=f"GGI-FLR-{number + 1:02d}",
                management=(usual(f"2a07:3500:7ffe:{number:x}::10/64"), f"10.192.0.{32 * number + 20}/27"),
                ports=(Port(name="eth0", kind=PortKind.LAN),),
            )
        )
    return Site(
        slug=slug,
        name=f"Rekencentrum {city}",
        main=slug == "asd",
        city=city,
        vlans=tuple(vlans),
        devices=tuple(devices),
    )


def _internet(number: int) -> Port:
    """A core's port on the internet, in documentation and benchmark ranges that no gemeente's line has."""
    return Port(
        name="eth0",
        kind=PortKind.INTERNET,
        addresses=(usual(f"2001:db8:0:{number:x}::2/64"), f"203.0.113.{8 * number + 2}/29"),
        gateways=(usual(f"2001:db8:0:{number:x}::1"), f"203.0.113.{8 * number + 1}"),
    )


def _mgmt(number: int) -> str:
    return f"10.192.{number // 8}.{32 * (number % 8)}/27"


def _cloud(number: int) -> tuple[str, str]:
    return usual(f"2a07:3500:7ffd:{number:x}::/64"), f"10.200.{number}.0/24"


def _links(homes: dict[str, list[CorePort]], pools: Pools) -> list[Link]:
    links = [
        _link("core-asd-apd", End(device="core-apd-01", port="eth2"), End(device="core-asd-01", port="eth2"), pools)
    ]
    port = 4
    for cores in homes.values():
        for core in cores:
            for uplink, (slug, _) in enumerate(_NATIONAL):
                end = End(device=core.device, port=f"eth{2 + uplink}")
                links.append(
                    _link(f"core-{core.site}-{slug}", end, End(device=f"core-{slug}-01", port=f"eth{port}"), pools)
                )
            port += 1
    return links


def _link(name: str, end: End, core: End, pools: Pools) -> Link:
    line = Line(provider="Nationale Backbone", reference=name.upper())
    return Link(
        name=name,
        end=end,
        core=core,
        line=line,
        vrfs={vrf: pools.link_vrf(end, core, f"federation/{name}/{vrf}") for vrf in VRFS},
    )


def _services() -> NationalServices:
    home = "2a07:3500:7ffe:"
    return NationalServices(
        ntp=(f"{home}:7b", "10.192.0.10"),
        dns=(f"{home}:35", "10.192.0.11"),
        syslog=(f"{home}:202", "10.192.0.12"),
        tacacs=(f"{home}:31", "10.192.0.13"),
        management=("2a07:3500:7ffe::/48", "10.192.0.0/16"),
        cloud={name: _cloud(number) for number, name in enumerate(_SERVICES)},
    )
