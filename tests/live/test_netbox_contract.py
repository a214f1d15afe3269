"""`ggi netbox init` and `check` on a real NetBox: idempotent, killed anywhere, upgraded, changed by hand."""

from __future__ import annotations

import json

import msgspec
import pytest
from netbox_apply import CHANGES, Died, Mortal, client

from ggi_net.cli.main import main
from ggi_net.errors import AnothersObject, ContractMissing, ContractNewer, ContractOther, NetBoxLacks
from ggi_net.onboard.netbox.check import check_contract
from ggi_net.onboard.netbox.contract import Change, CustomField, load_contract, objects_of_contract
from ggi_net.onboard.netbox.init import followed, initialise, noted, ready
from ggi_net.paths import standards_folder
from ggi_net.source.standard import load_standard

STANDARDS = [load_standard(standards_folder() / "2026.1")]
RANGES = "documentation"
CONTRACT = load_contract()
VERSION, NEXT = CONTRACT.version, CONTRACT.version + 1


@pytest.fixture(scope="module")
def contract_lab(netbox):
    """A NetBox with the contract and nothing else, kept under the name `contract`."""
    netbox.reset()
    initialise(client(netbox), CONTRACT, STANDARDS, RANGES)
    netbox.save("contract")
    return netbox


@pytest.fixture
def lab(contract_lab):
    contract_lab.restore("contract")
    return contract_lab


@pytest.fixture
def nb(lab):
    return client(lab)


@pytest.fixture
def ggi(lab, monkeypatch, capsys):
    """`ggi ...` in this process: its exit status, standard output and standard error."""
    monkeypatch.setenv("GGI_NETBOX_URL", lab.url)
    monkeypatch.setenv("GGI_NETBOX_TOKEN", lab.token)

    def run(*words):
        with pytest.raises(SystemExit) as stopped:
            main(words)
        said = capsys.readouterr()
        return stopped.value.code, said.out, said.err

    return run


def init(netbox, contract=CONTRACT, ranges=RANGES):
    return initialise(netbox, contract, STANDARDS, ranges)


def one(netbox, path, **filters):
    (found,) = netbox.all(path, **filters)
    return found


# -- init ----------------------------------------------------------------------------------------------


def test_init_makes_everything_once_and_check_agrees(ggi, lab):
    assert ggi("netbox", "init") == (
        0,
        f"Nothing to do: version {VERSION} of the contract, ranges {RANGES}, at {lab.url}\n",
        "",
    )
    assert ggi("netbox", "check") == (0, f"NetBox at {lab.url} is as the contract asks.\n", "")


def test_an_init_that_is_killed_after_each_change_in_turn_is_completed_by_the_next(netbox):
    netbox.reset()
    killed = 0
    while True:
        mortal = client(netbox, Mortal)
        mortal.after_change = 1
        try:
            init(mortal)
            break
        except Died:
            killed += 1
            assert killed < 100
    assert killed > 15, "each run gets one change further"
    assert not check_contract(client(netbox), CONTRACT)
    assert init(client(netbox)).total == 0


def test_the_note_comes_last_so_that_half_a_contract_is_not_taken_for_a_whole(netbox):
    netbox.reset()
    mortal = client(netbox, Mortal)
    mortal.after_change = 3
    with pytest.raises(Died):
        init(mortal)
    with pytest.raises(ContractMissing) as refused:
        followed(client(netbox), CONTRACT)
    assert str(refused.value) == (
        f"GGI2022 {netbox.url}/extras/config-contexts/: this NetBox was never brought to the contract; "
        f"the toolkit works with version {VERSION}\n"
        "  hint: an administrator of NetBox brings it there with `ggi netbox init`"
    )


def test_other_ranges_are_refused_before_anything_is_written(nb, ggi):
    status, said, error = ggi("netbox", "init", "--ranges", "national")
    assert (status, said) == (1, "")
    assert error.startswith("GGI2024 ")
    assert "this NetBox has the ranges 'documentation', not 'national'" in error
    with pytest.raises(ContractOther):
        ready(nb, CONTRACT, "national")
    assert not nb.all("ipam/asn-ranges", slug="ggi-national")


def test_ranges_that_the_standard_does_not_have(ggi):
    status, _, error = ggi("netbox", "init", "--ranges", "nationaal")
    assert status == 1
    assert "standard 2026.1 has no ranges 'nationaal', did you mean 'national'?" in error


def test_a_name_that_netbox_has_twice_is_said_and_neither_is_touched(nb):
    nb.post("ipam/vrfs", {"name": "mgmt", "rd": "65000:1"})
    with pytest.raises(AnothersObject, match="NetBox has more than one vrf 'mgmt'"):
        init(nb)
    assert {found["rd"] for found in nb.all("ipam/vrfs", name="mgmt")} == {"65000:1", "4200900000:1030"}


