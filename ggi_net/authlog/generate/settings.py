"""What `ggi logs` has to know of the made-up federation: its logs (`logs.yml`), where things are (`places.json`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from ggi_net.authlog.generate.chain import PROXIES
from ggi_net.authlog.generate.lines import nps_of, server_of
from ggi_net.authlog.generate.world import RADIOS
from ggi_net.authlog.line import Hop
from ggi_net.authlog.places import Places, Server, Spot, write_places
from ggi_net.files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from ggi_net.authlog.generate.world import World


def write_settings(folder: Path, world: World) -> None:
    """Write both files for the logs in `folder`; the store is to be made in it, too. Raises FileError or DiskFull."""
    here = folder.absolute()
    sources: list[dict[str, object]] = [
        {
            "files": [f"{here}/federation/*/*.log"],
            "hops": dict.fromkeys(PROXIES, str(Hop.FEDERATION)),
        },
        {"files": [f"{here}/*/govroam.json", f"{here}/*/hostapd.log", f"{here}/*/nps.log"]},
    ]
    sources += [
        {"files": [f"{here}/{town.slug}/radius.log"], "host": server_of(town), "gemeente": town.slug}
        for town in world.towns
        if (folder / town.slug / "radius.log").exists()
    ]
    settings = {"store": f"{here}/store", "places": f"{here}/places.json", "sources": sources}
    write_atomic(folder / "logs.yml", yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))
    write_places(places_of(world), folder / "places.json")


def places_of(world: World) -> Places:
    """Where the servers, realms and access points of `world` are."""
    servers = {proxy: Server(hops=(Hop.FEDERATION,)) for proxy in PROXIES}
    nas: dict[str, Spot] = {}
    for town in world.towns:
        hops = (Hop.VISITED,) if town.nps else (Hop.VISITED, Hop.HOME)
        servers[server_of(town)] = Server(gemeente=town.slug, hops=hops)
        if town.nps:
            servers[nps_of(town)] = Server(gemeente=town.slug, hops=(Hop.HOME,))
        for site in range(1, town.sites + 1):
            spot = Spot(gemeente=town.slug, site=f"site{site}")
            nas |= {f"ap{radio}.site{site}.{town.slug}.example": spot for radio in range(1, RADIOS + 1)}
    domains = {f"{town.slug}.example": town.slug for town in world.towns}
    return Places(
        names={town.slug: town.name for town in world.towns},
        sites={
            f"{town.slug}/site{site}": f"Locatie {site}" for town in world.towns for site in range(1, town.sites + 1)
        },
        realms=domains,
        operators=dict(domains),
        servers=servers,
        nas=nas,
        domains={f"{town.slug}/{town.slug}": f"{town.slug}.example" for town in world.towns if town.nps},
    )
