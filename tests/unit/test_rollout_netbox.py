"""NetBox is told after a run, never in its way."""

from __future__ import annotations

import pytest
from paper import Paper

from ggi_net.errors import NetBoxAway
from ggi_net.paths import demo_folder
from ggi_net.push.netbox_record import deliver, netbox_of, owe, owed
from ggi_net.source.files import load_estate

ESTATE = load_estate(demo_folder())
ALMELO = [device.name for device in ESTATE.gemeente("almelo").devices]


class FakeNetBox:
    """The two lists of NetBox that are used; `away`: it is down."""

    url = "https://netbox.invalid"

    def __init__(self):
        self.away = False
        self.entries = []

    def all(self, path, **params):
        if self.away:
            raise NetBoxAway("no connection")
        if path == "dcim/devices":
            return [{"id": number, "name": name} for number, name in enumerate(ALMELO) if name in params["name"]]
        return [one for one in self.entries if one["assigned_object_id"] == params["assigned_object_id"]]

    def post(self, path, entry):
        assert path == "extras/journal-entries"
        self.entries.append(entry)


@pytest.fixture
def netbox():
    return FakeNetBox()


def test_every_device_that_was_touched_gets_one_entry(tmp_path, netbox):
    paper = Paper(ESTATE, tmp_path, ALMELO)
    paper.order("ce-almelo-werf-01", "breaks")
    run = paper.push("bad", max_failures=1, netbox=netbox)
    assert sorted(entry["assigned_object_id"] for entry in netbox.entries) == list(range(len(ALMELO)))
    kinds = {ALMELO[entry["assigned_object_id"]]: entry["kind"] for entry in netbox.entries}
    assert kinds["ce-almelo-werf-01"] == "warning"
    assert set(kinds.values()) == {"warning", "success"}
    assert all(run.journal.run in entry["comments"] for entry in netbox.entries)
    paper.push("bad", max_failures=9, netbox=netbox)
    assert len(netbox.entries) == len(ALMELO) + 1, "what was unchanged is not told again"


def test_a_netbox_that_is_down_fails_nothing_and_is_told_by_the_next_run(tmp_path, netbox):
    paper = Paper(ESTATE, tmp_path, ALMELO)
    netbox.away = True
    paper.push(netbox=netbox)
    assert set(paper.all_running().values()) == {"new"}
    assert "the next run, or `ggi journal --settle`, delivers them" in paper.watcher.said[-1]
    assert len(owed(paper.journal, netbox.url)) == len(ALMELO)
    assert owed(paper.journal, "https://another.invalid") == []
    netbox.away = False
    paper.push(netbox=netbox)
    assert len(netbox.entries) == len(ALMELO)
    assert owed(paper.journal, netbox.url) == []
    assert deliver(paper.journal, netbox, paper.watcher.said.append) == 0


def test_check_mode_and_estates_of_files_tell_nobody(tmp_path, netbox):
    paper = Paper(ESTATE, tmp_path, ALMELO)
    paper.push(check=True, netbox=netbox)
    assert netbox.entries == []
    assert netbox_of("inventory/demo", paper.watcher.says) is None
    owe(tmp_path, "ce-almelo-01", None)
    assert not list(tmp_path.glob("*.netbox"))


def test_without_settings_the_user_is_told_that_netbox_is_not(monkeypatch, tmp_path):
    for name in ("GGI_NETBOX_URL", "GGI_NETBOX_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    said = []
    assert netbox_of("snapshot", said.append) is None
    assert "not recorded in NetBox" in said[0]