# -- check ---------------------------------------------------------------------------------------------


def test_what_was_changed_by_hand_is_named_with_its_page_and_corrected_by_init(nb, ggi, lab):
    code = one(nb, "extras/custom-fields", name="ggi_code")["id"]
    nb.patch(f"extras/custom-fields/{code}", {"required": True, "label": "[bold]x\x1b[31m"})
    vrf = one(nb, "ipam/vrfs", name="mgmt")["id"]
    nb.patch(f"ipam/vrfs/{vrf}", {"rd": None})
    role = one(nb, "ipam/roles", slug="office-block")["id"]
    nb.delete(f"ipam/roles/{role}")
    status, said, error = ggi("netbox", "check")
    assert status == 2
    assert said.splitlines() == [
        f"{lab.url}/extras/custom-fields/{code}/: label of custom field 'ggi_code' is [bold]x\\x1b[31m, not CBS code",
        f"{lab.url}/extras/custom-fields/{code}/: required of custom field 'ggi_code' is true, not false",
        f"{lab.url}/ipam/roles/: role 'office-block' is missing",
        f"{lab.url}/ipam/vrfs/{vrf}/: rd of vrf 'mgmt' is null, not 4200900000:1030",
    ]
    assert error == "4 differences with the contract; `ggi netbox init` corrects them\n"
    status, said, _ = ggi("netbox", "check", "--json")
    assert status == 2
    assert json.loads(said)[3] == {
        "kind": "vrf",
        "name": "mgmt",
        "url": f"{lab.url}/ipam/vrfs/{vrf}/",
        "field": "rd",
        "found": "null",
        "wanted": "4200900000:1030",
    }
    assert init(nb).total == 3
    assert not check_contract(nb, CONTRACT)


def test_every_single_object_of_the_contract_is_missed_when_it_is_gone(nb):
    """Each object of which NetBox lets itself be robbed, all at once: none may be overlooked."""
    from ggi_net.onboard.netbox.kinds import KINDS

    wanted = [one.ref for one in objects_of_contract(CONTRACT, STANDARDS, RANGES)]
    for kind in reversed(KINDS):
        keys = {one.key for one in wanted if one.kind == kind}
        gone = [{"id": item["id"]} for item in nb.all(KINDS[kind].path) if KINDS[kind].key_of(item) in keys]
        if gone:
            nb.delete(KINDS[kind].path, gone)
    assert [(found.kind, found.name) for found in check_contract(nb, CONTRACT) if found.field is None] == [
        (one.kind, ", ".join(one.key)) for one in wanted
    ]


def test_what_netbox_holds_besides_the_contract_is_left_alone(nb):
    nb.post("ipam/roles", {"name": "Andere rol", "slug": "andere-rol"})
    nb.post("extras/custom-fields", {"name": "cmdb_id", "type": "text", "object_types": ["dcim.site"]})
    assert init(nb).total == 0
    assert not check_contract(nb, CONTRACT)


# -- upgrades ------------------------------------------------------------------------------------------


def next_version():
    """A made-up next version: the port kind is called otherwise, the unit became a text, the reference is retired."""
    fields = []
    for field in CONTRACT.custom_fields:
        if field.name == "ggi_kind":
            fields.append(msgspec.structs.replace(field, name="ggi_side", label="Side"))
        elif field.name == "ggi_unit":
            fields.append(CustomField(name="ggi_rank", types=field.types, type="json", label="Rank", description="x"))
        elif field.name != "ggi_reference":
            fields.append(field)
    change = Change(
        version=NEXT,
        rename={"custom_field": {"ggi_kind": "ggi_side"}, "role": {"ggi-link": "ggi-uplink"}},
        move={"ggi_unit": "ggi_rank"},
        retire=("ggi_reference",),
    )
    roles = tuple(
        msgspec.structs.replace(role, slug="ggi-uplink") if role.slug == "ggi-link" else role for role in CONTRACT.roles
    )
    return msgspec.structs.replace(CONTRACT, version=NEXT, changes=(change,), custom_fields=tuple(fields), roles=roles)


@pytest.fixture
def device(nb):
    """A device with a port, as an estate would have it."""
    site = nb.post("dcim/sites", {"name": "s", "slug": "s"})["id"]
    made = nb.post(
        "dcim/devices",
        {
            "name": "d",
            "site": site,
            "role": one(nb, "dcim/device-roles", slug="ce")["id"],
            "device_type": one(nb, "dcim/device-types", slug="ggi-frr")["id"],
            "custom_fields": {"ggi_unit": 2},
        },
    )["id"]
    nb.post(
        "dcim/interfaces", {"device": made, "name": "eth0", "type": "other", "custom_fields": {"ggi_kind": "access"}}
    )
    return made


