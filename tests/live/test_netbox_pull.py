"""`ggi pull`, and commands on `--estate netbox`, as a user types them."""

from __future__ import annotations

import json

import pytest
from netbox_apply import client

from ggi_net.cli.main import main


@pytest.fixture
def nb(federation_lab):
    federation_lab.restore("federation")
    return client(federation_lab)


@pytest.fixture
def ggi(federation_lab, tmp_path, monkeypatch, capfd):
    """`ggi ...` in this process: its exit status, standard output and standard error."""
    monkeypatch.setenv("GGI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("GGI_NETBOX_URL", federation_lab.url)
    monkeypatch.setenv("GGI_NETBOX_TOKEN", federation_lab.token)

    def run(*words):
        with pytest.raises(SystemExit) as stopped:
            main(words)
        return stopped.value.code or 0, *capfd.readouterr()

    return run


def test_a_second_pull_takes_what_changed_and_the_snapshot_works_without_netbox(nb, ggi, monkeypatch):
    status, out, err = ggi("pull")
    assert (status, err) == (0, "")
    assert " objects by the plugin in " in out
    device = nb.get("dcim/devices", name="core-asd-01", fields="id")["results"][0]["id"]
    nb.patch(f"dcim/devices/{device}", {"serial": "CHANGED"})
    nb.delete(f"dcim/regions/{nb.post('dcim/regions', {'name': 'New', 'slug': 'new'})['id']}")
    status, out, _ = ggi("pull")
    assert out.splitlines()[:2] == ["  regions: 1 deleted", "  devices: 1 new or changed"]
    assert out.splitlines()[2].startswith("Read 2 changed of ")
    monkeypatch.setenv("GGI_NETBOX_URL", "http://127.0.0.1:1")
    status, out, err = ggi("estate", "show", "federation", "-e", "snapshot")
    assert (status, out) == (1, ""), "another NetBox has no snapshot"
    monkeypatch.delenv("GGI_NETBOX_URL")
    monkeypatch.delenv("GGI_NETBOX_TOKEN")
    status, out, err = ggi("estate", "show", "federation", "-e", "snapshot")
    assert status == 0
    assert "CHANGED" in out
    assert "less than a minute old" in err


def test_json(nb, ggi):
    found = json.loads(ggi("pull", "--json")[1])
    assert (found["way"], found["full"], found["left_out"], found["objects"]["devices"]) == ("plugin", True, {}, 4)
    found = json.loads(ggi("pull", "--json")[1])
    assert (found["full"], found["changed"], found["deleted"]) == (False, {}, {})
    assert json.loads(ggi("pull", "--json", "--full")[1])["full"]


def test_a_gemeente_that_is_broken_is_left_out_and_strict_fails(nb, ggi, federation_lab):
    group = nb.get("tenancy/tenant-groups", slug="gemeenten", fields="id")["results"][0]["id"]
    tenant = nb.post("tenancy/tenants", {"name": "Half", "slug": "half", "group": group})["id"]
    nb.post("tenancy/tenants", {"name": "Not ours", "slug": "not-ours"})
    status, out, err = ggi("pull")
    assert status == 0
    assert "Estate 'demo': 0 gemeenten, 4 devices; 1 left out" in out
    assert f"half is left out: GGI1301 {federation_lab.url}/tenancy/tenants/{tenant}/: " in err
    assert "not-ours" not in out + err
    assert ggi("pull", "--strict")[0] == 1
    status, out, err = ggi("estate", "show", "-e", "netbox")
    assert status == 0
    assert "half is left out" in err
    status, out, _ = ggi("estate", "validate", "-e", "netbox")
    assert status == 1
    assert f"GGI1301 {federation_lab.url}/tenancy/tenants/{tenant}/: " in out
    status, _, err = ggi("render", "-e", "netbox", "--strict", "-o", "/nowhere")
    assert status == 1
    assert err.startswith("GGI2019 ")
