"""What the change log of NetBox tells, above all of changes that show up late."""

from __future__ import annotations

import pytest

from ggi_net.source.netbox import changes
from ggi_net.source.netbox.changes import MOST_GAPS, Gap, Position, now, since


def entry(number, model="dcim.device", object_id=None, action="update"):
    return {
        "id": number,
        "time": f"2026-01-01T00:00:{number % 60:02}Z",
        "request_id": f"request-{number}",
        "action": {"value": action},
        "changed_object_type": model,
        "changed_object_id": object_id or number,
    }


class Log:
    """NetBox's change log, of `entries`."""

    def __init__(self, *entries):
        self.entries = {one["id"]: one for one in entries}
        self.asked = []

    def get(self, path, **params):
        assert path == "core/object-changes"
        assert params.get("ordering") == "-id" or params["limit"] == 1
        return {"results": [self.entries[n] for n in sorted(self.entries, reverse=True)][: params["limit"]]}

    def pages(self, path, start=0, id__lte=None, **_):
        assert path == "core/object-changes"
        self.asked.append((start, id__lte))
        found = [self.entries[n] for n in sorted(self.entries) if n >= start and (id__lte is None or n <= id__lte)]
        yield from (found[at : at + 2] for at in range(0, len(found), 2))

    def add(self, *entries):
        self.entries |= {one["id"]: one for one in entries}


@pytest.fixture
def clock(monkeypatch):
    """The time in seconds, which a test sets."""
    time = [1000.0]
    monkeypatch.setattr(changes.time, "time", lambda: time[0])
    return time


def test_nothing_was_written():
    log = Log(entry(1), entry(2))
    found = since(log, now(log))
    assert found.quiet
    assert found.position == now(log)


def test_what_was_written_is_told_once_by_table():
    log = Log(entry(1))
    start = now(log)
    log.add(entry(2, object_id=7), entry(3, object_id=7), entry(4, "dcim.site", 5, "create"), entry(5, "dcim.cable"))
    log.add(entry(6, "ipam.vlan", 8, "create"), entry(7, "ipam.vlan", 8, "delete"), entry(8, "ipam.vlan", 9, "delete"))
    found = since(log, start)
    assert found.changed == {"devices": {7}, "sites": {5}}
    assert found.deleted == {"vlans": {8, 9}}
    assert since(log, found.position).quiet


def test_a_number_that_was_missing_is_asked_for_until_it_shows_up(clock):
    log = Log(entry(1), entry(2), entry(5))
    start = now(log)
    assert start.gaps == (Gap(3, 4, 1000.0),)
    log.add(entry(6), entry(4, object_id=44))
    found = since(log, start)
    assert found.changed == {"devices": {44, 6}}
    assert found.position.gaps == (Gap(3, 3, 1000.0),)
    log.add(entry(3, object_id=33))
    assert since(log, found.position).changed == {"devices": {33}}


def test_a_gap_among_the_new_entries_is_noticed(clock):
    log = Log(entry(1))
    start = now(log)
    log.add(entry(4))
    found = since(log, start)
    assert found.position.gaps == (Gap(2, 3, 1000.0),)


def test_a_number_that_never_shows_up_is_given_up(clock):
    log = Log(entry(1), entry(3))
    start = now(log)
    clock[0] += changes.GAP_SECONDS
    found = since(log, start)
    assert found.quiet
    assert found.position.gaps == ()
    assert log.asked == [(3, None)]


def test_many_gaps_are_one_question_and_what_was_seen_is_not_told_again(clock):
    log = Log(*(entry(number) for number in range(1, 4 * MOST_GAPS, 2)))
    start = now(log)
    assert len(start.gaps) > MOST_GAPS
    log.add(entry(4, object_id=44))
    found = since(log, start)
    assert found.changed == {"devices": {44}}
    assert len(log.asked) == 2


@pytest.mark.parametrize(
    ("entries", "position"),
    [
        ([entry(9)], Position(5, "2026-01-01T00:00:05Z", "request-5")),
        ([], Position(5, "2026-01-01T00:00:05Z", "request-5")),
        ([entry(5), entry(6)], Position(5, "2026-01-01T00:00:05Z", "another request")),
        ([entry(5), entry(6)], Position(5, "2025-01-01T00:00:05Z", "request-5")),
    ],
    ids=["pruned", "emptied", "another history", "another time"],
)
def test_a_log_that_does_not_go_on_from_the_position_is_told(entries, position):
    assert since(Log(*entries), position).lost == (
        "NetBox's change log no longer has the change that the last read ended with"
    )


def test_a_log_that_was_empty():
    empty = now(Log())
    assert empty == Position()
    assert since(Log(), empty).quiet
    assert since(Log(entry(1)), empty).lost == "the change log was empty when it was read last"


def test_a_log_that_has_grown_by_too_much_is_not_gone_through(monkeypatch):
    monkeypatch.setattr(changes, "MOST_ENTRIES", 10)
    log = Log(entry(1))
    start = now(log)
    log.add(*(entry(number) for number in range(2, 30)))
    assert "grown by more than is worth going through" in since(log, start).lost


def test_a_changed_custom_field_changes_objects_without_telling():
    log = Log(entry(1))
    start = now(log)
    log.add(entry(2, "extras.customfield"))
    assert "custom field" in since(log, start).lost
