"""The contract with NetBox as data: complete for what is written and read, and derived where it can be."""

import re
from pathlib import Path

import msgspec
import pytest
from netbox_tables import held

import ggi_net
from ggi_net.errors import FileError, StandardError
from ggi_net.model.gemeente import GovroamRole
from ggi_net.model.network import LineKind, PortKind, Role
from ggi_net.model.standard import Option, OptionKind
from ggi_net.onboard.netbox.contract import (
    MODELS,
    PATH,
    load_contract,
    objects_of_contract,
    options_schema,
    pools_of_ranges,
    record,
)
from ggi_net.onboard.netbox.kinds import KINDS
from ggi_net.onboard.netbox.objects import Ref, objects_of
from ggi_net.onboard.netbox.permissions import ONBOARD, READ, permissions
from ggi_net.paths import demo_folder, platform_names, standards_folder
from ggi_net.source.files import load_estate
from ggi_net.source.gemeenten import listed_gemeenten
from ggi_net.source.netbox.tables import TABLES
from ggi_net.source.options import option_values
from ggi_net.source.standard import load_standard

STANDARD = load_standard(standards_folder() / "2026.1")
CONTRACT = load_contract()
FIELDS = {field.name: field for field in CONTRACT.custom_fields}
MODEL_OF = {table.path: table.model for table in TABLES} | {
    "ipam/vlan-groups": "ipam.vlangroup",
    "extras/config-contexts": "extras.configcontext",
    "ipam/rirs": "ipam.rir",
    "ipam/asn-ranges": "ipam.asnrange",
    "dcim/device-types": "dcim.devicetype",
}


@pytest.fixture(scope="module")
def demo():
    return load_estate(demo_folder())


@pytest.fixture(scope="module")
def objects():
    return objects_of_contract(CONTRACT, [STANDARD], "documentation")


def keys(objects, kind):
    return {one.ref.key[0] for one in objects if one.ref.kind == kind}


def refs(value):
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from refs(inner)


def written(one):
    """Custom fields that an object is given."""
    parts = (one.fields, one.initial, one.late)
    return {name for part in parts for name in part.get("custom_fields", {})}


# -- complete ------------------------------------------------------------------------------------------


def test_everything_that_an_estate_refers_to_is_in_the_contract_or_in_the_estate(demo, objects):
    estate = [one for organisation in demo.organisations() for one in objects_of(organisation, demo)]
    known = {one.ref for one in (*objects, *estate)}
    for one in (*objects, *estate):
        assert set(refs([one.fields, one.initial, one.late])) <= known, one.ref


def test_each_custom_field_that_is_written_is_there_for_that_type(demo):
    for organisation in demo.organisations():
        for one in objects_of(organisation, demo):
            for name in written(one):
                assert MODEL_OF[KINDS[one.ref.kind].path] in FIELDS[name].types, f"{name} on {one.ref}"


def test_each_custom_field_that_the_toolkit_names_is_in_the_contract_and_the_other_way_round():
    named = set()
    for path in Path(ggi_net.__file__).parent.rglob("*.py"):
        if "netbox" in path.parts and "netbox_plugin" not in path.parts:
            named |= set(re.findall(r'"(?:cf_)?(ggi_[a-z_]+)"', path.read_text()))
    assert named - {"ggi_netbox"} == set(FIELDS), "but for the name of the plugin"


def test_names_are_those_of_the_model():
    assert {one.slug for one in CONTRACT.device_roles} == {role.value for role in Role}
    assert {one.slug for one in CONTRACT.circuit_types} == {kind.value for kind in LineKind}
    choices = {one.name: set(one.choices) for one in CONTRACT.choice_sets}
    assert choices["GGI port kinds"] == {kind.value for kind in PortKind}
    assert choices["GGI govroam roles"] == {role.value for role in GovroamRole}
    assert {field.choices for field in CONTRACT.custom_fields if field.choices} == set(choices)
    assert {field.of for field in CONTRACT.custom_fields if field.of} == {*MODELS, "options"}


def test_a_field_fits_what_netbox_takes():
    for field in CONTRACT.custom_fields:
        assert len(field.name) <= 50
        assert len(field.label) <= 50
        assert len(field.description) <= 200
        assert re.fullmatch(r"ggi_[a-z_]+", field.name), "what begins so is read"


def test_moved_values_go_to_a_field_that_is_there():
    for change in CONTRACT.changes:
        assert set(change.move.values()) <= set(FIELDS)
        assert not {*change.move, *change.retire} & set(FIELDS)
        assert change.version <= CONTRACT.version


# -- derived -------------------------------------------------------------------------------------------


