"""Every question has the answer of a look at every login, wherever those are stored."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_help import KEYS, NOON, answers, assemble, line

from ggi_net.authlog.helpdesk import Count, Group
from ggi_net.authlog.line import Line, Result
from ggi_net.authlog.login import Login, Outcome
from ggi_net.authlog.moments import NETHERLANDS
from ggi_net.authlog.question import Question, Scope
from ggi_net.authlog.store.columns import table_of
from ggi_net.authlog.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

USERS = ("j.jansen@almelo.example", "P.Pieters@hof.example", "anonymous@almelo.example", "ß'\"@hof.example", "")
INNER = ("", "J.Jansen@almelo.example", "geheim@hof.example")
MACS = ("02aabbccdd01", "02aabbccdd02", "02aabbccdd03", "f" * 64)
APS = ("0a0000000001", "0b0000000002", "")
OPERATORS = ("enschede.example", "almelo.example", "")
MOMENTS = st.integers(0, 60 * 72).map(lambda minutes: NOON - timedelta(hours=15) + timedelta(minutes=minutes))
GEMEENTEN = st.sampled_from(["almelo", "hof", "enschede", "nergens"])


@st.composite
def some_lines(draw: st.DrawFn) -> list[Line]:
    number = draw(st.integers(1, 25))
    return [
        line(
            offset,
            user=draw(st.sampled_from(USERS)), inner=draw(st.sampled_from(INNER)), mac=draw(st.sampled_from(MACS)),
            ap=draw(st.sampled_from(APS)), operator=draw(st.sampled_from(OPERATORS)), at=draw(MOMENTS),
            nas=draw(st.sampled_from(["AP-hal", "ap-HAL", "x"])), result=draw(st.sampled_from(Result)), raw=str(offset),
        )
        for offset in range(number)
    ]  # fmt: skip


QUESTIONS = st.builds(
    Question,
    user=st.sampled_from(["", "", *USERS, "J.JANSEN@ALMELO.EXAMPLE", "GEHEIM@hof.example", "SS'\"@hof.example"]),
    mac=st.sampled_from(["", "", "", *MACS]),
    realm=st.sampled_from(["", "", "Almelo.example", "hof.example"]),
    gemeente=st.one_of(st.just(""), GEMEENTEN),
    site=st.sampled_from(["", "", "0a-site", "0A-SITE"]),
    ap=st.sampled_from(["", "", *APS]),
    nas=st.sampled_from(["", "", "ap-hal"]),
    outcome=st.one_of(st.none(), st.sampled_from(Outcome)),
    cause=st.sampled_from(["", "", "password"]),
    since=st.one_of(st.none(), MOMENTS, MOMENTS.map(lambda moment: moment.replace(minute=0))),
    until=st.one_of(st.none(), MOMENTS, st.just(NOON.astimezone(NETHERLANDS).replace(hour=0).astimezone(UTC))),
    limit=st.sampled_from([1, 3, 100]),
    scope=st.builds(
        Scope, everybody=st.booleans(), inner=st.booleans(), gemeenten=st.lists(GEMEENTEN, max_size=2).map(tuple)
    ),
)


@contextmanager
def new_store() -> Iterator[Store]:
    """An empty store."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(Path(folder), KEYS, assemble, create=True, threads=1) as new,
    ):
        yield new


BY = st.lists(st.sampled_from(sorted(Group)), max_size=3, unique=True)


def counted(logins: list[Login], question: Question, by: list[str]) -> list[Count]:
    """The slow way."""
    found = answers(logins, msgspec.structs.replace(question, limit=10_000))
    number = Counter(tuple(value(login, name) for name in by) for login in found)
    yes = Counter(tuple(value(login, name) for name in by) for login in found if login.outcome is Outcome.ACCEPT)
    rows = [Count(by=key, logins=count, accepted=yes[key]) for key, count in number.items()]
    return sorted(rows, key=lambda count: (-count.logins, count.by))


def value(login: Login, name: str) -> str:
    if name == "day":
        return login.begin.astimezone(NETHERLANDS).date().isoformat()
    if name == "hour":
        return login.begin.replace(minute=0, second=0).isoformat()
    return str(getattr(login, name))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    lines=some_lines(),
    asked=st.lists(st.tuples(QUESTIONS, BY), min_size=6, max_size=6),
    cuts=st.lists(st.integers(0, 25), max_size=3),
    closed=st.booleans(),
)  # fmt: skip
def test_each_question_and_each_count_is_answered_exactly(
    lines: list[Line], asked: list[tuple[Question, list[str]]], cuts: list[int], closed: bool
) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut < len(lines)), len(lines)]
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(Path(folder), KEYS, assemble, create=True, threads=1) as store,
    ):
        for begin, end in pairwise(edges):
            if begin < end:
                store.add(table_of(lines[begin:end]), "log", begin, end)
                store.compact(NOON, finish=True)
        logins = assemble(lines)
        if closed or len(edges) > 2:
            store.compact(NOON + timedelta(days=9), finish=True)
        else:
            store.add(table_of([]), "log", len(lines), len(lines) + 1)
        for question, by in asked:
            assert [login.id for login in store.logins(question)] == [login.id for login in answers(logins, question)]
            assert store.counts(question, by) == counted(logins, question, by)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=some_lines(), asked=st.lists(QUESTIONS, min_size=6, max_size=6))
def test_hot_lines_answer_as_well(lines: list[Line], asked: list[Question]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(Path(folder), KEYS, assemble, create=True, threads=1) as store,
    ):
        store.add(table_of(lines), "log", 0, 1)
        logins = assemble(lines)
        for question in asked:
            assert store.logins(question) == [
                msgspec.structs.replace(one, lines=()) for one in answers(logins, question)
            ]


@pytest.mark.parametrize("by", [["home", "visited"], ["day"], ["hour", "site"], []])
def test_counts_that_the_small_files_tell_read_nothing_else(tmp_path: Path, by: list[str]) -> None:
    with Store.open(tmp_path, KEYS, assemble, create=True, threads=1) as store:
        lines = [line(n, at=NOON + timedelta(minutes=5 * n)) for n in range(6)]
        store.add(table_of(lines), "log", 0, 1)
        store.compact(NOON + timedelta(days=9), finish=True)
        for path in tmp_path.glob("days/*/*-logins-*"):
            path.unlink()
        assert sum(count.logins for count in store.counts(Question(), by)) == 6
