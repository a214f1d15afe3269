"""Messages in a stream, what a sender sends twice, and what a hostile peer sends."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingest_frames import relp

from ggi_net.authlog.ingest import frames
from ggi_net.authlog.ingest.frames import ABSURD, LONGEST, BadFrame, Command, Relp, Stream, answer, as_line
from ggi_net.authlog.ingest.resend import Overlap

PLAIN = st.binary(min_size=1, max_size=60).map(lambda b: b"<13>" + b.replace(b"\n", b"."))
ANY = st.binary(min_size=1, max_size=60)


def fed(reader: Stream | Relp, data: bytes, cuts: list[int]) -> list[bytes] | list[Command]:
    """All that a reader finds when `data` comes in pieces."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    found: list[bytes] | list[Command] = []
    for begin, end in pairwise(places):
        found += reader.feed(data[begin:end])  # type: ignore[operator]
    return found


def counted(message: bytes) -> bytes:
    return b"%d %s" % (len(message), message)


CUTS = st.lists(st.integers(0, 10_000), max_size=12)


class TestStream:
    """RFC 6587."""

    @given(messages=st.lists(st.tuples(st.booleans(), PLAIN), max_size=12), cuts=CUTS)
    def test_counted_and_newline_framing_in_any_pieces(
        self, messages: list[tuple[bool, bytes]], cuts: list[int]
    ) -> None:
        data = b"".join(counted(m) if by_count else m + b"\n" for by_count, m in messages)
        assert fed(Stream(), data, cuts) == [message for _, message in messages]

    @given(messages=st.lists(ANY, max_size=12), cuts=CUTS)
    def test_counted_messages_may_hold_anything(self, messages: list[bytes], cuts: list[int]) -> None:
        assert fed(Stream(), b"".join(map(counted, messages)), cuts) == messages

    def test_lines_that_begin_with_a_digit_are_lines(self) -> None:
        assert Stream().feed(b"2026-11-24T10:00:00Z host x\n1795510800 y\n") == [
            b"2026-11-24T10:00:00Z host x",
            b"1795510800 y",
        ]

    def test_the_end_of_a_connection_ends_a_line_and_no_counted_message(self) -> None:
        line, count = Stream(), Stream()
        assert (line.feed(b"<13>one\n<13>tw"), line.end()) == ([b"<13>one"], [b"<13>tw"])
        assert (count.feed(b"5 <13>a40 <13>b"), count.end()) == ([b"<13>a"], [])

    def test_a_message_that_is_too_long_is_cut_and_the_next_one_is_whole(self) -> None:
        long = b"<13>" + b"x" * (3 * LONGEST)
        for data in (counted(long) + b"6 <13>ok", long + b"\n<13>ok\n"):
            stream = Stream()
            found = fed(stream, data, list(range(0, len(data), 50_000)))
            assert found == [long[:LONGEST], b"<13>ok"]
            assert stream.cut == 1

    def test_what_claims_to_be_absurdly_long_ends_the_connection(self) -> None:
        with pytest.raises(BadFrame, match="999999999"):
            Stream().feed(b"999999999 <13>x")
        assert Stream().feed(b"10737418240 <13>x\n") == [b"10737418240 <13>x"], "ten digits are no count"

    def test_no_newline_for_ever_takes_no_memory(self) -> None:
        stream = Stream()
        kept = sum(len(message) for _ in range(200) for message in stream.feed(b"\xff" * 100_000))
        assert kept == LONGEST
        assert len(stream._rest) <= LONGEST

    @given(pieces=st.lists(st.binary(max_size=200), max_size=20))
    def test_binary_never_breaks_it(self, pieces: list[bytes]) -> None:
        stream = Stream()
        for piece in pieces:
            try:
                stream.feed(piece)
            except BadFrame:
                return
            assert len(stream._rest) <= LONGEST
        stream.end()


