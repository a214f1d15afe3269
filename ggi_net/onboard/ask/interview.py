"""The questions in order: the gemeente, its part in govroam, its options, and its sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ggi_net.errors import SpecError
from ggi_net.model.gemeente import GovroamRole
from ggi_net.model.types import DomainName, Slug
from ggi_net.onboard.ask import answers
from ggi_net.onboard.ask.draft import Draft, Question, numbered
from ggi_net.onboard.ask.sites import site_questions
from ggi_net.source.gemeenten import slug_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.model.standard import Option

RADIUS_SERVERS = 2
"""Proposed: one may fail."""


class Part(NamedTuple):
    """A part in govroam: the gemeente's roles, and whether another gemeente answers for its realms."""

    roles: tuple[GovroamRole, ...]
    elsewhere: bool
    meaning: str


_IDP, _SP = GovroamRole.IDP, GovroamRole.SP
PARTS = {
    "both": Part((_IDP, _SP), elsewhere=False, meaning="IdP and SP: its people log in elsewhere, visitors log in here"),
    "idp": Part((_IDP,), elsewhere=False, meaning="IdP only: its people log in elsewhere"),
    "sp": Part((_SP,), elsewhere=False, meaning="SP only: visitors log in here"),
    "sp-other": Part((_SP,), elsewhere=True, meaning="SP, and another gemeente answers for its people"),
    "other": Part((), elsewhere=True, meaning="another gemeente answers for its people; no visitors here"),
    "none": Part((), elsewhere=False, meaning="no part in govroam"),
}


def questions(draft: Draft) -> Iterator[Question]:
    """The questions that fill an empty `draft`. What is asked follows from the answers: read each before the next."""
    yield Question("gemeente", "Gemeente, by name or CBS code", lambda text: _gemeente(draft, text))
    listed = draft.listed
    top = "example" if draft.estate.ranges == "documentation" else "nl"
    yield Question(
        "domain",
        "Domain",
        draft.into(draft.data, "domain", answers.of_type(DomainName)),
        default=f"{draft.slug}.{top}",
        before=(f"{listed.name}, {listed.code}, province {listed.province}",),
    )
    yield from _govroam(draft)
    yield from _options(draft)
    yield from site_questions(draft)


def _gemeente(draft: Draft, text: str) -> None:
    listed = answers.gemeente(text)
    present = next((g for g in draft.estate.gemeenten if g.code == listed.code), None)
    if present:
        raise SpecError(
            f"{present.name} is in the estate already, as '{present.slug}'",
            hint="to change it edit its spec, and plan that again",
        )
    slug = slug_of(listed.name)
    if slug in draft.estate.left_out:
        raise SpecError(
            f"{listed.name} is in NetBox already, but its data there is broken",
            hint="correct it in NetBox; `ggi estate validate` says what is wrong",
        )
    draft.listed = listed
    main = {"slug": "main", "name": "main", "size": "medium", "main": True, "gateways": [{}]}
    draft.data.update(code=listed.code, name=listed.name, domain=f"{slug}.invalid", sites=[main])
    if slug in draft.estate.by_slug:  # two are called Bergen: the province tells them apart
        draft.data["slug"] = f"{slug}-{slug_of(listed.province)}"


def _govroam(draft: Draft) -> Iterator[Question]:
    homes = {g.slug: g for g in draft.estate.gemeenten if _IDP in g.govroam.roles}
    parts = {name: part for name, part in PARTS.items() if homes or not part.elsewhere}
    chosen: list[Part] = []

    def read(text: str) -> None:
        part = parts[answers.one_of(list(parts))(text)]
        govroam: dict[str, Any] = {"roles": list(part.roles)}
        if _IDP in part.roles or part.elsewhere:
            govroam["realms"] = [f"{draft.slug}.invalid"]
        if part.elsewhere:
            govroam["idp"] = next(iter(homes))
        draft.data["govroam"] = govroam
        draft.sites[0]["radius_servers"] = RADIUS_SERVERS if part.roles else 0
        chosen[:] = [part]

    meanings = numbered(f"{name:9} {part.meaning}" for name, part in parts.items())
    yield Question("govroam", "Part in govroam", read, default="both", before=("", *meanings))
    [part], govroam = chosen, draft.data["govroam"]
    if "realms" in govroam:
        realms = draft.into(govroam, "realms", answers.given(answers.list_of(DomainName)))
        yield Question("realms", "Realms of its people", realms, default=draft.data["domain"])
    if part.elsewhere:
        near = next((slug for slug, home in homes.items() if home.province == draft.listed.province), None)
        idp = draft.into(govroam, "idp", answers.given(answers.of_type(Slug)))
        yield Question("idp", "The slug of the gemeente that answers", idp, default=near)
    if part.roles:
        servers = draft.into(draft.sites[0], "radius_servers", answers.whole_number)
        yield Question("radius_servers", "RADIUS servers, 1 to 4", servers, default=str(RADIUS_SERVERS))


def _options(draft: Draft) -> Iterator[Question]:
    declared = {option.name: option for option in draft.standard.options}
    wide = max(map(len, declared), default=0)
    table = numbered(f"{option.name:{wide}}  {option.help}{_shown(option)}" for option in declared.values())
    chosen: list[str] = []

    def read(text: str) -> None:
        chosen[:] = answers.some_of(list(declared))(text)

    yield Question(
        "options",
        "Options to choose, by number or name (Enter: none)",
        read,
        default="",
        before=("", f"Local options, with the defaults of standard {draft.standard.version}:", *table),
    )
    for name in chosen:
        yield _option(draft, declared[name])


def _option(draft: Draft, option: Option) -> Question:
    value_of = answers.option_value(option)

    def read(text: str) -> None:
        value = value_of(text)
        others = {name: kept for name, kept in draft.data.get("options", {}).items() if name != option.name}
        draft.data["options"] = others if value == option.default else others | {option.name: value}

    return Question(
        f"options.{option.name}",
        f"{option.name} ({answers.allowed_text(option)})",
        read,
        default=answers.option_text(option.default),
        before=("", option.help),
    )


def _shown(option: Option) -> str:
    text = answers.option_text(option.default)
    return f" [{text}]" if text else ""
