"""The questions about sites, their gateways and access lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ggi_net.errors import SpecError
from ggi_net.model.network import LineKind
from ggi_net.model.types import Address, Host, Slug, Text
from ggi_net.onboard.ask import answers
from ggi_net.onboard.ask.draft import Question, numbered
from ggi_net.onboard.spec import NAME_LIMIT, Size
from ggi_net.source.gemeenten import slug_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.onboard.ask.draft import Draft

MOST = 500
"""More sites than any gemeente has."""

_PEOPLE = {Size.SMALL: "up to 50 people", Size.MEDIUM: "up to 200", Size.LARGE: "more"}
_MEANING = {
    LineKind.TRUSTED: "the provider carries our VLANs",
    LineKind.UNTRUSTED: "an internet line: our traffic goes inside IPsec to both cores",
}
_TEXT = answers.of_type(Text)


def site_questions(draft: Draft) -> Iterator[Question]:
    """The questions about the main site, then about others for as long as there are more."""
    yield from _site(draft, 0)
    for number in range(1, MOST):
        more: list[bool] = []

        def read(text: str, more: list[bool] = more) -> None:
            more[:] = [answers.yes_or_no(text)]

        yield Question(f"sites[{number}]", "Another site?", read, default="no", before=("",))
        if not more[0]:
            return
        yield from _site(draft, number)


def _site(draft: Draft, number: int) -> Iterator[Question]:
    main, at = number == 0, f"sites[{number}]"
    if not main:
        stand_in = free_slug("site", {site["slug"] for site in draft.sites}, NAME_LIMIT)
        draft.sites.append({"slug": stand_in, "name": stand_in, "size": "small", "gateways": [{}]})
    site = draft.sites[number]
    town = draft.sites[max(number - 1, 0)].get("city") or re.sub(r" \([A-Za-z]+\.\)\Z", "", draft.listed.name)
    yield Question(
        f"{at}.name",
        "Name",
        draft.into(site, "name", answers.given(_TEXT)),
        default=f"Stadhuis {town}" if main else None,
        before=("", "The main site: the gateways and RADIUS servers stand here") if main else (f"Site {number + 1}",),
    )
    yield Question(
        f"{at}.slug",
        "Slug, a part of device names",
        draft.into(site, "slug", answers.given(answers.of_type(Slug))),
        default=_proposed(draft, number),
    )
    sizes = numbered(f"{size:7} {people}: {_addresses(draft, size)}" for size, people in _PEOPLE.items())
    yield Question(
        f"{at}.size",
        "Size",
        draft.into(site, "size", answers.one_of([*Size])),
        default="large" if main else "small",
        before=sizes,
    )
    yield Question(f"{at}.address", "Street and number", draft.into(site, "address", _TEXT), default="")
    yield Question(f"{at}.city", "City", draft.into(site, "city", _TEXT), default=town)
    yield Question(
        f"{at}.reserved_vlans",
        "VLAN ids in local use, not to be allocated (Enter: none)",
        draft.into(site, "reserved_vlans", answers.whole_numbers),
        default="",
    )
    if main:
        yield Question(f"{at}.gateways", "Gateways, 1 or 2", lambda text: _count(site, text), default="2")
    for index, gateway in enumerate(site["gateways"]):
        yield from _gateway(draft, gateway, f"{at}.gateways[{index}]", f"Gateway {index + 1}" if main else "Gateway")


def _proposed(draft: Draft, number: int) -> str:
    """A slug from the site's name: without the gemeente's own, short enough, and not that of another site."""
    slug = slug_of(draft.sites[number]["name"]).removesuffix(f"-{draft.slug}").removeprefix(f"{draft.slug}-")
    return free_slug(slug or "site", {site["slug"] for site in draft.sites[:number]}, NAME_LIMIT - len(draft.slug))


def free_slug(slug: str, taken: set[str], limit: int) -> str:
    """`slug`, or the first of `slug-2`, `slug-3` ... that is not taken, cut to at most `limit` characters."""
    number, found = 1, slug[:limit].strip("-")
    while found in taken:
        number += 1
        found = f"{slug[: limit - len(str(number)) - 1].strip('-')}-{number}"
    return found


def _addresses(draft: Draft, size: Size) -> str:
    """What a size comes to: `office 62 addresses (/26), ...` for the zones that the site will have."""
    lengths = draft.standard.address_plan.size_lengths[size.value]
    zones = {zone: length for zone, length in lengths.items() if zone != "govroam" or "sp" in draft.roles}
    return ", ".join(f"{zone} {2 ** (32 - length) - 2} addresses (/{length})" for zone, length in zones.items())


def _count(site: dict[str, Any], text: str) -> None:
    if text.strip() not in ("1", "2"):
        raise SpecError(
            "the main site has one gateway or two", hint="two share one address (VRRP), so that one may fail"
        )
    site["gateways"] = [{} for _ in range(int(text))]


def _gateway(draft: Draft, gateway: dict[str, Any], at: str, title: str) -> Iterator[Question]:
    def line(text: str) -> None:
        kind = answers.one_of([*LineKind])(text)
        gateway.pop("internet", None)
        gateway["line"] = kind
        if kind == LineKind.UNTRUSTED:
            gateway["internet"] = {"addresses": ["192.0.2.2/24"], "gateways": ["192.0.2.1"]}

    kinds = numbered(f"{kind:10} {meaning}" for kind, meaning in _MEANING.items())
    yield Question(f"{at}.line", "Access line", line, default="trusted", before=("", title, *kinds))
    if "internet" in gateway:
        yield from _internet(draft, gateway["internet"], at)
    others = [other for site in draft.sites for other in site["gateways"] if other is not gateway]
    provider = next((other["provider"] for other in reversed(others) if "provider" in other), "")
    yield Question(f"{at}.provider", "Provider", draft.into(gateway, "provider", _TEXT), default=provider)
    yield Question(f"{at}.reference", "Provider's reference", draft.into(gateway, "reference", _TEXT), default="")
    option = next((option for option in draft.standard.options if option.name == "ce.platform"), None)
    if option:
        usual = str(draft.data.get("options", {}).get(option.name, option.default))
        platform = draft.into(gateway, "platform", lambda text: None if text == usual else text)
        yield Question(f"{at}.platform", f"Platform ({answers.allowed_text(option)})", platform, default=usual)

    def serial(text: str) -> str:
        owner = next((n for n, placed in draft.estate.devices.items() if text and placed.device.serial == text), "")
        if owner or any(text and other.get("serial") == text for other in others):
            raise SpecError(
                f"serial number '{text}' is that of {owner or 'another gateway here'}", hint="read it again"
            )
        return text

    yield Question(f"{at}.serial", "Serial number", draft.into(gateway, "serial", serial), default="")


def _internet(draft: Draft, internet: dict[str, Any], at: str) -> Iterator[Question]:
    def addresses(text: str) -> list[str]:
        found: list[str] = answers.given(answers.list_of(Address))(text)
        internet["gateways"] = answers.first_hosts(found) or internet["gateways"]
        return found

    yield Question(
        f"{at}.addresses",
        "Its addresses, IPv6 and IPv4",
        draft.into(internet, "addresses", addresses),
        before=("As the provider gave them, such as 2001:db8:fffe:20::2/64, 203.0.113.50/29",),
    )
    routers = draft.into(internet, "gateways", answers.given(answers.list_of(Host)))
    yield Question(f"{at}.routers", "The provider's routers", routers, default=", ".join(internet["gateways"]))