class TestRelp:
    """The frames of librelp."""

    @given(messages=st.lists(st.binary(max_size=60), max_size=12), cuts=CUTS)
    def test_commands_in_any_pieces(self, messages: list[bytes], cuts: list[int]) -> None:
        data = b"".join(relp(n, "syslog", message) for n, message in enumerate(messages))
        assert fed(Relp(), data, cuts) == [Command(n, "syslog", message) for n, message in enumerate(messages)]

    def test_a_long_message_is_cut_and_the_next_command_is_whole(self) -> None:
        data = relp(1, "syslog", b"x" * (2 * LONGEST)) + relp(2, "close")
        reader = Relp()
        found = fed(reader, data, list(range(0, len(data), 30_000)))
        assert found == [Command(1, "syslog", b"x" * LONGEST), Command(2, "close", b"")]
        assert reader.cut == 1

    @pytest.mark.parametrize(
        "data",
        [
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00" * 20, b"1 syslog x 5\n",
            relp(1, "syslog", b"abc").replace(b"3", b"2"), b"1 syslog %d x" % (ABSURD + 1), b"x" * 100,
            b"1 syslog 5\nhello\n",
        ],
    )  # fmt: skip
    def test_what_is_no_relp_ends_the_connection(self, data: bytes) -> None:
        with pytest.raises(BadFrame):
            Relp().feed(data)

    @given(data=st.binary(max_size=300))
    def test_binary_never_breaks_it(self, data: bytes) -> None:
        reader = Relp()
        try:
            reader.feed(data)
        except BadFrame:
            return
        assert len(reader._rest) <= len(data)

    def test_an_answer(self) -> None:
        assert answer(7, "200 OK") == b"7 rsp 6 200 OK\n"


def test_a_message_can_not_forge_a_second_line() -> None:
    assert (
        as_line(b"<13>a\nTue Nov 24 10:00:00 2026 : Auth: forged\n")
        == b"<13>a#012Tue Nov 24 10:00:00 2026 : Auth: forged\n"
    )
    assert as_line(b"a\0b\n\0") == b"a#000b\n"


LETTERS = st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=12)


class TestSentAgain:
    """What is left out is an end of what was kept, and the beginning of what comes: never anything else."""

    @given(before=LETTERS, again=st.integers(0, 12), new=LETTERS, sizes=st.lists(st.integers(1, 5), max_size=20))
    def test_what_was_sent_again_is_kept_once(
        self, before: list[bytes], again: int, new: list[bytes], sizes: list[int]
    ) -> None:
        """With lines that are all different, as log lines are, exactly the overlap goes."""
        kept = [b"%d%s" % (n, letter) for n, letter in enumerate(before)]
        added = [b"new%d%s" % (n, letter) for n, letter in enumerate(new)]
        coming = kept[len(kept) - min(again, len(kept)) :] + added
        overlap = Overlap(kept)
        found, at = [], 0
        for size in [*sizes, len(coming)]:
            found += overlap.feed(coming[at : at + size])
            at += size
        found += overlap.settle()
        assert found == added
        assert overlap.dropped == len(coming) - len(added)

    @given(before=LETTERS, coming=LETTERS)
    def test_whatever_comes_only_an_overlap_is_left_out(self, before: list[bytes], coming: list[bytes]) -> None:
        overlap = Overlap(before)
        found = overlap.feed(coming) + overlap.settle()
        gone = len(coming) - len(found)
        assert found == coming[gone:]
        assert gone == 0 or before[-gone:] == coming[:gone]
        longest = max(n for n in range(len(coming) + 1) if n == 0 or before[-n:] == coming[:n])
        assert gone == longest

    def test_equal_lines_that_were_not_sent_again_stay(self) -> None:
        overlap = Overlap([b"x", b"y"])
        assert overlap.feed([b"x", b"x"]) == [b"x", b"x"]

    def test_nothing_is_held_for_ever(self) -> None:
        overlap = Overlap([b"x", b"y"])
        assert overlap.feed([b"x"]) == []
        assert overlap.holding
        assert overlap.settle() == [b"x"]
        assert overlap.feed([b"y"]) == [b"y"]


def test_limits_are_what_the_rfc_asks_for() -> None:
    assert frames.LONGEST >= 8192
