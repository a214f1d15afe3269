"""Holding an interview: each question until its answer is accepted, back to the one before, again from earlier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ggi_net.errors import GgiError
from ggi_net.onboard.ask.draft import Draft
from ggi_net.onboard.ask.interview import questions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ggi_net.model.estate import Estate
    from ggi_net.onboard.ask.draft import Question

BACK = "<"
EMPTY = "-"
LAST = "write"
"""The key of the last question."""


class Desk(Protocol):
    """Where the questions are asked."""

    def ask(self, question: Question, default: str | None) -> str:
        """What is typed, without spaces around it; `default` is what an empty answer will stand for."""

    def refuse(self, error: GgiError) -> None:
        """Say why the answer won't do; the same question comes again."""

    def begin(self, slug: str) -> Mapping[str, str]:
        """Answers of an earlier interview by the key of their question; `slug` is empty before it is known."""

    def keep(self, slug: str, answers: Mapping[str, str]) -> None:
        """Keep the answers so far, for the `begin` of another time."""

    def last(self, draft: Draft) -> Question:
        """The last question, whose key is LAST: whether all of it is right."""


def hold(estate: Estate, desk: Desk) -> Draft:
    """Ask all questions about a gemeente that is new in `estate`; return the finished draft.

    An answer of an earlier interview becomes what Enter stands for. `<` goes back to the question before, `-` leaves
    an answer empty that has a default. Raises what the desk raises.
    """
    given: dict[str, str] = {}
    former = dict(desk.begin(""))
    while True:
        draft = Draft(estate)
        for question in _all(draft, desk):
            if question.key in given:  # answered before going back
                question.read(given[question.key])
                continue
            text = _answer(question, desk, former.get(question.key, question.default))
            if text is None:
                if given:
                    former |= given
                    given.popitem()
                break
            given[question.key] = text
            if len(given) == 1:
                former = {**desk.begin(draft.slug), **former}
            if question.key != LAST:
                desk.keep(draft.slug, former | given)
        else:
            return draft


def _all(draft: Draft, desk: Desk) -> Iterator[Question]:
    yield from questions(draft)
    yield desk.last(draft)


def _answer(question: Question, desk: Desk, default: str | None) -> str | None:
    """The first answer that is accepted, or None for going back."""
    while True:
        typed = desk.ask(question, default)
        if typed == BACK:
            return None
        text = "" if typed == EMPTY else typed or default
        try:
            question.read(text or "")
        except GgiError as error:
            desk.refuse(error)
        else:
            return text or ""
