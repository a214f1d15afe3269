"""The experiment: what is sent through the live network and what is done to it, on top of the topology's plan."""

from __future__ import annotations

import re

from intent import FAMILIES, sessions
from topology import DEVICES, Host

TCP = (22, 25, 49, 53, 80, 110, 143, 443, 465, 587, 853, 993, 995, 1194, 1723, 2083, 3389, 6514, 8080)
UDP = (53, 123, 161, 443, 500, 514, 1194, 1701, 1812, 4500, 5246)
EVERYTHING = (*(("tcp", p) for p in TCP), *(("udp", p) for p in UDP), ("icmp", 0), ("esp", 0))
"""Every protocol and port that a service of the standard names (one of each range), and some that none does."""

SAMPLE = (("tcp", 22), ("tcp", 443), ("udp", 53), ("icmp", 0))
"""For pairs of zones that no flow connects: enough, since nothing may pass."""

ROGUE_CE, ROGUE_LOOK = "ce-enschede-zuid-01", "core-apd-01"
ROGUES = {4: ("198.18.0.0/24", "198.18.99.0/24", "0.0.0.0/0"), 6: ("2001:db8:8000::/64", "2001:db8:dead::/48", "::/0")}
"""What a gateway in the wrong hands announces: another gemeente's prefix, one of nobody, and the way to everything."""


def host_probes(people, flows) -> list[dict]:
    """Every host to every other host that is the affair of a gateway, in both families."""
    found = []
    for source, destination in pairs(people):
        for version in FAMILIES:
            address = destination.address(version)
            connected = any(flows.allows(source, destination, *what, address) for what in EVERYTHING)
            found += [
                _probe(source.name, destination.name, address, *what)
                for what in (EVERYTHING if connected else SAMPLE)
                if not (what == ("esp", 0) and version == 4 and _shares_its_address(source, people))
            ]
    return found


def _shares_its_address(source: Host, people) -> bool:
    """Whether another visitor has a core's IPv4 address already: ESP has no ports to tell two apart (RFC 3948)."""
    return source.zone == "govroam" and source is not next(h for h in people.values() if h.zone == "govroam")


def pairs(people) -> list[tuple[Host, Host]]:
    """Every two hosts on different networks; what goes on within the federation is its own affair."""
    return [
        (source, destination)
        for source in people.values()
        for destination in people.values()
        if source.network != destination.network and not source.organisation == destination.organisation == "federation"
    ]


def service_probes(people) -> list[dict]:
    """From each gemeente's management network to each national service at its own address."""
    ports = {"dns": ("udp", 53), "ntp": ("udp", 123), "syslog": ("tcp", 6514), "tacacs": ("tcp", 49)}
    return [
        _probe(host.name, "services", address, *ports[name])
        for host in people.values()
        if host.zone == "mgmt" and host.organisation != "federation"
        for name, addresses in people["services"].services.items()
        for address in addresses
    ]


def spoofed_probes(people) -> list[dict]:
    """From an office with the source address of another gemeente's office, to a service that both may use."""
    portal = people["cloud-portal"]
    other = {v: people["almelo-stadhuis-office"].address(v) for v in FAMILIES}
    return [
        _probe("losser-gemeentehuis-office", portal.name, portal.address(v), "udp", 443) | {"source": other[v]}
        for v in FAMILIES
    ]


def device_probes(estate, people) -> list[dict]:
    """From hosts in every zone to the management address of every gateway: SSH, SNMP, and a port that must be shut."""
    found = []
    for device in DEVICES:
        management = [a.split("/")[0] for a in estate.placed(device).device.management]
        for source in people.values():
            found += [
                _probe(source.name, device, address, *what)
                for address in management
                for what in (("tcp", 22), ("tcp", 8080), ("udp", 161))
            ]
        for port in estate.placed(device).device.ports:
            found += [
                _probe("internet", device, a.split("/")[0], *what)
                for a in port.addresses
                for what in (("tcp", 22), ("tcp", 8080), ("udp", 161))
            ]
    return found


def communities(estate) -> list[tuple[str, int, str]]:
    """Every large community that a gemeente under test marks its routes with: (VRF, family, community)."""
    gemeenten = {estate.placed(name).organisation.slug for name in DEVICES} - {estate.federation.slug}
    return [
        (vrf, version, f"{estate.federation.asn}:{number}:{int(estate.gemeente(slug).code[2:])}")
        for slug in sorted(gemeenten)
        for vrf, number in estate.standard_of(estate.federation).bgp.community_classes.items()
        if vrf != "national"
        for version in FAMILIES
    ]


def rogue_story(estate, text: str) -> dict:
    """The gateway drops its own outbound policy and announces what is not its own, in datanet, to the core.

    `text` is its frr.conf, from which the names of the policies are read.
    """
    router = re.search(r"^router bgp ([0-9]+) vrf datanet\n(.*?)^(exit|!)$", text, re.MULTILINE | re.DOTALL)
    assert router, "no 'router bgp ... vrf datanet' in frr.conf"
    static = [f"{'ip' if v == 4 else 'ipv6'} route {p} blackhole" for v in FAMILIES for p in ROGUES[v]]
    commands = ["configure terminal", "vrf datanet", *static, "exit"]
    commands += [f"router bgp {router[1]} vrf datanet", "no bgp ebgp-requires-policy"]
    for version in FAMILIES:
        name = f"ipv{version} unicast"
        family = re.search(rf"^ address-family {name}\n(.*?)^ exit-address-family", router[2], re.MULTILINE | re.DOTALL)
        assert family, f"no address-family {name}"
        policies = re.findall(
            r"^ *(neighbor \S+ (?:route-map|prefix-list|filter-list) \S+ out)$", family[1], re.MULTILINE
        )
        commands += [f"address-family {name}", *(f"no {line}" for line in policies)]
        commands += [*(f"network {prefix}" for prefix in ROGUES[version]), "exit-address-family"]
    peers = {v: peer for peer, vrf, v in sorted(sessions(estate, DEVICES, ROGUE_CE)) if vrf == "datanet"}
    sent = [f"show bgp vrf datanet ipv{v} unicast neighbors {peers[v]} advertised-routes json" for v in FAMILIES]
    table = [f"show bgp vrf datanet ipv{v} unicast json" for v in FAMILIES]
    looks = [[ROGUE_CE, sent], [ROGUE_LOOK, table]]
    return {"name": "rogue", "device": ROGUE_CE, "commands": commands, "seconds": 4, "looks": looks}


def _probe(source: str, destination: str, address: str, protocol: str, port: int) -> dict:
    return {"from": source, "to": destination, "address": address, "protocol": protocol, "port": port}
