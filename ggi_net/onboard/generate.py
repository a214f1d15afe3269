"""A synthetic national estate from the real list of gemeenten: deterministic, made by the same design as onboarding.

Sizes. The number of inhabitants of the large cities is known (CBS, 2023, in thousands, below); of the others it is
drawn from a log-normal distribution (median 30,000, sigma 0.55: about what the real ones have), by a generator
that is seeded with the seed and the CBS code, so that leaving gemeenten out changes nothing in the others. A
gemeente has 2 + 0.0029 * inhabitants ** 0.85 sites: a larger one has larger buildings, too.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import msgspec

from ggi_net.errors import FileError, Place
from ggi_net.files import read_bytes, write_atomic
from ggi_net.model.allocate import usual
from ggi_net.model.estate import Estate
from ggi_net.model.gemeente import Govroam, GovroamRole
from ggi_net.model.network import LineKind
from ggi_net.onboard.design import design
from ggi_net.onboard.national import homes_of, make_federation
from ggi_net.onboard.spec import Gateway, Internet, SiteSpec, Size, Spec
from ggi_net.paths import standards_folder
from ggi_net.source.files import EstateHead
from ggi_net.source.gemeenten import listed_gemeenten, slug_of
from ggi_net.source.pools import Pools
from ggi_net.source.standard import load_standard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ggi_net.source.gemeenten import Listed

STANDARD = "2026.1"
RANGES = "national"
MARK = ".generating"

INHABITANTS = {
    "Amsterdam": 918, "Rotterdam": 663, "'s-Gravenhage": 562, "Utrecht": 367, "Eindhoven": 243, "Groningen": 238,
    "Tilburg": 227, "Almere": 222, "Breda": 186, "Nijmegen": 182, "Apeldoorn": 167, "Haarlem": 165, "Arnhem": 167,
    "Enschede": 161, "Haarlemmermeer": 163, "Amersfoort": 160, "Zaanstad": 160, "'s-Hertogenbosch": 160,
    "Zwolle": 132, "Leiden": 127, "Leeuwarden": 127, "Zoetermeer": 126, "Maastricht": 122, "Dordrecht": 121,
    "Ede": 122, "Alphen aan den Rijn": 115, "Westland": 114, "Alkmaar": 111, "Emmen": 109, "Delft": 106,
    "Venlo": 103, "Deventer": 102, "Schiermonnikoog": 1, "Vlieland": 1.2, "Rozendaal": 1.8, "Ameland": 3.8,
    "Terschelling": 4.9,
}  # fmt: skip
"""Thousands of inhabitants of the largest and the smallest gemeenten."""

_BUILDINGS = (
    ("wijk", "Wijkcentrum"),
    ("bieb", "Bibliotheek"),
    ("werf", "Gemeentewerf"),
    ("sport", "Sporthal"),
    ("zwembad", "Zwembad"),
    ("brandweer", "Brandweerkazerne"),
    ("school", "Scholengemeenschap"),
    ("museum", "Museum"),
    ("milieu", "Milieustraat"),
    ("brug", "Brugwachtershuis"),
)
_PROVIDERS = ("Nationale Glasvezel NV", "Regionet BV", "Stadsring Coöperatie", "Delta Vezel BV")


def make_estate(count: int, seed: int, tick: Callable[[], object] = lambda: None) -> Estate:
    """An estate of `count` gemeenten spread evenly over the list; call `tick` after each."""
    listed = list(listed_gemeenten().values())
    chosen = [listed[index * len(listed) // count] for index in range(count)]
    slugs = _slugs(chosen)
    standard = load_standard(standards_folder() / STANDARD)
    pools = Pools(standard, RANGES, ())
    provinces = sorted({row.province for row in chosen})
    homes = homes_of(provinces)
    federation = make_federation(homes, pools)
    internet = _internet_lines()
    idps: list[str] = []
    gemeenten = []
    for row in chosen:
        spec = _spec(row, slugs[row.code], seed, idps, internet)
        gemeenten.append(design(spec, standard, pools, homes[row.province], None).gemeente)
        if GovroamRole.IDP in spec.govroam.roles:
            idps.append(spec.slug)
        tick()
    return Estate(
        name="nederland",
        ranges=RANGES,
        standards={STANDARD: standard},
        federation=federation,
        gemeenten=tuple(sorted(gemeenten, key=lambda g: g.slug)),
        sources={},
    )


def write_estate(folder: Path, count: int, seed: int, tick: Callable[[], object] = lambda: None) -> Estate:
    """Make an estate and write it to `folder`, one JSON file a gemeente; return it.

    `estate.yml` comes last: a folder without it is not an estate, so that a run that was cut off is seen. The next
    run completes it, and removes gemeenten of an earlier one. Raises FileError when the folder holds anything that
    was not generated, or DiskFull.
    """
    head, mark = folder / "estate.yml", folder / MARK
    _check_own(folder)
    estate = make_estate(count, seed, tick)
    write_atomic(mark, "a synthetic estate is being written here\n", durable=False)
    head.unlink(missing_ok=True)
    kept = {f"{gemeente.slug}.json" for gemeente in estate.gemeenten}
    for gemeente in estate.gemeenten:
        content = msgspec.json.encode(gemeente) + b"\n"
        write_atomic(folder / "gemeenten" / f"{gemeente.slug}.json", content, durable=False)
    for path in (folder / "gemeenten").iterdir():
        if path.name not in kept:
            path.unlink()
    write_atomic(folder / "federation.json", msgspec.json.encode(estate.federation) + b"\n", durable=False)
    about = EstateHead(name=estate.name, ranges=RANGES, description=f"synthetic, {count} gemeenten, seed {seed}")
    write_atomic(head, "".join(f"{key}: {value}\n" for key, value in msgspec.to_builtins(about).items()))
    for left in folder.glob(".*"):  # the mark, and what a run that was killed left beside its files
        left.unlink()
    return estate


def _check_own(folder: Path) -> None:
    """Refuse a folder that holds something else: the one to write to is new, empty or generated."""
    if folder.exists() and not folder.is_dir():
        raise FileError("is not a folder", place=Place(str(folder)), hint="name another folder")
    head = folder / "estate.yml"
    ours = (folder / MARK).exists() or (head.exists() and b"description: synthetic" in read_bytes(head))
    if not ours and folder.exists() and any(not path.name.startswith(MARK) for path in folder.iterdir()):
        raise FileError(
            "the folder holds files that were not generated", place=Place(str(folder)), hint="name another folder"
        )


def _slugs(chosen: list[Listed]) -> dict[str, str]:
    """A slug for each code; of two gemeenten with one name (Bergen) the province tells them apart."""
    taken: set[str] = set()
    found = {}
    for row in chosen:
        slug = slug_of(row.name)
        if slug in taken:
            slug = f"{slug}-{slug_of(row.province)}"
        taken.add(slug)
        found[row.code] = slug
    return found


def _spec(row: Listed, slug: str, seed: int, idps: list[str], internet: Callable[[], Internet]) -> Spec:
    draw = random.Random(f"{seed}/{row.code}")  # noqa: S311  no secret is made of it
    thousands = INHABITANTS.get(row.name) or draw.lognormvariate(3.4, 0.55)
    domain = f"{slug}.example"
    return Spec(
        code=row.code,
        name=row.name,
        slug=slug,
        province=row.province,
        domain=domain,
        standard=STANDARD,
        govroam=_govroam(draw, domain, thousands, idps),
        options=_options(draw),
        sites=_sites(draw, row, slug, thousands, internet),
    )


def _govroam(draw: random.Random, domain: str, thousands: float, idps: list[str]) -> Govroam:
    """Larger ones are home organisations; of the smaller ones some let another answer, some only receive visitors."""
    chance = draw.random()
    if thousands > 60 or chance < 0.5 or not idps:
        more = (f"extern.{domain}",) if draw.random() < 0.2 else ()
        return Govroam(roles=(GovroamRole.IDP, GovroamRole.SP), realms=(domain, *more))
    if chance < 0.75:
        return Govroam(roles=(GovroamRole.SP,), realms=(domain,), idp=draw.choice(idps))
    return Govroam(roles=(GovroamRole.SP,))


def _options(draw: random.Random) -> dict[str, object]:
    every: dict[str, object] = {
        "ce.platform": "cisco_iosxe",
        "govroam.port_policy": "filtered",
        "govroam.idp_backend": "file",
        "govroam.session_timeout": draw.choice([3600, 7200, 14400]),
        "govroam.log_retention_days": draw.choice([30, 90]),
        "office.publish_to_datanet": True,
        "cloud.callbacks": True,
        "cloud.services": draw.sample(["portal", "basisregistraties", "zaaksysteem", "archief"], draw.randint(1, 4)),
        "mgmt.local_administrators": True,
        "mgmt.contact": "servicedesk ICT",
        "banner.language": "nl-en",
    }
    return {name: value for name, value in every.items() if draw.random() < 0.35}


def _sites(
    draw: random.Random, row: Listed, slug: str, thousands: float, internet: Callable[[], Internet]
) -> tuple[SiteSpec, ...]:
    count = 2 + round(0.0029 * (thousands * 1000) ** 0.85)
    number = 0

    def gateway(*, may_be_untrusted: bool = True) -> Gateway:
        nonlocal number
        number += 1
        untrusted = may_be_untrusted and draw.random() < 0.12
        other = draw.random() < 0.25
        return Gateway(
            line=LineKind.UNTRUSTED if untrusted else LineKind.TRUSTED,
            provider=draw.choice(_PROVIDERS),
            reference=f"{row.code}-{number:04d}",
            internet=internet() if untrusted else None,
            platform=draw.choice(["frr", "cisco_iosxe"]) if other else None,
            serial=f"{row.code}-{number:04d}",
        )

    gateways = 2 if thousands > 20 or draw.random() < 0.4 else 1
    main = SiteSpec(
        slug="stadhuis" if thousands > 60 else "gemeentehuis",
        name=f"{'Stadhuis' if thousands > 60 else 'Gemeentehuis'} {row.name}",
        main=True,
        size=Size.LARGE if thousands > 60 else Size.MEDIUM,
        city=row.name,
        radius_servers=2 if thousands > 100 else 1,
        gateways=tuple(gateway(may_be_untrusted=gateways == 1) for _ in range(gateways)),
    )
    others = []
    for index in range(1, count):
        short, name = draw.choice(_BUILDINGS)
        size = draw.choices([Size.SMALL, Size.MEDIUM, Size.LARGE], [70, 27, 3])[0]
        others.append(
            SiteSpec(slug=f"{short}-{index}", name=f"{name} {index}", size=size, city=row.name, gateways=(gateway(),))
        )
    return (main, *others)


def _internet_lines() -> Callable[[], Internet]:
    """Addresses as a provider would give them: a documentation /64 and four benchmark addresses a line, in order."""
    lines = iter(range(1 << 15))

    def line() -> Internet:
        number = next(lines)
        network = (198 << 24) + (18 << 16) + 4 * number
        dotted = ".".join(str(network + 2 >> shift & 255) for shift in (24, 16, 8, 0))
        router = ".".join(str(network + 1 >> shift & 255) for shift in (24, 16, 8, 0))
        return Internet(
            addresses=(usual(f"2001:db8:1:{number:x}::2/64"), f"{dotted}/30"),
            gateways=(usual(f"2001:db8:1:{number:x}::1"), router),
        )

    return line
