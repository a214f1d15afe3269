"""Reading a real NetBox: three ways to equal tables, as of one moment, and what changed since equal to all again."""

from __future__ import annotations

import os
import random
import threading
from dataclasses import replace

import pytest
from flaky import Fault, Flaky
from netbox_apply import client
from netbox_walk import Walk

from ggi_net.errors import NetBoxRejected, ReadInconsistent
from ggi_net.source.netbox import read as reading
from ggi_net.source.netbox.client import NetBox
from ggi_net.source.netbox.read import WAYS, read, update
from ggi_net.source.netbox.settings import Settings
from ggi_net.source.netbox.tables import TABLES

SEED = int(os.environ.get("GGI_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 30)
"""Of the random edits; a failure prints it, and GGI_TEST_SEED repeats it."""

ROUNDS, EDITS = 3, 25


@pytest.fixture
def nb(federation_lab):
    federation_lab.restore("federation")
    return client(federation_lab)


def test_the_three_ways_give_equal_tables(nb):
    found = {way: read(nb, way) for way in WAYS}
    assert found["plugin"].tables == found["graphql"].tables == found["rest"].tables
    assert all(found["rest"].tables[table.name] for table in TABLES), "a table is empty: it shows nothing"
    for way in found.values():
        assert all(list(rows) == sorted(rows) for rows in way.tables.values())


def test_pages_and_ranges_of_ids_make_no_difference(nb, monkeypatch):
    whole = read(nb, "rest").tables
    monkeypatch.setattr(reading, "PAGE", 7)
    monkeypatch.setattr("ggi_net.source.netbox.graphql.PAGE", 3)
    monkeypatch.setattr("ggi_net.source.netbox.client.PAGE", 5)
    assert read(nb, "graphql").tables == whole


def test_the_best_way_is_taken_and_a_lack_is_said(nb, federation_lab):
    assert (read(nb).way, read(nb).notes) == ("plugin", ())
    with Flaky(federation_lab.url) as proxy:
        proxied = NetBox(Settings(proxy.url, federation_lab.token))
        proxy.faults = [
            Fault("/plugins/", status=404, headers={"Content-Type": "application/json", "API-Version": "4.7"}),
            Fault("/graphql/", status=404, body=b"The GraphQL API is not enabled."),
        ]
        found = read(proxied)
    assert found.way == "rest"
    assert found.notes == (
        "not by plugin: NetBox has no such page or object",
        "not by graphql: NetBox has no such page or object: The GraphQL API is not enabled.",
    )


def test_random_edits_are_read_by_their_change_log_as_by_a_full_read(nb):
    rng = random.Random(SEED)
    known = {way: read(nb, way) for way in WAYS}
    for turn in range(ROUNDS):
        walk = Walk(nb, rng, known["plugin"].tables, 1000 * (turn + 1))
        for _ in range(EDITS):
            walk.step()
        told = "\n".join([f"seed {SEED}, round {turn}", *walk.done])
        known = {way: update(nb, before) for way, before in known.items()}
        whole = read(nb, "rest")
        for way, found in known.items():
            assert found.changed is not None, f"{way} read in full: {found.notes}\n{told}"
            assert found.tables == whole.tables, f"{way}\n{told}"
            assert all(list(rows) == sorted(rows) for rows in found.tables.values())


def test_an_update_reads_no_more_than_what_changed(nb, federation_lab):
    before = read(nb, "rest")
    device = next(iter(before.tables["devices"]))
    nb.patch(f"dcim/devices/{device}", {"description": "new"})
    region = nb.post("dcim/regions", {"name": "New", "slug": "new"})["id"]
    nb.delete(f"dcim/regions/{region}")
    with Flaky(federation_lab.url) as proxy:
        found = update(NetBox(Settings(proxy.url, federation_lab.token)), before)
        asked = [request.partition("?")[0] for request in proxy.seen]
    assert (found.changed, found.deleted) == ({"devices": {device}}, {"regions": {region}})
    assert sorted(asked) == ["GET /api/core/object-changes/", "GET /api/core/object-changes/", "GET /api/dcim/devices/"]


def test_an_update_by_a_way_that_is_gone_reads_in_full_by_another(nb, federation_lab):
    before = read(nb, "plugin")
    region = nb.post("dcim/regions", {"name": "New", "slug": "new"})["id"]
    with Flaky(federation_lab.url) as proxy:
        said = {"Content-Type": "application/json", "API-Version": "4.7"}
        proxy.faults = [Fault("/plugins/", status=404, headers=said)]
        found = update(NetBox(Settings(proxy.url, federation_lab.token)), before)
    assert (found.way, found.changed) == ("graphql", None)
    assert found.notes[0] == "read in full: NetBox has no such page or object"
    assert region in found.tables["regions"]


class TestWhenTheChangeLogDoesNotTell:
    def test_a_pruned_log_is_followed_by_a_full_read(self, nb, federation_lab):
        before = read(nb)
        nb.post("dcim/regions", {"name": "After", "slug": "after"})
        federation_lab.sql(f"DELETE FROM core_objectchange WHERE id <= {before.position.id};")
        found = update(nb, before)
        assert found.notes == (
            "read in full: NetBox's change log no longer has the change that the last read ended with",
        )
        assert found.tables == read(nb).tables

    def test_a_restored_database_is_followed_by_a_full_read(self, nb, federation_lab):
        nb.post("dcim/regions", {"name": "Lost", "slug": "lost"})
        before = read(nb)
        federation_lab.restore("federation")
        nb.post("dcim/regions", {"name": "Other", "slug": "other"})
        found = update(nb, before)
        assert found.changed is None
        assert found.tables == read(nb).tables

    def test_a_changed_custom_field_is_followed_by_a_full_read(self, nb):
        before = read(nb)
        field = nb.get("extras/custom-fields", name="ggi_city")["results"][0]["id"]
        nb.patch(f"extras/custom-fields/{field}", {"description": "else"})
        assert update(nb, before).notes == (
            "read in full: a custom field was changed, which changes objects all over NetBox",
        )

    def test_a_change_that_shows_up_late_with_a_lower_number_is_not_missed(self, nb, federation_lab):
        """A transaction takes its number when it writes, and shows it when it ends."""
        device = next(iter(read(nb).tables["devices"]))
        nb.patch(f"dcim/devices/{device}", {"description": "the long transaction's"})
        late = nb.get("core/object-changes", ordering="-id", limit=1)["results"][0]["id"]
        nb.post("dcim/regions", {"name": "Quick", "slug": "quick"})
        federation_lab.sql(f"CREATE TABLE unseen AS SELECT * FROM core_objectchange WHERE id = {late};")
        federation_lab.sql(f"DELETE FROM core_objectchange WHERE id = {late};")
        federation_lab.sql(f"UPDATE dcim_device SET description = 'before' WHERE id = {device};")
        before = read(nb)
        federation_lab.sql("INSERT INTO core_objectchange SELECT * FROM unseen; DROP TABLE unseen;")
        federation_lab.sql(f"UPDATE dcim_device SET description = 'late' WHERE id = {device};")
        found = update(nb, before)
        assert found.changed == {"devices": {device}}
        assert found.tables["devices"][device][3] == "late"
        assert update(nb, found).changed == {}


def test_a_read_during_writes_is_of_one_moment_or_fails(nb, federation_lab):
    """A writer sets a device's description to n, then an interface's: at every moment they are n, n or n + 1, n."""
    tables = read(nb).tables
    device, port = next(iter(tables["devices"])), next(iter(tables["interfaces"]))
    nb.patch(f"dcim/devices/{device}", {"description": "0"})
    nb.patch(f"dcim/interfaces/{port}", {"description": "0"})
    stop = threading.Event()

    def write():
        writer = client(federation_lab)
        for number in range(1, 10_000):
            writer.patch(f"dcim/devices/{device}", {"description": str(number)})
            writer.patch(f"dcim/interfaces/{port}", {"description": str(number)})
            if stop.wait(random.Random(number).choice((0, 0.2, 0.6))):
                return

    thread = threading.Thread(target=write)
    thread.start()
    outcomes = []
    try:
        stop.wait(0.5)
        before = read(nb, "plugin")
        for way in ("plugin", "graphql", "rest"):
            for run in (lambda way=way: read(nb, way), lambda way=way: update(nb, replace(before, way=way))):
                try:
                    found = run()
                except ReadInconsistent as failed:
                    assert way != "plugin", "its export is one transaction"
                    outcomes.append(failed.message)
                    continue
                first = int(found.tables["devices"][device][3])
                second = int(found.tables["interfaces"][port][3])
                assert first - second in (0, 1), f"{way}: {first}, {second}"
                outcomes.append((first, second))
    finally:
        stop.set()
        thread.join()
    assert len(outcomes) == 6


def test_a_count_that_does_not_agree_with_what_arrived_is_an_error(nb, federation_lab):
    with pytest.raises(ReadInconsistent) as failed:
        read(Losing(Settings(federation_lab.url, federation_lab.token)), "rest")
    assert failed.value.message == "NetBox counts 1 providers, but 0 arrived"
    assert failed.value.exit_status == 4


class Losing(NetBox):
    """A client from which rows get lost on their way."""

    def page(self, path, start=0, **params):
        return ([], None) if path == "circuits/providers" else super().page(path, start, **params)


def test_what_netbox_refuses_is_listed_by_object_and_field(nb):
    with pytest.raises(NetBoxRejected) as refused:
        nb.post("dcim/regions", [{"name": "Fine", "slug": "fine"}, {"name": "", "slug": "not a slug"}])
    assert {(reason.index, reason.field) for reason in refused.value.reasons} == {(1, "name"), (1, "slug")}
    assert "object number 2: name: This field may not be blank." in str(refused.value)
