"""The toolkit's plugin in a real NetBox: the same rows as NetBox's REST API, the same permissions, one moment."""

from __future__ import annotations

import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from ggi_net.lab.netbox_postgres import LIVE, program
from ggi_net.source.netbox.tables import BY_NAME, TABLES, Form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ggi_net.lab.netbox import Instance
    from ggi_net.source.netbox.tables import Column, Table

AWKWARD = "".join(('"\\', "/\t\n", "é€😀 <b>&amp;", "\x7f", "'; DROP TABLE dcim_site; --"))
"""What JSON, SQL and HTML each have to escape."""

ADDRESSES = (
    "192.0.2.1/32", "192.0.2.7/24", "0.0.0.1/8", "2001:db8::1/128", "2001:db8:0:1:0:1:0:1/64",
    "2001:db8:1:0:2:3:4:5/64", "::ffff:192.0.2.1/128", "::192.0.2.1/128", "::2/127", "fe80::1/64",
    "2001:db8:0:0:1:0:0:1/127",
)  # fmt: skip
"""Every way in which an address can be shortened, with and without the prefix length that is the whole address."""


class Api:
    """A NetBox as one user."""

    def __init__(self, url: str, token: str, **headers: str) -> None:
        self.url = f"{url}/api"
        self.session = requests.Session()
        self.session.headers.update({"Authorization": f"Bearer {token}", **headers})

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.session.get(f"{self.url}/{path}/", params=params, timeout=60)

    def make(self, path: str, *objects: dict[str, Any]) -> list[int]:
        """Create objects; their ids."""
        return [one["id"] for one in self.post(path, list(objects))]

    def post(self, path: str, json: Any) -> Any:
        made = self.session.post(f"{self.url}/{path}/", json=json, timeout=60)
        assert made.status_code == 201, made.text
        return made.json()

    def export(self, **params: Any) -> dict[str, Any]:
        answer = self.get("plugins/ggi/export", **params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def rows(self, table: str, **params: Any) -> list[list[Any]]:
        return self.export(table=table, **params)["rows"]

    def refused(self, **params: Any) -> tuple[int, str]:
        answer = self.get("plugins/ggi/export", **params)
        return answer.status_code, answer.json()["detail"]


def rest_rows(api: Api, table: Table) -> list[list[Any]]:
    """A table's rows as NetBox's own serializers show them."""
    found = api.get(table.path, limit=1000, ordering="id").json()["results"]
    return [[one["id"], *(rest_value(one[column.name], column, one) for column in table.columns)] for one in found]


def rest_value(value: Any, column: Column, one: dict[str, Any]) -> Any:
    if column.form is Form.CUSTOM:
        ours = {name: inner for name, inner in value.items() if name.startswith("ggi_") and inner is not None}
        return {name: custom_value(inner) for name, inner in ours.items()}
    if value is None:
        return None
    if column.form is Form.KEY:
        return value["id"]
    if column.form is Form.CHOICE:
        return value["value"]
    if column.form is Form.INTERFACE:
        return value["id"] if one["assigned_object_type"] == "dcim.interface" else None
    return value


def custom_value(value: Any) -> Any:
    if isinstance(value, list):
        return [custom_value(inner) for inner in value]
    if isinstance(value, dict) and "url" in value:
        return value["id"]
    return value


@pytest.fixture(scope="module")
def lab(netbox: Instance) -> Instance:
    """A NetBox with something awkward in every table."""
    netbox.reset()
    fill(Api(netbox.url, netbox.token))
    return netbox


@pytest.fixture
def api(lab: Instance) -> Api:
    return Api(lab.url, lab.token)


def fill(api: Api) -> None:
    typed = {"tenancy.tenant": "tenant", "dcim.site": "site", "dcim.device": "device", "dcim.interface": "interface"}
    api.make(
        "extras/custom-fields",
        {"name": "ggi_text", "type": "text", "object_types": [*typed, "circuits.virtualcircuit"]},
        {"name": "ggi_data", "type": "json", "object_types": list(typed)},
        {"name": "ggi_flag", "type": "boolean", "object_types": list(typed)},
        {
            "name": "ggi_tenant",
            "type": "object",
            "related_object_type": "tenancy.tenant",
            "object_types": list(typed),
        },
        {
            "name": "ggi_tenants",
            "type": "multiobject",
            "related_object_type": "tenancy.tenant",
            "object_types": list(typed),
        },
        {"name": "other_text", "type": "text", "object_types": list(typed)},
    )
    (group,) = api.make("tenancy/tenant-groups", {"name": "g", "slug": "g"})
    one, two, _ = api.make(
        "tenancy/tenants",
        {"name": AWKWARD.strip(), "slug": "one", "group": group},
        {"name": "Two", "slug": "two"},
        {"name": "Three", "slug": "three"},
    )
    custom = {
        "ggi_text": AWKWARD.strip(), "ggi_data": {"b": [1, None, {"z": 0.5}], "a": AWKWARD}, "ggi_flag": False,
        "ggi_tenant": two, "ggi_tenants": [two, one], "other_text": "not ours",
    }  # fmt: skip
    (region,) = api.make("dcim/regions", {"name": "Overijssel", "slug": "overijssel"})
    role, _ = api.make("ipam/roles", {"name": "office", "slug": "office"}, {"name": "ggi-asn", "slug": "ggi-asn"})
    (vrf,) = api.make("ipam/vrfs", {"name": "mgmt"})
    (rir,) = api.make("ipam/rirs", {"name": "r", "slug": "r"})
    api.make("ipam/asns", {"asn": 4294967295, "rir": rir, "tenant": one, "role": role}, {"asn": 64512, "rir": rir})
    site, _ = api.make(
        "dcim/sites",
        {
            "name": "één", "slug": "een", "tenant": one, "physical_address": AWKWARD.strip(), "region": region,
            "custom_fields": custom,
        },
        {"name": "two", "slug": "twee", "tenant": two},
    )  # fmt: skip
    vlan, _ = api.make(
        "ipam/vlans",
        {"vid": 4094, "name": "x", "site": site, "role": role, "description": AWKWARD.strip()},
        {"vid": 1, "name": "y"},
    )
    api.make(
        "ipam/prefixes",
        {"prefix": "192.0.2.0/24", "tenant": one, "vlan": vlan, "role": role},
        *(
            {"prefix": prefix}
            for prefix in ("192.0.2.9/32", "::/1", "2001:db8::1/128", "2001:db8:0:0:1::/80", "0.0.0.0/1")
        ),
    )
    (device_role,) = api.make("dcim/device-roles", {"name": "ce", "slug": "ce"})
    (maker,) = api.make("dcim/manufacturers", {"name": "m", "slug": "m"})
    (kind,) = api.make("dcim/device-types", {"model": "t", "slug": "t", "manufacturer": maker})
    (platform,) = api.make("dcim/platforms", {"name": "frr", "slug": "frr"})
    common = {"device_type": kind, "role": device_role, "site": site}
    device, _ = api.make(
        "dcim/devices",
        {**common, "name": "ce-1", "serial": "S1", "platform": platform, "custom_fields": custom},
        {**common},  # a device needs no name
    )
    port, sub, hub = api.make(
        "dcim/interfaces",
        {"device": device, "name": "eth0", "type": "other", "mtu": 9000, "custom_fields": custom},
        {"device": device, "name": "eth0.100", "type": "virtual", "vrf": vrf},
        {"device": device, "name": "eth0.200", "type": "virtual", "description": AWKWARD.strip()},
    )
    for child in (sub, hub):
        changed = api.session.patch(f"{api.url}/dcim/interfaces/{child}/", json={"parent": port}, timeout=60)
        assert changed.status_code == 200, changed.text
    cluster_type = api.make("virtualization/cluster-types", {"name": "c", "slug": "c"})[0]
    cluster = api.make("virtualization/clusters", {"name": "c", "type": cluster_type})[0]
    machine = api.make("virtualization/virtual-machines", {"name": "vm", "cluster": cluster})[0]
    virtual = api.make("virtualization/interfaces", {"name": "eth0", "virtual_machine": machine})[0]
    on_machine = {"assigned_object_type": "virtualization.vminterface", "assigned_object_id": virtual}
    on_port = {"assigned_object_type": "dcim.interface", "assigned_object_id": port}
    numbers = api.make(
        "ipam/ip-addresses",
        *({"address": address, **on_port} for address in ADDRESSES),
        {"address": "198.51.100.1/24", **on_machine},
        {"address": "198.51.100.2/24"},
    )
    primary = {"primary_ip4": numbers[0], "primary_ip6": numbers[3]}
    assert api.session.patch(f"{api.url}/dcim/devices/{device}/", json=primary, timeout=60).status_code == 200
    (provider,) = api.make("circuits/providers", {"name": "P", "slug": "p"})
    (network,) = api.make("circuits/provider-networks", {"name": "GGI", "provider": provider})
    (circuit_type,) = api.make("circuits/virtual-circuit-types", {"name": "fiber", "slug": "fiber"})
    (circuit,) = api.make(
        "circuits/virtual-circuits",
        {"cid": "L1", "tenant": one, "provider_network": network, "type": circuit_type, "status": "active"},
    )
    api.make(
        "circuits/virtual-circuit-terminations",
        {"virtual_circuit": circuit, "role": "hub", "interface": hub},
        {"virtual_circuit": circuit, "role": "spoke", "interface": sub},
    )


# -- the rows ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_is_what_the_rest_api_shows(api: Api, table: Table) -> None:
    expected = rest_rows(api, table)
    assert expected, f"nothing to compare: fill() makes no {table.name}"
    assert api.rows(table.name) == expected


def test_all_tables_come_in_the_order_of_their_definition_each_as_it_comes_alone(api: Api) -> None:
    whole = api.export()
    assert whole.keys() == {"version", "position", "tables"}
    assert [part["table"] for part in whole["tables"]] == [table.name for table in TABLES]
    for part in whole["tables"]:
        assert part == {
            name: value
            for name, value in api.export(table=part["table"]).items()
            if name not in ("version", "position")
        }


def test_the_columns_are_said(api: Api) -> None:
    said = api.get("plugins/ggi/export/tables").json()
    assert said["version"] == 1
    assert {part["table"]: part["columns"] for part in said["tables"]} == {t.name: list(t.index) for t in TABLES}
    assert api.export(table="vlans")["columns"] == list(BY_NAME["vlans"].index)


def test_pages_of_any_length_make_the_whole(api: Api) -> None:
    whole = api.rows("addresses")
    for limit in (1, 3, len(whole) - 1, len(whole), len(whole) + 1):
        rows, start = [], 1
        while start:
            page = api.export(table="addresses", limit=limit, start=start)
            assert len(page["rows"]) <= limit
            rows += page["rows"]
            start = page["next"]
        assert rows == whole


def test_chosen_ids_come_once_each_and_those_that_are_not_there_do_not(api: Api) -> None:
    whole = api.rows("addresses")
    wanted = [whole[3][0], 999_999, whole[0][0], whole[0][0]]
    assert api.rows("addresses", ids=",".join(map(str, wanted))) == [whole[0], whole[3]]


def test_position_is_the_newest_change(api: Api) -> None:
    newest = api.get("core/object-changes", limit=1, ordering="-id").json()["results"][0]["id"]
    assert api.export()["position"] == api.export(table="vrfs")["position"] == newest
    api.make("ipam/vrfs", {"name": "another"})
    assert api.export(table="vrfs")["position"] == newest + 1


def test_netboxs_pages_about_plugins_know_it(api: Api) -> None:
    assert api.get("plugins").status_code == 200
    installed = {one["package"]: one["version"] for one in api.get("plugins/installed-plugins").json()}
    assert installed["ggi_netbox"] == api.get("plugins/ggi/export/tables").json()["plugin"]


# -- one moment --------------------------------------------------------------------------------------------


def test_a_change_during_the_read_is_not_half_in_it(lab: Instance, api: Api) -> None:
    before = api.export()
    found: list[dict[str, Any]] = []
    reading = threading.Thread(target=lambda: found.append(api.export()))
    with locked_table(lab, "ipam_role"):  # stands after the tenants, before the VRFs
        reading.start()
        until(lambda: lab.sql("SELECT count(*) FROM pg_locks WHERE NOT granted") == "1")
        writer = Api(lab.url, lab.token)
        writer.make("ipam/vrfs", {"name": "during"})
        writer.make("tenancy/tenants", {"name": "during", "slug": "during"})
        assert not found
    reading.join(timeout=30)
    assert found == [before]
    assert api.export()["position"] == before["position"] + 2


class locked_table:  # noqa: N801  reads as a context manager
    """Holds a table of NetBox's database, so that whoever reads it waits."""

    def __init__(self, lab: Instance, table: str) -> None:
        command = [program("psql"), "-X", "-q", "-A", "-t", "-d", LIVE]
        self.process = subprocess.Popen(
            command, env=lab.cluster.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ask(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT 'held';")

    def ask(self, statements: str) -> None:
        self.process.stdin.write(statements + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "held\n"

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        self.process.communicate("ROLLBACK;\n", timeout=10)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def test_in_a_branch_the_rows_are_the_branchs(lab: Instance, api: Api) -> None:
    path = f"plugins/branching/branches/{api.post('plugins/branching/branches', {'name': 'review'})['id']}"
    until(lambda: api.get(path).json()["status"]["value"] == "ready")
    branch = Api(lab.url, lab.token, **{"X-NetBox-Branch": api.get(path).json()["schema_id"]})
    whole = api.rows("vrfs")
    (made,) = branch.make("ipam/vrfs", {"name": "in the branch"})
    assert branch.rows("vrfs") == [*whole, [made, "in the branch"]]
    assert api.rows("vrfs") == whole
    tables = {part["table"]: part["rows"] for part in branch.export()["tables"]}
    assert tables["vrfs"] == [*whole, [made, "in the branch"]]
    assert tables["addresses"] == api.rows("addresses")


# -- who may ------------------------------------------------------------------------------------------------


@pytest.fixture
def user(api: Api, lab: Instance) -> Iterator[Callable[..., Api]]:
    """Makes a user with these permissions to view, each with its constraints; gives the API as that user."""
    made: list[tuple[str, int]] = []

    def make(*permissions: tuple[str, Any], **token: Any) -> Api:
        (number,) = api.make("users/users", {"username": f"u{len(made)}", "password": "Gemeente-2026!"})
        made.append(("users/users", number))
        for model, constraints in permissions:
            permission = {
                "name": f"{model}-{len(made)}", "object_types": [model], "actions": ["view"], "users": [number],
                "constraints": constraints,
            }  # fmt: skip
            made.append(("users/permissions", api.make("users/permissions", permission)[0]))
        answer = api.post("users/tokens", {"user": number, "version": 2, **token})
        return Api(lab.url, f"nbt_{answer['key']}.{answer['token']}")

    yield make
    for path, number in reversed(made):
        api.session.delete(f"{api.url}/{path}/{number}/", timeout=60)


def test_constraints_of_a_permission_hold(user: Callable[..., Api]) -> None:
    one = user(
        ("dcim.site", {"tenant__slug": "one"}),
        ("tenancy.tenant", [{"slug": "one"}, {"slug": "two"}]),
        ("dcim.device", {"site__tenant__slug": "two"}),
        ("ipam.vrf", None),
    )
    for name in ("sites", "tenants", "devices", "vrfs"):
        assert one.rows(name) == rest_rows(one, BY_NAME[name])
    assert [row[BY_NAME["sites"].index["slug"]] for row in one.rows("sites")] == ["een"]
    assert [row[BY_NAME["tenants"].index["slug"]] for row in one.rows("tenants")] == ["one", "two"]
    assert one.rows("devices") == []
    hidden = one.rows("sites")[0][0] + 1
    assert one.rows("sites", ids=hidden) == []


def test_without_a_permission_a_table_is_refused_by_name(user: Callable[..., Api]) -> None:
    one = user(("dcim.site", None))
    missing = (403, "the permission dcim.view_device is missing, so table 'devices' can't be exported")
    assert one.refused(table="devices") == missing
    assert one.get("dcim/devices").status_code == 403
    assert one.refused() == (
        403,
        "the permission tenancy.view_tenantgroup is missing, so table 'tenant_groups' can't be exported",
    )


def test_with_every_permission_everything_can_be_read(user: Callable[..., Api], api: Api) -> None:
    one = user(*((table.model, None) for table in TABLES), write_enabled=False)
    assert one.export()["tables"] == api.export()["tables"]


def test_a_token_that_was_switched_off_is_refused_as_everywhere(user: Callable[..., Api]) -> None:
    one = user(("dcim.site", None), enabled=False)
    assert one.refused(table="sites") == (403, "Token disabled")


def test_nobody_is_refused(lab: Instance) -> None:
    for path in ("export/", "export/tables/", "export/?table=sites"):
        answer = requests.get(f"{lab.url}/api/plugins/ggi/{path}", timeout=60)
        assert answer.status_code == 403
        assert "Authentication credentials were not provided" in answer.text


# -- what can't be asked -------------------------------------------------------------------------------------

NUMBER = "not a number from 1 to 9223372036854775807"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"table": "user"}, f"no table 'user'; there are: {', '.join(BY_NAME)}"),
        ({"table": ""}, f"no table ''; there are: {', '.join(BY_NAME)}"),
        ({"table": "sites", "tenant": "1"}, "no parameter 'tenant'; there are: table, start, limit, ids"),
        ({"start": "1"}, "'start' goes with 'table'; all tables come whole"),
        ({"table": "sites", "limit": "0"}, f"limit=0: {NUMBER}"),
        ({"table": "sites", "limit": "-1"}, f"limit=-1: {NUMBER}"),
        ({"table": "sites", "start": "1e3"}, f"start=1e3: {NUMBER}"),
        ({"table": "sites", "start": "٣"}, f"start=٣: {NUMBER}"),
        ({"table": "sites", "start": "9223372036854775808"}, f"start=9223372036854775808: {NUMBER}"),
        ({"table": "sites", "ids": ""}, f"ids=: {NUMBER}"),
        ({"table": "sites", "ids": "1,,2"}, f"ids=: {NUMBER}"),
        ({"table": "sites", "ids": "1) OR (1=1"}, f"ids=1) OR (1=1: {NUMBER}"),
    ],
)
def test_a_wrong_question_is_answered_in_words(api: Api, params: dict[str, str], said: str) -> None:
    assert api.refused(**params) == (400, said)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_changed_through_it(api: Api, method: str) -> None:
    answer = api.session.request(method, f"{api.url}/plugins/ggi/export/", json={}, timeout=60)
    assert answer.status_code == 405
