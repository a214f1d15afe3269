"""A spec that is being answered: a whole one at any moment, so that every answer meets the checks of the whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ggi_net.errors import GgiError
from ggi_net.onboard.checks import check_against
from ggi_net.onboard.plan import make_plan
from ggi_net.onboard.spec import read_spec
from ggi_net.onboard.spec_text import spec_text
from ggi_net.source.gemeenten import Listed, slug_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ggi_net.model.estate import Estate
    from ggi_net.model.standard import Standard
    from ggi_net.onboard.ask.answers import Reader
    from ggi_net.onboard.spec import Spec


@dataclass(frozen=True)
class Question:
    """One question. `key` names it within an interview.

    `read` takes what was typed: it records the answer, or raises GgiError with the reason why it won't do.
    `default` is what Enter stands for; without one an answer must be given. `before` is said before the question.
    """

    key: str
    text: str
    read: Callable[[str], None]
    default: str | None = None
    before: tuple[str, ...] = ()


@dataclass
class Draft:
    """The answers so far as plain data of a spec, with stand-ins for what has not been asked yet."""

    estate: Estate
    listed: Listed = field(default_factory=lambda: Listed("", "", ""))
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def standard(self) -> Standard:
        """The standard that a new gemeente gets."""
        return self.estate.standards[self.estate.federation.standard]

    @property
    def slug(self) -> str:
        """The slug of the gemeente, once that has been answered."""
        return str(self.data.get("slug") or slug_of(self.listed.name))

    @property
    def sites(self) -> list[dict[str, Any]]:
        """The sites; the first is the main one."""
        found: list[dict[str, Any]] = self.data["sites"]
        return found

    @property
    def roles(self) -> tuple[str, ...]:
        """What the gemeente is in govroam."""
        return tuple(self.data.get("govroam", {}).get("roles", ()))

    def spec(self) -> Spec:
        """The answers as a spec; raise SpecError, OptionRefused or WrongValue for what the whole is refused for."""
        found = read_spec(msgspec.json.encode(self.data), Path("answers.json"))
        check_against(found, self.estate)
        return found.spec

    def text(self, file: Path) -> str:
        """The answers as the content of `file`."""
        return spec_text(self.spec(), str(file))

    def check_plan(self, file: Path) -> None:
        """Plan what `file` will hold; raise SpecError or PoolExhausted when that can't be."""
        make_plan(read_spec(self.text(file).encode(), file), self.estate)

    def into(self, target: dict[str, Any], key: str, value_of: Reader) -> Callable[[str], None]:
        """A reader that puts a value into `target`, a part of the data, unless the whole is then refused.

        An empty value takes the key away.
        """

        def read(text: str) -> None:
            before = dict(target)
            try:
                target[key] = value_of(text)
                if target[key] in (None, "", []):
                    del target[key]
                self.spec()
            except GgiError:
                target.clear()
                target.update(before)
                raise

        return read


def numbered(lines: Iterable[str]) -> tuple[str, ...]:
    """A list to choose from by number."""
    return tuple(f"{number:>4} {line}" for number, line in enumerate(lines, start=1))