def upgraded(nb, device):
    """Whether NetBox is at the made-up next version, with the device's data where it belongs."""
    assert noted(nb).contract == NEXT
    custom = nb.get(f"dcim/devices/{device}")["custom_fields"]
    port = one(nb, "dcim/interfaces", device_id=device)["custom_fields"]
    assert (custom["ggi_rank"], custom["ggi_unit"]) == (2, 2)
    assert port["ggi_side"]["value"] == "access"
    assert "ggi_kind" not in port
    for name in ("ggi_unit", "ggi_reference"):
        hidden = one(nb, "extras/custom-fields", name=name)
        assert (hidden["ui_visible"]["value"], hidden["ui_editable"]["value"]) == ("hidden", "hidden")
    assert one(nb, "ipam/roles", slug="ggi-uplink")["name"] == "GGI link"
    assert not nb.all("ipam/roles", slug="ggi-link")
    assert not check_contract(nb, next_version())
    assert init(nb, next_version()).total == 0


def test_an_upgrade_moves_the_data_along(nb, device):
    assert init(nb, next_version()).changed["upgrade"] == 5
    upgraded(nb, device)


def test_an_upgrade_that_is_killed_after_each_change_is_completed_by_the_next(lab, nb, device):
    killed = 0
    while True:
        mortal = client(lab, Mortal)
        mortal.after_change = 1
        try:
            init(mortal, next_version())
            break
        except Died:
            killed += 1
            assert killed < 30
            assert any(method in CHANGES for method, _ in mortal.sent)
    assert killed >= 6
    upgraded(nb, device)


def test_a_value_that_is_there_already_is_not_overwritten_by_a_move(nb, device):
    init(nb, next_version())
    nb.patch(f"dcim/devices/{device}", {"custom_fields": {"ggi_rank": "by hand"}})
    context = one(nb, "extras/config-contexts", name="ggi-contract")
    nb.patch(f"extras/config-contexts/{context['id']}", {"data": {**context["data"], "contract": VERSION}})
    init(nb, next_version())
    assert nb.get(f"dcim/devices/{device}")["custom_fields"]["ggi_rank"] == "by hand"


def test_an_older_contract_asks_for_init_and_a_newer_one_for_another_toolkit(nb, ggi, lab):
    with pytest.raises(ContractMissing, match=f"this NetBox has version {VERSION} of the contract; the"):
        followed(nb, next_version())
    init(nb, next_version())
    for words in (["netbox", "check"], ["netbox", "init"]):
        status, said, error = ggi(*words)
        assert (status, said) == (1, "")
        assert error == (
            f"GGI2023 {lab.url}/extras/config-contexts/: NetBox follows version {NEXT} of the contract, and this "
            f"toolkit knows up to {VERSION}\n"
            "  hint: upgrade the toolkit; an older one would not understand what it reads\n"
        )
    with pytest.raises(ContractNewer):
        init(nb)


def test_a_new_name_that_is_taken_is_for_people_to_decide(nb):
    nb.post("ipam/roles", {"name": "Uplink", "slug": "ggi-uplink"})
    with pytest.raises(ContractOther, match="the role 'ggi-link' is now called 'ggi-uplink', but NetBox has both"):
        init(nb, next_version())
    assert noted(nb).contract == VERSION


def test_a_note_that_somebody_wrote_over(nb):
    context = one(nb, "extras/config-contexts", name="ggi-contract")
    nb.patch(f"extras/config-contexts/{context['id']}", {"data": {"contract": "one"}})
    with pytest.raises(ContractOther, match=r"the note of the contract can't be read: Expected `int`, got `str`"):
        init(nb)


# -- what it refuses -----------------------------------------------------------------------------------


def test_netbox_enforces_the_forms_of_the_model(nb):
    from ggi_net.errors import NetBoxRejected

    group = one(nb, "tenancy/tenant-groups", slug="gemeenten")["id"]
    for custom, said in (
        ({"ggi_code": "0141"}, "match regex"),
        ({"ggi_options": {"govroam.port_policy": "closed"}}, "is not one of"),
        ({"ggi_options": {"no.such": 1}}, "Additional properties"),
        ({"ggi_realms": ["Almelo.example"]}, "does not match"),
        ({"ggi_services": {"ntp": []}}, "required property"),
        ({"ggi_roles": ["visitor"]}, "nvalid choice"),
    ):
        with pytest.raises(NetBoxRejected, match=said):
            nb.post("tenancy/tenants", {"name": "x", "slug": "x", "group": group, "custom_fields": custom})


def test_what_is_referred_to_and_missing_is_named(nb):
    from ggi_net.onboard.netbox.objects import Wanted, ref
    from ggi_net.onboard.netbox.sync import sync

    with pytest.raises(NetBoxLacks, match="NetBox has no platform 'nokia_sros'"):
        sync(nb, [Wanted(ref("device", "d"), {"platform": ref("platform", "nokia_sros")})], message="m")
