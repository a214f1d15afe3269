"""What `ggi explain` asks of a view: where a field of one of its records comes from, and in what world."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from ggi_net.model.gemeente import Gemeente
from ggi_net.render.trace import Field
from ggi_net.render.views import base
from ggi_net.render.views.ends import here, there
from ggi_net.render.views.shared import origin_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ggi_net.model.estate import Estate, Placed
    from ggi_net.model.network import Link


class Source(NamedTuple):
    """A field of `record`, or of the view record's own origin when that is empty.

    `field` goes down by dots (`vrfs.datanet.prefixes`); in the own origin it starts at the place that the origin
    names behind its `#`, or at the record's top with a leading `/`. An empty field is the origin's own place.
    """

    field: str
    record: str = ""


class Option(NamedTuple):
    """A local option: the gemeente's choice, or the standard's default."""

    name: str


class Computed(NamedTuple):
    """No field holds it: the toolkit itself decides it, and why. `by`: only where this was asked of the field."""

    reason: str
    by: str = ""


@dataclass(frozen=True)
class World:
    """What a source is resolved in: the estate, the device, and its view."""

    estate: Estate
    placed: Placed
    view: Any

    @cached_property
    def records(self) -> list[Any]:
        """Every record of the view."""
        return list(_records(self.view))

    def named(self, kinds: Mapping[Any, str], text: str) -> tuple[Field, ...]:
        """The records of those kinds whose field, as given for the kind, is one of the words of `text`."""
        words = set(re.split(r'[\s",{}]+', text))
        found = {
            id(record): Field(record, name, listed=True)
            for record in self.records
            for kind, name in kinds.items()
            if isinstance(record, kind) and getattr(record, name) in words
        }
        distinct = {(f.record.origin, getattr(f.record, f.name)): f for f in found.values()}
        return tuple(distinct.values())


@dataclass(frozen=True)
class Asked:
    """A question: where does this field of this view record, printed as `text`, come from?

    As a mapping it gives the words of patterns: the record's fields, and `device`, `owner` (the device's organisation),
    `whose` (the organisation of the record's origin), `key` (the last step of the origin); for a link also `near` and
    `far` (which end is this device's and which the other's), and `far_device`, `far_port` and `far_owner`.
    """

    world: World
    record: Any
    text: str = field(default="")

    def __getitem__(self, word: str) -> Any:
        if hasattr(self.record, word):
            return getattr(self.record, word)
        return getattr(self, f"_{word}")

    @property
    def _device(self) -> Any:
        return self.world.view

    @property
    def _owner(self) -> str:
        return origin_of(self.world.placed.organisation)

    @property
    def _whose(self) -> str:
        first, _, rest = self.record.origin.partition("#")[0].partition("/")
        return f"gemeente/{rest.partition('/')[0]}" if first == "gemeente" else first

    @property
    def _key(self) -> str:
        return str(re.split(r"[#./]", self.record.origin)[-1])

    @property
    def link(self) -> Link:
        """The link that the record is of."""
        owned = self.world.estate.links_of[self.world.view.name]
        return next(found.link for found in owned if found.link.name == self.record.link)

    @property
    def _near(self) -> str:
        return "core" if here(self.link, self.world.view.name) is self.link.core else "end"

    @property
    def _far(self) -> str:
        return "end" if self._near == "core" else "core"

    @property
    def _far_owner(self) -> str:
        name = there(self.link, self.world.view.name).device
        return origin_of(self.world.estate.placed(name).organisation)

    @property
    def _far_device(self) -> str:
        return f"{self._far_owner}/device/{there(self.link, self.world.view.name).device}"

    @property
    def _far_port(self) -> str:
        return f"{self._far_device}/port/{there(self.link, self.world.view.name).port}"


Answer = Source | Option | Computed | Field


def option_source(world: World, name: str) -> tuple[str, str]:
    """The record and field of an option's value for the device's organisation."""
    organisation = world.placed.organisation
    if isinstance(organisation, Gemeente) and name in organisation.options:
        return f"gemeente/{organisation.slug}", f"options.{name}"
    return f"standard/{world.view.standard}/option/{name}", "default"


def _records(value: Any) -> Iterator[Any]:
    if isinstance(value, base.ViewRecord):
        yield value
        for name in value.__struct_fields__:
            yield from _records(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _records(item)
