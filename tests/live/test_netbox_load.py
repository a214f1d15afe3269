"""`ggi netbox load`: an estate in files, written to a real NetBox and read back, is the same estate."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import msgspec
import pytest
from netbox_apply import client

from ggi_net.errors import AnothersObject, ContractOther, NetBoxLacks
from ggi_net.model.estate import Estate
from ggi_net.onboard.generate import make_estate
from ggi_net.onboard.netbox.contract import load_contract
from ggi_net.onboard.netbox.init import initialise
from ggi_net.onboard.netbox.load import load_estate as write_estate
from ggi_net.onboard.netbox.load import read_back, wanted_for
from ggi_net.paths import demo_folder, standards_folder
from ggi_net.source.files import EstateHead, load_estate
from ggi_net.source.netbox.assemble import assemble
from ggi_net.source.netbox.read import read
from ggi_net.source.standard import load_standard
from ggi_net.source.write import write_organisation

STANDARDS = [load_standard(standards_folder() / "2026.1")]
CONTRACT = load_contract()


@pytest.fixture(scope="module")
def demo():
    return load_estate(demo_folder())


@pytest.fixture(scope="module")
def contract_lab(netbox):
    """A NetBox for the demo estate with the contract and nothing else, kept under the name `contract`."""
    netbox.reset()
    initialise(client(netbox), CONTRACT, STANDARDS, "documentation")
    netbox.save("contract")
    return netbox


@pytest.fixture(scope="module")
def loaded_lab(contract_lab, demo):
    """That NetBox with the demo estate, kept under the name `demo`."""
    contract_lab.restore("contract")
    write(client(contract_lab), demo)
    contract_lab.save("demo")
    return contract_lab


@pytest.fixture
def loaded(loaded_lab):
    loaded_lab.restore("demo")
    return client(loaded_lab)


@pytest.fixture
def empty(contract_lab):
    contract_lab.restore("contract")
    return client(contract_lab)


def write(netbox, estate, *slugs):
    chosen = [one for one in estate.organisations() if not slugs or one.slug in slugs]
    return write_estate(netbox, estate, wanted_for(estate, chosen))


def same(netbox, estate):
    """NetBox holds exactly that estate."""
    found = assemble(read(netbox).tables, netbox.url)
    assert found.problems == {}
    assert found.estate.federation == estate.federation
    assert found.estate.gemeenten == estate.gemeenten
    assert (found.estate.name, found.estate.ranges) == (estate.name, estate.ranges)
    assert found.estate.standards == estate.standards


def folder_of(estate, folder):
    """An estate as files."""
    for one in estate.gemeenten:
        write_organisation(one, folder / "gemeenten" / f"{one.slug}.json")
    write_organisation(estate.federation, folder / "federation.json")
    (folder / "estate.yml").write_bytes(msgspec.yaml.encode(EstateHead(name=estate.name, ranges=estate.ranges)))
    return folder


def small(count, sites=2):
    """A generated national estate of `count` gemeenten, each with the first of its sites and what ends there."""
    whole = make_estate(count, 2026)
    cut = []
    for one in whole.gemeenten:
        kept = sorted(one.sites, key=lambda site: not site.main)[:sites]
        devices = {device.name for site in kept for device in site.devices}
        links = tuple(link for link in one.links if link.end.device in devices)
        cut.append(msgspec.structs.replace(one, sites=tuple(kept), links=links))
    return Estate(whole.name, whole.ranges, whole.standards, whole.federation, tuple(cut), whole.sources)


# -- there and back ------------------------------------------------------------------------------------


def test_the_demo_estate_comes_back_equal_and_loading_it_again_changes_nothing(loaded, demo):
    same(loaded, demo)
    assert write(loaded, demo).total == 0
    assert read_back(loaded, demo.organisations()).equal


def test_a_generated_national_estate_comes_back_equal(netbox):
    estate = small(12, sites=1)
    netbox.reset()
    connection = client(netbox)
    initialise(connection, CONTRACT, STANDARDS, estate.ranges)
    made = write(connection, estate)
    assert made.created["tenant"] == 13
    same(connection, estate)
    assert write(connection, estate).total == 0


def test_one_gemeente_after_the_other_is_the_same_as_all_at_once(empty, demo):
    losser = demo.gemeente("losser")
    assert losser.govroam.idp == "almelo"
    with pytest.raises(NetBoxLacks) as refused:
        write(empty, demo, "federation", "losser")
    assert str(refused.value) == (
        f"GGI2021 {empty.url}/tenancy/tenants/: NetBox has no tenant 'almelo'\n"
        "  hint: it belongs to an organisation that is referred to, which has to be in NetBox first"
    )
    assert empty.count("tenancy/tenants") == 0
    for slug in ("federation", "almelo", "losser", "enschede"):
        write(empty, demo, slug)
    assert read_back(empty, demo.organisations()).equal


def test_a_file_that_changed_is_brought_to_netbox_and_what_engineers_added_stays(loaded, demo):
    almelo = demo.gemeente("almelo")
    site = msgspec.structs.replace(almelo.sites[0], address="Haven Noordzijde 1")
    changed = msgspec.structs.replace(almelo, sites=(site, *almelo.sites[1:]), options={"banner.language": "nl-en"})
    gemeenten = tuple(changed if one is almelo else one for one in demo.gemeenten)
    estate = Estate(demo.name, demo.ranges, demo.standards, demo.federation, gemeenten, demo.sources)
    tenant = loaded.all("tenancy/tenants", slug="almelo")[0]
    loaded.patch(f"tenancy/tenants/{tenant['id']}", {"comments": "bel eerst"})
    outcome = write(loaded, estate)
    assert (outcome.created, outcome.changed) == ({}, {"tenant": 1, "site": 1})
    same(loaded, estate)
    assert loaded.get(f"tenancy/tenants/{tenant['id']}")["comments"] == "bel eerst"


def test_what_netbox_has_besides_is_told_and_kept(loaded, demo):
    site = loaded.all("dcim/sites", slug=f"almelo-{demo.gemeente('almelo').sites[0].slug}")[0]
    role = loaded.all("ipam/roles", slug="office")[0]
    loaded.post("ipam/vlans", {"vid": 199, "name": "met-de-hand", "site": site["id"], "role": role["id"]})
    assert write(loaded, demo).total == 0
    back = read_back(loaded, demo.organisations())
    assert list(back.different) == ["almelo"]
    lines = [line for line in back.different["almelo"] if line.startswith(("+", "-"))]
    assert lines == ["+      - {vid: 199, name: met-de-hand, zone: office}"]


def test_every_change_says_in_the_change_log_what_made_it(loaded):
    pages = loaded.all("core/object-changes", changed_object_type="dcim.device")
    assert {change["message"] for change in pages} == {"ggi netbox load: estate demo"}


# -- killed --------------------------------------------------------------------------------------------


def test_a_load_that_is_killed_at_random_moments_is_completed_by_the_next(contract_lab, demo):
    contract_lab.restore("contract")
    seed = random.randrange(10**6)
    draw = random.Random(seed)
    environment = os.environ | {"GGI_NETBOX_URL": contract_lab.url, "GGI_NETBOX_TOKEN": contract_lab.token}
    command = [sys.executable, "-m", "ggi_net", "netbox", "load", str(demo_folder())]
    connection = client(contract_lab)
    held = [connection.count("core/object-changes")]
    for _ in range(4):
        target = held[-1] + draw.randrange(5, 200)
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while process.poll() is None and connection.count("core/object-changes") < target:
                time.sleep(0.2)
        finally:
            process.kill()
        assert process.wait() == -signal.SIGKILL, f"seed {seed}: it ended before it was killed"
        held.append(connection.count("core/object-changes"))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"seed {seed}: {done.stderr}"
    assert done.stdout.endswith(f": equal to {demo_folder()}.\n"), f"seed {seed}"
    same(connection, demo)


# -- what is refused -----------------------------------------------------------------------------------


def test_another_estate_is_not_written_over_this_one(loaded, demo):
    other = Estate("andere", demo.ranges, demo.standards, demo.federation, demo.gemeenten, demo.sources)
    with pytest.raises(ContractOther) as refused:
        write(loaded, other)
    page = loaded.all("tenancy/tenants", slug="federation")[0]["display_url"]
    assert str(refused.value) == (
        f"GGI2024 {page}: NetBox holds the estate 'demo' of federation 'federation', not 'andere' of 'federation'\n"
        "  hint: a NetBox holds one estate: load this one into another NetBox (or, when it is the same estate, let "
        "estate.yml give it the same name)"
    )


def test_a_device_of_somebody_else_is_not_taken_over(empty, demo):
    def first(path):
        return empty.all(path)[0]["id"]

    tenant = empty.post("tenancy/tenants", {"name": "Waterschap", "slug": "waterschap"})["id"]
    site = empty.post("dcim/sites", {"name": "Gemaal", "slug": "gemaal"})["id"]
    theirs = empty.post(
        "dcim/devices",
        {
            "name": "core-asd-01",
            "tenant": tenant,
            "site": site,
            "role": first("dcim/device-roles"),
            "device_type": first("dcim/device-types"),
        },
    )
    with pytest.raises(AnothersObject) as refused:
        write(empty, demo)
    assert str(refused.value) == (
        f"GGI2026 {theirs['display_url']}: the device 'core-asd-01' has tenant 'Waterschap', not 'federation'\n"
        "  hint: rename one of the two; what belongs to somebody else is never taken over"
    )
    assert empty.get(f"dcim/devices/{theirs['id']}")["tenant"]["slug"] == "waterschap"


def test_a_prefix_in_a_vrf_of_somebody_else_is_another_prefix(empty, demo):
    prefix = demo.gemeente("almelo").sites[0].vlans[0].prefixes[1]
    vrf = empty.post("ipam/vrfs", {"name": "camera's"})["id"]
    empty.post("ipam/prefixes", {"prefix": prefix, "vrf": vrf})
    write(empty, demo)
    same(empty, demo)


def test_a_platform_that_the_contract_lacks_is_said_before_anything_is_written(empty, demo):
    platform = empty.all("dcim/platforms", slug="radsecproxy")[0]
    empty.delete(f"dcim/platforms/{platform['id']}")
    with pytest.raises(NetBoxLacks, match="NetBox has no platform 'radsecproxy'"):
        write(empty, demo)
    assert empty.count("tenancy/tenants") == 0
