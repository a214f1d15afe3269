"""Look-ups that were kept long enough go; the chain of those that are left is verified as before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from ggi_net.authlog.audit import Audit, AuditSettings, open_audit
from ggi_net.authlog.audit_check import Wanted, search, verify
from ggi_net.authlog.audit_entry import Anchor, Key, What
from ggi_net.authlog.audit_retention import expire
from ggi_net.authlog.question import Question, Role, Viewer
from ggi_net.errors import AuditBroken
from ggi_net.secrets import NoSecrets

KEY = "a secret of the federation"
BAKKER = Viewer(name="j.bakker", role=Role.HELPDESK, gemeenten=("almelo",))
ENGINEER = Viewer(name="cli", role=Role.ENGINEER)
BEGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)
KEPT = 90


class Clock:
    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def opened(folder: Path, clock: Clock, keep_days: int | None = KEPT) -> Audit:
    return Audit(folder, KEY, keep_days=keep_days, clock=clock)


def look(audit: Audit, name: str = "j.jansen@almelo.example") -> None:
    audit.record(What.SEARCH, BAKKER, where="cli", reason="M2611-0042", rows=3, question=Question(user=name))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def audit(tmp_path, clock) -> Audit:
    """Two look-ups on each of six days, a month apart; the last one is of today."""
    made = opened(tmp_path / "audit", clock)
    for month in range(6):
        clock.now = BEGIN + timedelta(days=30 * month)
        look(made)
        look(made)
    return made


def stems(audit: Audit) -> list[str]:
    return [path.stem for path in audit.chain.days()]


def test_what_was_kept_long_enough_goes_and_the_rest_is_whole(audit):
    assert expire(audit, ENGINEER, where="cli") == 2
    assert stems(audit) == ["2026-03-02", "2026-04-01", "2026-05-01", "2026-05-31"]
    verdict = verify(audit)
    assert verdict.whole, verdict.faults
    assert verdict.entries == 9
    assert verdict.anchor is not None
    assert verdict.anchor.number == 4
    assert [shown.entry.number for shown in search(audit, Wanted())] == [13, 12, 11, 10, 9, 8, 7, 6, 5]


def test_that_it_went_is_on_record(audit):
    expire(audit, ENGINEER, where="cli")
    newest = search(audit, Wanted())[0].entry
    assert (newest.what, newest.who) == (What.EXPIRED, "cli")
    assert newest.asked == {"up_to": "4", "after_days": str(KEPT)}


def test_it_goes_on_and_can_be_done_again(audit, clock):
    expire(audit, ENGINEER, where="cli")
    assert expire(audit, ENGINEER, where="cli") == 0
    look(audit)
    clock.now += timedelta(days=60)
    look(audit)
    assert expire(audit, ENGINEER, where="cli") == 2
    assert verify(audit).whole


def test_the_newest_day_stays_however_old_it_is(audit, clock):
    clock.now += timedelta(days=1000)
    assert expire(audit, ENGINEER, where="cli") == 5
    assert stems(audit)[0] == "2026-05-31"
    assert verify(audit).whole


def test_without_a_time_everything_is_kept_for_good(audit, clock):
    clock.now += timedelta(days=10_000)
    kept = opened(audit.folder, clock, keep_days=None)
    assert expire(kept, ENGINEER, where="cli") == 0
    assert len(stems(kept)) == 6
    assert not (audit.folder / "anchor").exists()


def test_nothing_is_removed_from_a_log_that_was_touched(audit):
    path = audit.chain.days()[3]
    path.write_bytes(path.read_bytes().replace(b"j.bakker", b"x.anders", 1))
    with pytest.raises(AuditBroken, match="nothing is removed"):
        expire(audit, ENGINEER, where="cli")
    assert len(stems(audit)) == 6


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_entries_that_are_missing_after_the_cut_are_found(audit, gone):
    expire(audit, ENGINEER, where="cli")
    audit.chain.days()[gone].unlink()
    assert not verify(audit).whole


@pytest.mark.parametrize(
    "anchor", [None, b"", b"made up", Key(b"another").sealed(Anchor(number=4, hash="0" * 64, time=BEGIN))]
)
def test_an_anchor_that_is_gone_or_made_up_is_found(audit, anchor):
    expire(audit, ENGINEER, where="cli")
    path = audit.folder / "anchor"
    path.unlink() if anchor is None else path.write_bytes(anchor)
    assert not verify(audit).whole


def test_an_older_anchor_is_found(audit, clock):
    expire(audit, ENGINEER, where="cli")
    older = (audit.folder / "anchor").read_bytes()
    clock.now += timedelta(days=60)
    look(audit)
    expire(audit, ENGINEER, where="cli")
    (audit.folder / "anchor").write_bytes(older)
    assert not verify(audit).whole


def test_an_anchor_before_its_time_is_found(audit):
    """A line that was sealed as something else is no anchor."""
    entry = audit.chain.days()[0].read_bytes().splitlines()[1]
    (audit.folder / "anchor").write_bytes(entry)
    audit.chain.days()[0].unlink()
    assert not verify(audit).whole


def test_a_log_without_its_entries_is_found(audit):
    expire(audit, ENGINEER, where="cli")
    for path in audit.chain.days():
        path.unlink()
    assert not verify(audit).whole


@pytest.mark.parametrize("removed", [0, 1, 2])
def test_who_was_killed_while_removing_leaves_a_log_that_is_whole(audit, monkeypatch, removed):
    real, done = Path.unlink, []

    def killed(path: Path, *, missing_ok: bool = False) -> None:
        if path.parent == audit.folder and path.suffix == ".jsonl":
            if len(done) == removed:
                raise KeyboardInterrupt
            done.append(path)
        real(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", killed)
    if removed < 2:
        with pytest.raises(KeyboardInterrupt):
            expire(audit, ENGINEER, where="cli")
    else:
        expire(audit, ENGINEER, where="cli")
    monkeypatch.undo()
    verdict = verify(audit)
    assert verdict.whole, verdict.faults
    assert len(stems(audit)) == 6 - removed
    expire(audit, ENGINEER, where="cli")
    assert len(stems(audit)) == 4
    assert verify(audit).whole


def test_what_a_stopped_removal_left_must_be_what_was_there(audit, monkeypatch):
    monkeypatch.setattr(Path, "unlink", lambda path, *, missing_ok=False: None)
    expire(audit, ENGINEER, where="cli")
    monkeypatch.undo()
    first, second = audit.chain.days()[:2]
    lines = second.read_bytes().splitlines(keepends=True)
    second.write_bytes(lines[0])
    assert not verify(audit).whole, "the anchor's own entry is missing, and there are older ones"
    second.write_bytes(b"".join(lines))
    assert verify(audit).whole
    second.unlink()
    assert first.exists()
    assert not verify(audit).whole


def test_heads_that_were_kept_elsewhere_still_count(audit):
    heads = [audit.head()]
    expire(audit, ENGINEER, where="cli")
    look(audit)
    heads.append(audit.head())
    assert verify(audit, heads).whole
    forged = audit.key.sealed(msgspec.structs.replace(audit.key.head(heads[1]), hash="0" * 64))
    assert not verify(audit, [forged]).whole


def test_a_head_of_entries_that_went_can_not_be_compared_and_is_no_fault(tmp_path, clock):
    audit = opened(tmp_path / "audit", clock)
    look(audit)
    kept = audit.head()
    clock.now += timedelta(days=200)
    look(audit)
    look(audit)
    assert expire(audit, ENGINEER, where="cli") == 1
    assert verify(audit, [kept]).whole
    clock.now += timedelta(days=200)
    look(audit)
    assert expire(audit, ENGINEER, where="cli") == 1
    assert verify(audit, [kept]).whole


def test_identities_as_typed_are_not_kept_longer_than_their_entries(tmp_path):
    settings = AuditSettings(folder=str(tmp_path / "audit"), plain_days=300, keep_days=40)
    audit = open_audit(settings, NoSecrets())
    look(audit)
    [plain] = (audit.folder / "plain").iterdir()
    old = plain.with_name(f"{datetime.now(UTC) - timedelta(days=50):%Y-%m-%d}.jsonl")
    plain.rename(old)
    expire(audit, ENGINEER, where="cli")
    assert not old.exists()
