"""The audit log: every look-up is on it before its answer, and whoever touches it is found out."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ggi_net.authlog.audit import Audit
from ggi_net.authlog.audit_check import Wanted, search, verify
from ggi_net.authlog.audit_entry import What, writable
from ggi_net.authlog.question import Question, Role, Viewer
from ggi_net.errors import AuditFailed

KEY = "a secret of the federation"
BAKKER = Viewer(name="j.bakker", role=Role.HELPDESK, gemeenten=("almelo",))


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 27, 23, 59, 58, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def audit(tmp_path):
    return Audit(tmp_path / "audit", KEY, clock=Clock())


def look(audit: Audit, number: int = 1, **given: object) -> None:
    for _ in range(number):
        audit.record(
            What.SEARCH, BAKKER, where="web 192.0.2.7", reason="M2611-0042", rows=3,
            question=Question(user="J.Jansen@almelo.example", realm="almelo.example"), **given,
        )  # fmt: skip


def lines(audit: Audit) -> list[bytes]:
    return b"".join(path.read_bytes() for path in audit.chain.days()).splitlines(keepends=True)


def test_an_entry_says_who_when_what_why_and_how_much(audit):
    look(audit)
    entry = json.loads(lines(audit)[0])
    assert entry["time"] == "2026-11-28T00:00:00Z"
    assert (entry["who"], entry["role"], entry["gemeenten"]) == ("j.bakker", "helpdesk", ["almelo"])
    assert (entry["where"], entry["what"], entry["reason"], entry["rows"]) == (
        "web 192.0.2.7",
        "search",
        "M2611-0042",
        3,
    )
    assert entry["asked"] == {"realm": "almelo.example"}
    assert verify(audit).whole


def test_an_identity_stands_in_the_chain_as_a_keyed_hash_only(audit):
    look(audit)
    assert b"jansen" not in b"".join(lines(audit)).lower()
    (found,) = search(audit, Wanted(about="j.jansen@ALMELO.example "))
    assert found.about == {"user": "J.Jansen@almelo.example"}, "as typed, as long as it is kept"
    other = Audit(audit.folder.parent / "other", "another secret")
    assert other.key.identity("j.jansen@almelo.example") != found.entry.about["user"], "nobody else can make the hash"


@pytest.mark.parametrize(
    "end",
    [Audit.expire, lambda audit: audit.record(What.LOGIN, BAKKER, where="cli", asked={"login": "X"})],
    ids=["ggi logs expire", "the first look-up of a day"],
)
def test_identities_as_typed_go_after_their_days_and_the_hash_still_finds_them(tmp_path, end):
    clock = Clock()
    audit = Audit(tmp_path, KEY, plain_days=7, clock=clock)
    look(audit)
    clock.now += timedelta(days=8)
    end(audit)
    assert not any(b"ansen" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    (found,) = search(audit, Wanted(about="j.jansen@almelo.example"))
    assert found.about["user"].startswith("#")
    assert verify(audit).whole


def test_a_person_can_be_erased_without_touching_the_chain(audit):
    look(audit, 2)
    audit.record(What.SEARCH, BAKKER, where="cli", question=Question(user="p.peters@almelo.example"))
    before = lines(audit)
    assert audit.forget("j.jansen@almelo.example", BAKKER, where="cli", reason="AVG-17") == 2
    assert lines(audit)[:-1] == before
    assert b"jansen" not in lines(audit)[-1]
    (newest, *_) = search(audit, Wanted(about="j.jansen@almelo.example"))
    assert (newest.entry.what, newest.entry.reason) == (What.ERASE, "AVG-17")
    assert list(audit.plain.names().values()) == ["p.peters@almelo.example"]
    assert verify(audit).whole


def test_a_device_is_found_and_forgotten_in_any_notation(audit):
    audit.record(What.SEARCH, BAKKER, where="cli", question=Question(mac="3c22fb4a9e01"))
    audit.record(What.AUDIT, BAKKER, where="cli", about={"about": "3C-22-FB-4A-9E-01"})
    assert len(search(audit, Wanted(about="3c22.fb4a.9e01"))) == 2
    assert audit.forget("3C:22:FB:4A:9E:01", BAKKER, where="cli", reason="AVG-17") == 2
    assert audit.plain.names() == {}


def test_entries_of_several_days_are_one_chain(audit):
    audit._clock.now -= timedelta(seconds=10)
    look(audit, 30)
    assert [path.name for path in audit.chain.days()] == ["2026-11-27.jsonl", "2026-11-28.jsonl"]
    verdict = verify(audit)
    assert (verdict.entries, verdict.days, verdict.whole) == (30, 2, True)


def test_a_clock_that_was_set_back_does_not_break_the_chain(audit):
    look(audit)
    audit._clock.now -= timedelta(days=3)
    look(audit, 2)
    assert verify(audit).whole
    assert len(audit.chain.days()) == 1


# -- tampering -----------------------------------------------------------------------------------------


def rewrite(audit: Audit, changed: list[bytes]) -> None:
    (path,) = audit.chain.days()
    path.write_bytes(b"".join(changed))


@pytest.fixture
def ten(audit):
    audit._clock.now += timedelta(hours=1)
    look(audit, 10)
    return audit


def test_a_changed_entry_is_found(ten):
    entries = lines(ten)
    entries[4] = entries[4].replace(b'"rows":3', b'"rows":0')
    rewrite(ten, entries)
    assert not verify(ten).whole


@pytest.mark.parametrize("gone", [slice(0, 1), slice(4, 5), slice(9, 10), slice(2, 8), slice(0, 10)])
def test_missing_entries_are_found(ten, gone):
    entries = lines(ten)
    del entries[gone]
    rewrite(ten, entries)
    assert not verify(ten).whole


def test_exchanged_and_doubled_entries_are_found(ten):
    entries = lines(ten)
    rewrite(ten, [*entries[:3], entries[4], entries[3], *entries[5:]])
    assert not verify(ten).whole
    rewrite(ten, [*entries[:3], entries[2], *entries[3:]])
    assert not verify(ten).whole


def test_a_rewritten_chain_is_found_because_the_thief_has_no_key(ten, tmp_path):
    forged = Audit(tmp_path / "forged", "a guessed secret", clock=Clock())
    forged._clock.now += timedelta(hours=1)
    look(forged, 10)
    rewrite(ten, lines(forged))
    assert not verify(ten).whole
    (ten.folder / "head").write_bytes((forged.folder / "head").read_bytes())
    assert not verify(ten).whole
    with pytest.raises(AuditFailed, match="another key"):
        look(ten)


def test_what_was_cut_off_stays_on_record_after_the_next_entry(ten):
    rewrite(ten, lines(ten)[:6])
    look(ten, 3)
    verdict = verify(ten)
    assert len(verdict.faults) == 1
    assert "ended with entry 6, its head said 10" in verdict.faults[0]


@pytest.mark.parametrize(
    "head", [None, b"", b"{}", b'{"number":3,"hash":"00","time":"2026-11-28T00:00:00Z","mac":"00"}']
)
def test_a_head_that_is_gone_or_made_up_is_found(ten, head):
    (ten.folder / "head").unlink()
    if head is not None:
        (ten.folder / "head").write_bytes(head)
    assert not verify(ten).whole
    look(ten)
    assert not verify(ten).whole, "and stays so"


def test_an_older_copy_of_the_whole_folder_is_found_with_a_head_that_was_kept_elsewhere(ten):
    saved = {path: path.read_bytes() for path in ten.folder.rglob("*") if path.is_file()}
    kept = ten.head()
    look(ten, 5)
    later = ten.head()
    assert verify(ten, [kept, later]).whole
    for path, content in saved.items():
        path.write_bytes(content)
    assert verify(ten, [kept]).whole
    assert not verify(ten, [kept, later]).whole
    assert not verify(ten, [b"nonsense"]).whole


def test_entries_of_two_pasts_do_not_make_one(ten):
    saved = {path: path.read_bytes() for path in ten.folder.rglob("*") if path.is_file()}
    look(ten, 3)
    one = lines(ten)
    for path, content in saved.items():
        path.write_bytes(content)
    look(ten, 3)
    other = lines(ten)
    assert verify(ten).whole
    rewrite(ten, [*one[:11], *other[11:]])
    assert not verify(ten).whole, "although every line and every number is right"


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_single_changed_octet_goes_unseen(ten, data):
    (path,) = ten.chain.days()
    before = path.read_bytes()
    place = data.draw(st.integers(0, len(before) - 2))  # the last line end may go: that is a death, not a lie
    octet = data.draw(st.integers(0, 255).filter(lambda value: value != before[place]))
    try:
        path.write_bytes(before[:place] + bytes([octet]) + before[place + 1 :])
        assert not verify(ten).whole
    finally:
        path.write_bytes(before)


# -- deaths --------------------------------------------------------------------------------------------


@given(cut=st.integers(1, 400), again=st.integers(0, 400))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_line_that_a_death_left_is_closed_and_the_chain_goes_on(tmp_path_factory, cut, again):
    audit = Audit(tmp_path_factory.mktemp("audit"), KEY, clock=Clock())
    look(audit, 2)
    path, head = audit.chain.days()[-1], (audit.folder / "head").read_bytes()
    look(audit)
    whole = path.read_bytes()
    last = whole[whole.rindex(b"\n", 0, -1) + 1 :]
    path.write_bytes(whole[: -len(last)] + last[: min(cut, len(last) - 2)])
    (audit.folder / "head").write_bytes(head)  # it died before it wrote the head
    if again:
        with path.open("ab") as file:
            file.write(last[: min(again, len(last) - 2)])  # and a second one after it
    look(audit, 3)
    verdict = verify(audit)
    assert verdict.whole, verdict.faults
    assert (verdict.torn, verdict.entries) == (1, 6)


def test_an_entry_without_its_head_is_an_entry(audit):
    look(audit, 2)
    head = (audit.folder / "head").read_bytes()
    look(audit)
    (audit.folder / "head").write_bytes(head)
    assert verify(audit).whole
    look(audit)
    assert verify(audit).whole
    assert len(lines(audit)) == 4


def test_rubbish_that_somebody_else_added_is_told_from_a_death(ten):
    entries = lines(ten)
    rewrite(ten, [*entries[:5], b"rubbish\n", *entries[5:]])
    assert not verify(ten).whole


_WRITER = """
import sys
from pathlib import Path
from ggi_net.authlog.audit import Audit
from ggi_net.authlog.audit_entry import What
from ggi_net.authlog.question import Role, Viewer
audit = Audit(Path(sys.argv[1]), "key")
number = 0
while True:
    number += 1
    audit.record(What.SEARCH, Viewer(name=sys.argv[2], role=Role.ENGINEER), where="cli", rows=number, reason="x" * 100)
    print(number, flush=True)
