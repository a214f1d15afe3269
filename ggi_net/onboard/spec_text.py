"""A spec as the YAML file that an engineer reads and keeps: every key explained once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from ggi_net.source.gemeenten import listed_gemeenten, slug_of
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ggi_net.onboard.spec import Spec

WIDTH = 120
_COLUMN = 34
_HEAD = """\
# The onboarding spec of {name}. Numbers are not chosen here: the ASN, prefixes, VLAN ids, loopbacks and tags come
# from the pools of the standard. See the plan, then apply it:
#
#   ggi onboard plan {file}
#   ggi onboard apply {file}
#
# `ggi onboard schema` prints the JSON Schema of this file.
"""
_ORDER = ("code", "name", "slug", "domain", "standard", "cores", "govroam", "options", "sites", "remove")
"""The keys as people read them; the province is not among them, since the list of CBS knows it."""

_ABOVE = {
    "govroam": "",
    "options": "Local options: only what the standard declares, only allowed values.",
    "sites": "",
    "remove": "Leaving something out of this file never removes it; this does.",
}
"""Keys that begin a paragraph, and the comment above them."""

_BESIDE = {
    "code": "the CBS code; must be on the list",
    "name": "must fit the code",
    "domain": "the gemeente's own domain",
    "govroam.roles": "idp: its people log in elsewhere; sp: visitors log in here",
    "govroam.realms": "the realms of its own people",
    "govroam.idp": "who answers for its realms",
    "sites.slug": "with the gemeente's slug in the names of devices and links",
    "sites.main": "exactly one site: where the gateways and RADIUS servers stand",
    "sites.size": "small, medium or large: the IPv4 prefix lengths",
    "sites.reserved_vlans": "VLAN ids in local use, which must not be allocated",
    "sites.gateways": "the main site has one or two; two share one address (VRRP)",
    "sites.gateways.line": "trusted carries our VLANs; untrusted is an internet line, with IPsec to both cores",
    "sites.gateways.internet": "as the provider gave them",
}
"""What is said beside a key, the first time that it stands in a file."""


def spec_text(spec: Spec, file: str) -> str:
    """The content of `file` for a complete spec (as `load_spec` gives it); reading it gives an equal spec."""
    data: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(spec))
    if spec.slug == slug_of(listed_gemeenten()[spec.code].name):
        del data["slug"]
    ordered = {key: data[key] for key in _ORDER if key in data}
    return _HEAD.format(name=spec.name, file=printable(file, WIDTH)) + "\n" + "".join(_Writer().mapping(ordered))


class _Writer:
    """One file: remembers what has been explained."""

    def __init__(self) -> None:
        self.explained: set[str] = set()

    def mapping(self, data: Mapping[str, Any], path: str = "", indent: int = 0) -> Iterator[str]:
        for key, value in data.items():
            here = f"{path}.{key}" if path else key
            if not path and key in _ABOVE:
                yield f"\n# {_ABOVE[key]}\n" if _ABOVE[key] else "\n"
            if isinstance(value, dict) and value:
                yield self._line(indent, f"{_flow(key)}:", here)
                yield from self.mapping(value, here, indent + 2)
            elif isinstance(value, list) and value and isinstance(value[0], dict):
                yield self._line(indent, f"{_flow(key)}:", here)
                yield from self._items(value, here, indent + 2)
            else:
                yield self._line(indent, f"{_flow(key)}: {_flow(value)}", here)

    def _items(self, items: list[dict[str, Any]], path: str, indent: int) -> Iterator[str]:
        for number, item in enumerate(items):
            short = " " * indent + f"- {_flow(item)}\n"
            if path.count(".") and len(short) <= WIDTH and "internet" not in item:
                yield short
                continue
            if number and not path.count("."):
                yield "\n"
            first, *rest = self.mapping(item, path, indent + 2)
            yield " " * indent + "- " + first[indent + 2 :]
            yield from rest

    def _line(self, indent: int, text: str, path: str) -> str:
        line = " " * indent + text
        comment = _BESIDE.get(path, "")
        if not comment or path in self.explained:
            return line + "\n"
        self.explained.add(path)
        return f"{line:<{_COLUMN - 1}} # {comment}\n"


def _flow(value: Any) -> str:
    """A value on one line, quoted where YAML would take it for something else."""
    # Within a list PyYAML quotes what would end a value there, and never adds the `...` of a bare document.
    text: str = yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=2**31, sort_keys=False)
    return text.strip()[1:-1]