def test_roles_vrfs_and_pools_follow_from_the_standard(objects):
    zones = {zone.name for zone in STANDARD.zones}
    ranges = STANDARD.address_plan.ranges["documentation"]
    own = {one.slug for one in CONTRACT.roles}
    assert keys(objects, "role") == zones | {f"{zone}-block" for zone in ranges.blocks} | own
    assert keys(objects, "vrf") == {vrf.name for vrf in STANDARD.vrfs}
    assert keys(objects, "prefix") == {pool.prefix for _, pool in pools_of_ranges(ranges)}
    assert len(keys(objects, "prefix")) == 10
    assert keys(objects, "asn_range") == {"ggi-documentation"}


def test_provinces_are_those_of_the_list_and_platforms_those_with_templates(objects):
    names = {one.fields["name"] for one in objects if one.ref.kind == "region"}
    assert names == {listed.province for listed in listed_gemeenten().values()}
    assert keys(objects, "platform") == set(platform_names())
    assert keys(objects, "device_type") == {f"ggi-{name}" for name in platform_names()}


def test_a_vrf_has_the_numbers_that_are_rendered(demo, objects):
    """`<national ASN>:<table>`, as the templates of the cores write it."""
    vrf = next(one for one in objects if one.ref == Ref("vrf", ("mgmt",)))
    assert vrf.fields["rd"] == f"{demo.federation.asn}:1030"
    assert vrf.fields["import_targets"] == vrf.fields["export_targets"] == [Ref("route_target", (vrf.fields["rd"],))]


def test_of_two_standards_the_later_holds_and_both_options_are_taken():
    vrfs = tuple(msgspec.structs.replace(vrf, table=vrf.table + 1) for vrf in STANDARD.vrfs)
    option = Option(name="banner.language", kind=OptionKind.CHOICE, allowed=("nl", "fy"), default="nl", help="x")
    later = msgspec.structs.replace(STANDARD, version="2027.1", vrfs=vrfs, options=(option,))
    objects = objects_of_contract(CONTRACT, [STANDARD, later], "national")
    assert {one.fields["rd"] for one in objects if one.ref.kind == "vrf"} == {
        f"4200001000:{n}" for n in (1011, 1021, 1031)
    }
    schema = options_schema([STANDARD, later])["properties"]
    assert [one["enum"] for one in schema["banner.language"]["anyOf"]] == [["nl", "nl-en"], ["nl", "fy"]]
    assert "anyOf" not in schema["cloud.services"]
    assert record(CONTRACT, [STANDARD, later], "national").fields["data"]["standards"] == ["2026.1", "2027.1"]


def test_every_default_of_an_option_passes_its_schema(demo):
    """What the schema refuses the toolkit refuses as well, and the other way round, for the standard's own defaults."""
    properties = options_schema([STANDARD])["properties"]
    values = option_values(demo.gemeente("almelo"), STANDARD)
    assert set(values) == set(properties)
    kinds = {"array": (list, tuple), "boolean": bool, "integer": int, "string": str}
    for name, value in values.items():
        schema = properties[name]
        if "enum" in schema:
            assert value in schema["enum"]
        else:
            assert isinstance(value, kinds[schema["type"]]), name


def test_ranges_that_are_not_in_the_standard():
    with pytest.raises(
        StandardError, match=r"standard 2026\.1 has no ranges 'documentatie', did you mean 'documentation'"
    ):
        objects_of_contract(CONTRACT, [STANDARD], "documentatie")


def test_a_contract_that_is_broken_says_where(tmp_path):
    path = tmp_path / "contract.yml"
    path.write_text(PATH.read_text().replace("    type: text\n", "    typ: text\n", 1))
    with pytest.raises(FileError) as refused:
        load_contract(path)
    assert str(refused.value).startswith(f"GGI1004 {path}:")


# -- permissions ---------------------------------------------------------------------------------------


def test_reading_takes_the_view_of_what_is_read_and_of_the_change_log_alone(demo):
    (read,) = [one for one in permissions() if one.name == READ]
    assert read.actions == ("view",)
    assert set(read.types) == {table.model for table in TABLES} | {"core.objectchange"}
    assert {table.model for table in TABLES if held(demo)[table.name]} <= set(read.types)


def test_onboarding_may_write_what_a_gemeente_is_made_of_and_nothing_of_the_contract(demo, objects):
    made = {MODEL_OF[KINDS[one.ref.kind].path] for one in objects_of(demo.gemeente("almelo"), demo)}
    contract = {MODEL_OF.get(KINDS[one.ref.kind].path) for one in objects} - {"ipam.prefix"}
    added = {model for one in permissions() if "add" in one.actions for model in one.types}
    changed = {model for one in permissions() if "change" in one.actions for model in one.types}
    assert made - {"dcim.region"} <= added
    assert not contract & changed
    for one in permissions(branches=True):
        assert one.name == READ or one.name.startswith(ONBOARD)
        assert one.constraints or "change" not in one.actions, "only what belongs to a gemeente"
