"""The tables that a NetBox would give after holding wanted objects: what REST stores, without a NetBox."""

from ggi_net.onboard.netbox.objects import Ref, objects_of, ref
from ggi_net.source.netbox.tables import BY_NAME, TABLES, Form

TABLE_OF = {
    "tenant_group": "tenant_groups",
    "tenant": "tenants",
    "region": "regions",
    "role": "roles",
    "vrf": "vrfs",
    "asn": "asns",
    "site": "sites",
    "vlan": "vlans",
    "prefix": "prefixes",
    "device_role": "device_roles",
    "platform": "platforms",
    "device": "devices",
    "interface": "interfaces",
    "address": "addresses",
    "provider": "providers",
    "provider_network": "provider_networks",
    "circuit_type": "circuit_types",
    "circuit": "circuits",
    "termination": "terminations",
}


def held(estate):
    """The tables after `estate` was loaded; objects of the contract are made when they are first referred to."""
    numbers: dict[Ref, int] = {}
    stored: dict[Ref, dict] = {}

    def number(one):
        if one not in numbers:
            numbers[one] = len(numbers) + 1
        return numbers[one]

    def plain(value):
        if isinstance(value, Ref):
            return number(value)
        if isinstance(value, dict):
            return {name: plain(inner) for name, inner in value.items()}
        return value

    for group in ("gemeenten", "federation"):
        stored[ref("tenant_group", group)] = {"slug": group}
        number(ref("tenant_group", group))
    wanted = [one for organisation in estate.organisations() for one in objects_of(organisation, estate)]
    for one in wanted:
        number(one.ref)
        custom = {}
        for part in (one.initial, one.fields, one.late):
            custom |= part.get("custom_fields", {})
        fields = {**one.initial, **one.fields, **one.late, "custom_fields": custom}
        if one.ref in stored:
            continue
        stored[one.ref] = plain(fields)
    for one in list(numbers):
        stored.setdefault(one, {"slug": one.key[-1], "name": one.key[-1]})
    tables = {table.name: {} for table in TABLES}
    for one, fields in sorted(stored.items(), key=lambda item: numbers[item[0]]):
        name = TABLE_OF.get(one.kind)
        if name is not None:
            tables[name][numbers[one]] = _row(BY_NAME[name], numbers[one], fields)
    return tables


def _row(table, number, fields):
    row = [number]
    for column in table.columns:
        if column.form is Form.INTERFACE:
            row.append(fields.get("assigned_object_id"))
        elif column.form is Form.CUSTOM:
            row.append({k: v for k, v in fields["custom_fields"].items() if v is not None and k.startswith("ggi_")})
        else:
            empty = None if column.form is Form.KEY or column.name == "mtu" else ""
            row.append(fields.get(column.name, empty))
    return tuple(row)
