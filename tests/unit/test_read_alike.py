"""The fast way gives what the slow way gives, on real lines, on random ones and on hostile ones."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
import read_logs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from read_logs import about

from ggi_net.authlog.line import Hop
from ggi_net.authlog.read import as_lines, cut, engine, kernels, lines, take
from ggi_net.authlog.read.alike import MOST, NAMED, learned
from ggi_net.authlog.read.one import found_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from ggi_net.authlog.read import Source

REAL = [json.loads(line)["raw"] for line in read_logs.EXPECTED.read_text().splitlines()]
TIME = "Mon Nov 23 15:49:27 2026"
ACCEPT = "Access-Accept for user {u} stationid {m} cui {c} from {s} to {k} (10.0.0.1) operator {o}"
SEEDS = [
    f"{TIME}: {ACCEPT}",
    f"{TIME}: Access-Reject for user {{u}} stationid {{m}} from {{s}} to {{k}} (10.0.0.1)",
    f"{TIME}: Access-Reject for user {{u}} stationid {{m}} from {{s}} (user unknown here) to {{k}} (10.0.0.1)",
    f"{TIME}: F-TICKS/govroam/1.0#REALM={{r}}#VISCOUNTRY=NL#VISINST={{o}}#CSI={{m}}#RESULT=OK#",
    f"<132>Nov  3 15:49:27 {{h}} radsecproxy[{{p}}]: {ACCEPT}",
    f"2026-11-23T15:49:27.123456+01:00 {{h}} radsecproxy[{{p}}]: {ACCEPT}",
    f"<132>1 2026-11-23T15:49:27Z {{h}} radsecproxy {{p}} - - {ACCEPT}",
    f"{TIME} : Auth: ({{p}}) Login OK: [{{u}}] (from client {{k}} port {{p}} cli {{m}})  realm={{r}} csi={{m}}",
    (
        f"{TIME} : Auth: ({{p}})   Login incorrect (pap: user unknown): [{{u}}] (from client {{k}} port 0 "
        f"cli {{m}} via TLS tunnel)"
    ),
    (
        f"Nov 23 16:00:00 {{h}} freeradius[{{p}}]: {TIME} : Auth: ({{p}}) Login OK: [{{u}}] (from client "
        f"{{k}} port 0 cli {{m}})"
    ),
    (
        '{{"time":"2026-11-23T14:49:27Z","host":"{h}","role":"idp","event":"result","result":"reject","outer":"{u}",'
        '"inner":"{u}","realm":"{r}","mac":"{m}","called_station":"{m}:govroam","nas":"{k}","client":"{k}",'
        '"operator":"{o}","cui":"{c}","refusal":"","reason":"eap: unknown user","eap_type":"TTLS",'
        '"tls_version":"TLS 1.2","vlan":"340","address":"10.0.0.9"}}'
    ),
]
PLAIN: dict[str, list[str]] = {
    "u": [f"u{i}@g{i}.nl" for i in range(20)],
    "m": [f"02-00-00-00-02-{i:02X}" for i in range(20)],
    "c": [f"{i:032x}" for i in range(20)],
    "s": ["almelo", "flr1"],
    "k": ["hengelo", "ap-1"],
    "o": ["1hengelo.nl", "1Enschede.nl"],
    "r": ["almelo.nl", "Almelo.nl"],
    "h": ["flr1", "10.0.0.1"],
    "p": ["1", "14045"],
}


def rows(data: bytes, source: Source, *, fast: bool) -> list[dict[str, Any]]:
    """All that is read, in the order of the log."""
    before = engine._FEW
    engine._FEW = 5 if fast else 1 << 60
    engine._learned.clear()
    try:
        return lines(data, source).sort_by("offset").to_pylist()
    finally:
        engine._FEW = before


def assert_equal(data: bytes, source: Source | None = None) -> None:
    source = source or about()
    slow, fast = rows(data, source, fast=False), rows(data, source, fast=True)
    assert len(slow) == len(fast)
    for one, other in zip(slow, fast, strict=True):
        assert one == other, {name: (one[name], other[name]) for name in one if one[name] != other[name]}


def filled(seed: str, choose: random.Random, values: dict[str, list[str]]) -> str:
    return seed.format(**{name: choose.choice(known) for name, known in values.items()})


def taken_fast(data: bytes) -> int:
    """How many lines are read the fast way."""
    read = []
    original, few = engine._one_by_one, engine._FEW
    engine._learned.clear()
    engine._FEW = 5
    try:
        engine._one_by_one = lambda *given: (read.append(len(given[1].starts)), original(*given))[1]  # type: ignore[assignment]
        return len(lines(data, about())) - sum(read)
    finally:
        engine._one_by_one, engine._FEW = original, few


@pytest.mark.parametrize("seed", SEEDS, ids=range(len(SEEDS)))
def test_common_lines_are_read_the_fast_way(seed: str) -> None:
    """Otherwise the other tests here would say nothing."""
    choose = random.Random(1)
    data = "".join(filled(seed, choose, PLAIN) + "\n" for _ in range(200)).encode()
    assert taken_fast(data) >= 190
    assert_equal(data)


def test_real_lines() -> None:
    choose = random.Random(2)
    data = "".join(choose.choice(REAL) + "\n" for _ in range(3000)).encode()
    assert taken_fast(data) > 1000
    assert_equal(data)
    assert_equal(data, about(host="x", hop=Hop.VISITED))
    assert_equal(
        b"".join(path.read_bytes() for path in read_logs.REAL if path.parent.name == "syslog") * 5,
        about(hops={"flr1": Hop.FEDERATION}),
    )


WORDS = [
    *sorted(NAMED),
    "",
    "-",
    ":",
    "x:",
    "]",
    "[x]",
    "(x)",
    "):",
    "): [",
    "x@y",
    "@",
    "a@b@c",
    "jan@Almelo.NL",
    "user",
    "unknown",
    "eap:",
    "user@unknown",
    "AA",
    "02-00-00-00-02-0A",
    "02:00:00:00:02:0a",
    "02-00-00-00-02-0g",
    "020000000201",
    "undisclosed",
    "02-00-00-" + "ab" * 27,
    "02-00-00-" + "AB" * 27,
    "ab" * 32,
    "1a.nl",
    "0a.nl",
    "1",
    "a/b",
    "a/b@c.nl",
    "é",
    "\x00",
    "\x1b[31m",
    "a\\b",
    "=27",
    "a=b",
    "q7.q7",
    "w" * 1200,
    "stationid a from b",
    "a b",
    " ",
    "from",
    '"',
    "',",
    "Nov",
    "15:49:27",
    "<132>",
    "%20",
    "02-00-00-00-02-0A:govroam",
    "02-00-00-00-02-0A:",
    "02-00-00-00-02-0A:a:b",
    "12345678901234567890123456789012345",
]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_hostile_values_among_common_lines(data: st.DataObject) -> None:
    seeds = data.draw(st.lists(st.sampled_from(SEEDS), min_size=1, max_size=2, unique=True))
    word = st.one_of(st.sampled_from(WORDS), st.text(max_size=12).filter(lambda text: "\n" not in text))
    hostile = {name: data.draw(st.lists(word, max_size=3)) for name in PLAIN}
    choose = random.Random(data.draw(st.integers(0, 2**32)))
    mixed = {name: known + hostile[name] * 4 for name, known in PLAIN.items()}
    text = "".join(filled(choose.choice(seeds), choose, choose.choice((PLAIN, mixed, mixed))) + "\n" for _ in range(40))
    assert_equal(text.encode("utf-8", "replace"))


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_bytes_that_change_in_common_lines(data: st.DataObject) -> None:
    """One byte more, less or other, anywhere."""
    choose = random.Random(data.draw(st.integers(0, 2**32)))
    seed = data.draw(st.sampled_from(SEEDS))
    changed = []
    for _ in range(40):
        line = bytearray(filled(seed, choose, PLAIN).encode())
        at = choose.randrange(len(line))
        match choose.randrange(5):
            case 0:
                line[at] = choose.randrange(256)
            case 1:
                del line[at]
            case 2:
                line.insert(at, choose.choice(b' :[]()#@"=-0aZ\r\n\xff'))
            case 3:
                line = line[:at] + line[at:][:: -1 if at % 2 else 1]
        changed.append(bytes(line))
    assert_equal(b"\n".join(changed) + b"\r\n")


@given(st.lists(st.sampled_from([b"", b"\r", b"a", b"a\r", b"abcdefg", b"b" * 40])), st.booleans(), st.integers(0, 9))
def test_lines_lie_where_their_ends_say(texts: list[bytes], ended: bool, before: int) -> None:
    data = b"\n" * before + b"\n".join(texts) + b"\n" * ended
    expected = data[before:].split(b"\n")
    found = cut.lines_of(data, before, len(data))
    assert [data[start:end] for start, end in zip(found.starts, found.ends, strict=True)] == [
        text[:-1] if text.endswith(b"\r") and (place < len(expected) - 1) else text
        for place, text in enumerate(expected)
        if text or place < len(expected) - 1
    ]


def test_lines_that_end_in_a_carriage_return() -> None:
    data = "".join(filled(SEEDS[0], random.Random(3), PLAIN) + "\r\n" for _ in range(100)).encode()
    assert taken_fast(data) >= 90
    assert_equal(data)


def test_a_log_that_ends_within_a_line() -> None:
    data = "\n".join(filled(seed, random.Random(4), PLAIN) for _ in range(30) for seed in SEEDS).encode()
    for end in range(len(data) - 300, len(data), 23):
        assert_equal(data[:end])


@pytest.mark.parametrize("part", [cut.PART, 3000])
def test_what_stands_behind_the_end_is_not_read(monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    monkeypatch.setattr(cut, "PART", part)
    data = "".join(filled(seed, random.Random(5), PLAIN) + "\r\n" for _ in range(60) for seed in SEEDS).encode()
    middle = data.index(b"\n", len(data) // 2) + 1
    for end in (0, 1, 2500, 3000, *range(middle - 3, middle + 3), len(data)):
        assert as_lines(lines(data, about(), end=end)) == as_lines(lines(data[:end], about()))


def test_what_was_learned_of_one_log_is_not_said_of_another() -> None:
    data = "".join(filled(SEEDS[0], random.Random(5), PLAIN) + "\n" for _ in range(1000)).encode()
    first = lines(data, about("one", host="flr1", hop=Hop.FEDERATION))
    second = lines(data, about("two", host="sp1", hop=Hop.VISITED))
    assert set(first["hop"].to_pylist()) == {"federation"}
    assert set(second["hop"].to_pylist()) == {"visited"}
    assert set(second["host"].to_pylist()) == {"sp1"}
    assert set(second["source"].to_pylist()) == {"two"}


def test_what_is_not_worth_it_is_forgotten() -> None:
    engine._learned.clear()
    choose = random.Random(6)
    odd = [f"{TIME}: Access-Accept for user a@b.nl stationid x{i} x{i} from a to b (c)" for i in range(600)]
    common = [filled(SEEDS[0], choose, PLAIN) for _ in range(600)]
    lines("\n".join(odd + common).encode() + b"\n", about())
    assert len(engine._learned["", Hop.UNKNOWN, frozenset()]) <= 4


def test_threads_may_read_at_once() -> None:
    engine._learned.clear()
    logs = ["".join(filled(seed, random.Random(7), PLAIN) + "\n" for _ in range(600)).encode() for seed in SEEDS]
    alone = [rows(log, about(), fast=False) for log in logs]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            together = pool.map(lambda log: lines(log, about()).sort_by("offset").to_pylist(), logs)
            assert list(together) == alone


LONG = [word for word in sorted(NAMED) if len(word) >= 8]
DECIDED = [
    *(word + more for word in LONG[:4] for more in ("x", ".")),
    *(word[:8] for word in LONG[:4]),
    *(word[:7] for word in LONG[:4]),
    "u1@g1.nl@",
    "@@",
    "user@unknown.nl",
    "unknown@x.nl",
    "mschap@eap",
    "x" * 7,
    "x" * 9,
    "p" * 32,
    "p" * 33,
    "02-00-00-00-02-0A:" + "s" * 64,
    "02-00-00-00-02-0A:" + "s" * 65,
    "02-00-00-00-02:0A",
    "02-00-00-00-02-0A-",
    "02.00.00.00.02.0A",
    "02-00-00-" + "ab" * 26,
    "02-00-00-" + "ab" * 32,
    "02-00-00-" + "ab" * 33,
    "0g-00-00-" + "ab" * 27,
    "ab" * 31 + "aB",
    "1",
    "1.",
    "2x.nl",
    ":x",
    "--",
    "x" * (MOST + 1),
]
"""Values at which the compiled loops decide one way or the other."""


@pytest.mark.parametrize("seed", SEEDS, ids=range(len(SEEDS)))
def test_values_at_the_edge_of_what_is_taken(seed: str) -> None:
    choose = random.Random(8)
    plain = [filled(seed, choose, PLAIN) for _ in range(60)]
    holes = [name for name in PLAIN if f"{{{name}}}" in seed]
    odd = [
        filled(seed, choose, {**PLAIN, name: [value]}).encode() + end
        for name in holes
        for value in DECIDED + WORDS
        for end in (b"", b"\r", b"\x00", b"\xe9", b" ")
        if not end or value in DECIDED[:3]
    ]
    data = "\n".join(plain).encode() + b"\n" + b"\n".join(odd)
    assert taken_fast(data) >= 55
    assert_equal(data)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\r", b"\n\n"])
def test_the_last_line_is_like_the_others(end: bytes) -> None:
    data = "\n".join(filled(SEEDS[0], random.Random(9), PLAIN) for _ in range(50)).encode() + end
    assert taken_fast(data) >= 49
    assert_equal(data)


@pytest.mark.parametrize("length", [MOST - 1, MOST, MOST + 1])
def test_long_lines(length: int) -> None:
    around = len(SEEDS[3].format(r="", o="1a.nl", m="02-00-00-00-02-01"))
    line = SEEDS[3].format(r="r" * (length - around), o="1a.nl", m="02-00-00-00-02-01") + "\n"
    assert len(line) == length + 1
    data = line.encode() * 30
    assert taken_fast(data) == (30 if length <= MOST else 0)
    assert_equal(data)


def test_a_log_of_several_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has dictionaries of its own, which become one."""
    data = "".join(filled(seed, random.Random(10), PLAIN) + "\n" for _ in range(200) for seed in SEEDS).encode()
    whole = rows(data, about(), fast=True)
    monkeypatch.setattr(cut, "PART", 30_000)
    assert rows(data, about(), fast=True) == whole
    assert_equal(data)