"""


def test_processes_that_are_killed_at_any_moment_lose_no_answered_look_up(tmp_path):
    answered: dict[str, int] = {}
    for generation in range(3):
        names = [f"w{generation}-{index}" for index in range(2)]
        writers = [
            subprocess.Popen([sys.executable, "-c", _WRITER, tmp_path, name], stdout=subprocess.PIPE, text=True)
            for name in names
        ]
        for writer in writers:
            for _ in range(5 + generation * 7):
                assert writer.stdout
                writer.stdout.readline()
        for name, writer in zip(names, writers, strict=True):
            writer.send_signal(signal.SIGKILL)
            rest = writer.communicate()[0].splitlines()
            answered[name] = 5 + generation * 7 + len(rest)
    audit = Audit(tmp_path, "key")
    audit.record(What.AUDIT, BAKKER, where="cli")
    verdict = verify(audit)
    assert verdict.whole, verdict.faults
    for name, number in answered.items():
        rows = sorted(shown.entry.rows for shown in search(audit, Wanted(who=name, limit=10**6)))
        assert rows[:number] == list(range(1, number + 1)), name
        assert len(rows) <= number + 1, "at most the one that it was about to answer"


def test_threads_and_processes_write_one_chain(tmp_path):
    def work(name: str) -> None:
        mine = Audit(tmp_path, KEY)
        for _ in range(10):
            mine.record(What.STATS, Viewer(name=name, role=Role.OPERATOR), where="api 192.0.2.1")

    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=work, args=(f"p{number}",)) for number in range(2)]
    workers += [threading.Thread(target=work, args=(f"t{number}",)) for number in range(2)]  # type: ignore[list-item]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    verdict = verify(Audit(tmp_path, KEY))
    assert (verdict.entries, verdict.whole) == (40, True)


# -- the folder ----------------------------------------------------------------------------------------


def test_only_the_owner_can_read_it(audit):
    look(audit)
    for path in audit.folder.rglob("*"):
        if path.is_file():
            assert path.stat().st_mode & 0o077 == 0, path


def test_without_a_secret_a_key_is_made_once(tmp_path):
    look(Audit(tmp_path, clock=Clock()))
    look(Audit(tmp_path, clock=Clock()))
    assert verify(Audit(tmp_path)).entries == 2


def test_a_folder_that_cannot_be_written_is_said_in_words(tmp_path):
    (tmp_path / "audit").write_text("a file")
    with pytest.raises(AuditFailed):
        Audit(tmp_path / "audit", KEY)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_an_error_and_no_entry(audit, monkeypatch):
    look(audit)

    def full(handle: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(AuditFailed, match="No space left"):
            look(audit)
    look(audit)
    assert verify(audit).whole
    assert len(lines(audit)) == 2


hostile = st.text(st.characters(), max_size=300)


@given(name=hostile, reason=hostile, identity=hostile.filter(str.strip))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hostile_text_stays_in_its_entry(audit, name, reason, identity):
    before = verify(audit).entries
    audit.record(
        What.SEARCH,
        Viewer(name=name, role=Role.OPERATOR),
        where="web ::1",
        reason=reason,
        question=Question(user=identity),
    )
    verdict = verify(audit)
    assert verdict.whole, verdict.faults
    assert verdict.entries == before + 1
    newest = search(audit, Wanted(about=identity))[0]
    assert (newest.entry.who, newest.entry.reason, newest.about["user"]) == tuple(
        map(writable, (name, reason, identity))
    )
