"""Working from the snapshot of NetBox: the same estate, offline, with what is broken left out and nothing undone."""

from __future__ import annotations

import msgspec
import pytest
from netbox_tables import held

from ggi_net.cli.main import main
from ggi_net.errors import GemeenteLeftOut, SnapshotUnusable
from ggi_net.paths import demo_folder
from ggi_net.render.engine import render_estate
from ggi_net.source.files import load_estate
from ggi_net.source.netbox.changes import Gap, Position
from ggi_net.source.netbox.pull import put_together
from ggi_net.source.netbox.snapshot import (
    load_snapshot,
    make_snapshot,
    only_snapshot,
    save_snapshot,
    snapshot_file,
)
from ggi_net.source.netbox.tables import BY_NAME
from ggi_net.source.open import open_estate

URL = "https://netbox.example"
TOKEN = "nbt_abcdefghijkl.0123456789012345678901234567890123456789"
POSITION = Position(812, "2026-01-01T00:00:00Z", "request", (Gap(3, 4, 1.5),))
DEMO = load_estate(demo_folder())


@pytest.fixture
def tables():
    return held(DEMO)


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("GGI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("GGI_CONFIG", str(tmp_path / "netbox.yml"))
    (tmp_path / "netbox.yml").write_text("timeout: 60\n")
    for name in ("GGI_NETBOX_URL", "GGI_NETBOX_TOKEN", "GGI_NETBOX_TOKEN_FILE", "GGI_ESTATE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "state"


def keep(tables, url=URL):
    save_snapshot(make_snapshot(url, TOKEN, "rest", POSITION, tables), snapshot_file(url))
    return snapshot_file(url)


def broken(tables, slug):
    """Take the domain of a gemeente away."""
    number, row = next((n, row) for n, row in tables["tenants"].items() if row[2] == slug)
    at = BY_NAME["tenants"].index["custom_fields"]
    custom = {name: value for name, value in row[at].items() if name != "ggi_domain"}
    tables["tenants"][number] = (*row[:at], custom, *row[at + 1 :])
    return number


def ggi(capsys, *words):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    said = capsys.readouterr()
    return stopped.value.code or 0, said.out, said.err


# -- the file -----------------------------------------------------------------------------------------


def test_what_was_read_comes_back(tables):
    found = load_snapshot(keep(tables))
    assert (found.url, found.way, found.position) == (URL, "rest", POSITION)
    assert found.tables == tables
    assert put_together(found, URL).estate.gemeenten == DEMO.gemeenten


def test_it_is_for_its_owner_alone_and_does_not_hold_the_token(tables):
    path = keep(tables)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    content = path.read_bytes()
    assert TOKEN.encode() not in content
    assert TOKEN.partition(".")[2].encode() not in content


def test_each_netbox_has_its_own(tables):
    names = {
        snapshot_file(url).name for url in (URL, URL + "/netbox", "http://127.0.0.1:8000", URL.replace("https", "http"))
    }
    assert len(names) == 4


@pytest.mark.parametrize(
    "spoil", [lambda c: c[: len(c) // 2], lambda _: b"", lambda _: b"\xc1\x00", lambda c: c + b"\x00"]
)
def test_a_damaged_snapshot_is_refused_in_words(tables, spoil):
    path = keep(tables)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(SnapshotUnusable, match="damaged, or of another version of the toolkit"):
        load_snapshot(path)


@pytest.mark.parametrize("change", [{"format": 99}, {"columns": {"devices": ("id", "name")}}])
def test_a_snapshot_of_another_version_is_refused(tables, change):
    path = keep(tables)
    path.write_bytes(msgspec.msgpack.encode(msgspec.structs.replace(load_snapshot(path), **change)))
    with pytest.raises(SnapshotUnusable, match="of another version of the toolkit"):
        load_snapshot(path)


def test_without_a_snapshot(capsys):
    status, _, err = ggi(capsys, "estate", "show", "-e", "snapshot")
    assert status == 1
    assert "there is no snapshot of NetBox" in err
    assert "make one with `ggi pull`" in err


def test_which_of_two_is_meant_must_be_said(tables, monkeypatch):
    keep(tables)
    keep(tables, "https://other.example")
    with pytest.raises(SnapshotUnusable, match="there are 2 snapshots, of different NetBoxes"):
        only_snapshot()
    monkeypatch.setenv("GGI_NETBOX_URL", URL)
    assert open_estate("snapshot").gemeenten == DEMO.gemeenten


# -- working from it ----------------------------------------------------------------------------------


def test_a_command_says_how_old_it_is(tables, capsys, monkeypatch):
    keep(tables)
    status, out, err = ggi(capsys, "estate", "show", "--source", "snapshot")
    assert status == 0
    assert "3 gemeenten, 8 sites, 15 devices" in out
    assert err == f"using the snapshot of {URL}, which is less than a minute old\n"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(59, "less than a minute old"), (60, "1 minute old"), (7199, "1 hour old"), (3 * 86400, "3 days old")],
)
def test_ages(tables, seconds, words):
    made = make_snapshot(URL, TOKEN, "rest", POSITION, {})
    assert msgspec.structs.replace(made, taken=made.taken - seconds).age == words


def test_a_broken_gemeente_is_left_out_with_its_reason(tables, capsys):
    tenant = broken(tables, "enschede")
    keep(tables)
    said = []
    estate = open_estate("snapshot", say=said.append)
    assert [gemeente.slug for gemeente in estate.gemeenten] == ["almelo", "losser"]
    assert said[1].startswith(f"enschede is left out: GGI1301 {URL}/tenancy/tenants/{tenant}/: the value of domain")
    with pytest.raises(GemeenteLeftOut, match="a gemeente would be left out of the estate:\n  enschede: GGI1301 "):
        open_estate("snapshot", strict=True)
    status, _, err = ggi(capsys, "render", "-e", "snapshot", "--strict", "-o", "/nowhere")
    assert (status, err.splitlines()[1][:8]) == (1, "GGI2019 ")


def test_findings_name_the_page_of_netbox(tables, capsys):
    number, row = next((n, row) for n, row in tables["vlans"].items())
    at = BY_NAME["vlans"].index["vid"]
    tables["vlans"][number] = (*row[:at], 4000, *row[at + 1 :])
    tenant = broken(tables, "losser")
    keep(tables)
    status, out, _ = ggi(capsys, "estate", "validate", "-e", "snapshot")
    assert status == 1
    assert f"GGI1301 {URL}/tenancy/tenants/{tenant}/: the value of domain" in out
    assert f"GGI1315 {URL}/ipam/vlans/{number}/: " in out


# -- nothing is undone because of what is left out ------------------------------------------------------


def artifacts(out):
    return {path: path.read_bytes() for path in out.rglob("*") if path.is_file() and path.name != "manifest.json"}


def test_devices_that_hold_something_for_a_gemeente_that_is_left_out_are_not_rendered(tables, tmp_path):
    out = tmp_path / "artifacts"
    whole = put_together(load_snapshot(keep(tables)), URL).estate
    render_estate(whole, list(whole.devices.values()), out, workers=1)
    before = artifacts(out)
    broken(tables, "losser")
    rest = put_together(load_snapshot(keep(tables)), URL).estate
    summary = render_estate(rest, list(rest.devices.values()), out, workers=1)
    assert artifacts(out) == before, "a core or proxy lost the gemeente, or its own artifacts were removed"
    held_back = {failure.device for failure in summary.failures}
    assert {"core-asd-01", "core-apd-01"} <= held_back
    assert {placed.organisation.slug for placed in rest.devices.values() if placed.device.name in held_back} == {
        rest.federation.slug,
        "almelo",  # whose RADIUS servers answer for Losser's realms
    }
    assert "it would lose what it has for losser, left out of the estate as broken" in summary.failures[0].text