class Bounded:
    """Bytes of which only some may be read."""

    def __init__(self, data: bytes, begin: int, end: int) -> None:
        self._data, self._begin, self._end = np.frombuffer(data, np.uint8), begin, end

    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            assert self._begin <= place.start <= place.stop <= self._end
        else:
            assert self._begin <= place < self._end
        return self._data[place]


COMPILED = kernels.match


@pytest.fixture
def interpreted(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """`kernels.match` as plain Python."""
    for name, value in list(vars(kernels).items()):
        if hasattr(value, "py_func"):
            monkeypatch.setattr(kernels, name, value.py_func)
    return kernels.match


PATTERNS = [
    pattern
    for seed in SEEDS
    for text in [filled(seed, random.Random(11), PLAIN)]
    if (pattern := learned(text, found_in(text, about()), about()))
]


@given(st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_outside_a_line_is_read(interpreted: Callable[..., int], data: st.DataObject) -> None:
    """Compiled code would not notice."""
    pattern = data.draw(st.sampled_from(PATTERNS))
    choose = random.Random(data.draw(st.integers(0, 2**32)))
    plan, texts, reason = take._planned(pattern)
    shape = len(plan) - 1, 1
    before = filled(SEEDS[0], choose, PLAIN).encode()
    for _ in range(20):
        line = filled(choose.choice(SEEDS), choose, choose.choice((PLAIN, {**PLAIN, "m": WORDS, "h": WORDS})))
        text = line.encode("utf-8", "replace")[: choose.choice((MOST, choose.randrange(len(line) + 1)))]
        around, begin, end = before + text + before, len(before), len(before) + len(text)

        def matched(match: Callable[..., int], letters: Any, begin: int = begin, end: int = end) -> list[Any]:
            lines, made = np.array([0]), [np.zeros(shape, kind) for kind in (np.int64, np.int32, np.int64)]
            count = match(
                letters, np.array([begin]), np.array([end]), lines, plan, texts, take._LETTERS, take._NAMED, reason,
                np.zeros(1, np.int64), *made, np.zeros(shape[0], np.int64),
            )  # fmt: skip
            return [count, *(array.tolist() for array in made)]

        assert matched(interpreted, Bounded(around, begin, end)) == matched(COMPILED, np.frombuffer(around, np.uint8))


def test_code_that_no_folder_can_keep_is_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("cannot cache function: no locator available for file")

    monkeypatch.setattr(type(kernels.match), "enable_caching", refuse)
    assert kernels.compiled(lambda number: number + 1)(1) == 2


def test_few_lines_need_no_compiler() -> None:
    code = (
        "import sys; from datetime import datetime, UTC; from ggi_net.authlog.read import Source, lines;"
        "lines(b'x y\\n' * 300, Source(name='', reference=datetime.now(UTC))); print('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout == "False\n"


def test_columns_of_few_texts_are_dictionaries() -> None:
    """It is what makes writing them quick."""
    chance = random.Random(12)
    data = "".join(filled(SEEDS[0], chance, PLAIN) + "\n" for _ in range(1000)).encode() + b"nothing\n"
    table = lines(data, about())
    assert pa.types.is_dictionary(table.schema.field("product").type)
    assert table.schema.field("raw").type == pa.string()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_thousand_equal_lines_are_read_as_one_would_be(seed: str) -> None:
    """Columns in which nothing differs are made at once, also of what each line has of its own."""
    line = filled(seed, random.Random(3), PLAIN).encode() + b"\n"
    alone = as_lines(lines(line, about()))[0]
    found = as_lines(lines(line * 1000, about()))
    assert found == [replace(alone, offset=at * len(line)) for at in range(1000)]
