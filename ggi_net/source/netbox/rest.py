"""Rows by NetBox's REST API: the way that is always there."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ggi_net.source.netbox.tables import Form, custom_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ggi_net.source.netbox.client import NetBox
    from ggi_net.source.netbox.tables import Column, Row, Table

IDS = 250
"""Ids that one request asks for: NetBox's web server takes request lines of 4,094 characters."""

_INTERFACE = "dcim.interface"


class Rest:
    """Reads tables by REST."""

    def __init__(self, client: NetBox) -> None:
        self._client = client

    def page(self, table: Table, start: int, before: int) -> list[Row]:
        """The first rows with `start` <= id < `before`, a thousand at most, by ascending id."""
        found, _ = self._client.page(table.path, start, id__lt=before, fields=_fields(table))
        return rows_of(table, found)

    def some(self, table: Table, ids: Iterable[int]) -> list[Row]:
        """The rows with these ids, at most `IDS` of them; those that NetBox does not have are left out."""
        found, _ = self._client.page(table.path, id=list(ids), fields=_fields(table))
        return rows_of(table, found)


def rows_of(table: Table, objects: list[dict[str, Any]]) -> list[Row]:
    """Rows of objects as REST writes them."""
    readers = [_reader(column) for column in table.columns]
    return [(one["id"], *[read(one) for read in readers]) for one in objects]


def _fields(table: Table) -> str:
    names = ["id"]
    for column in table.columns:
        names += ["assigned_object_type", "assigned_object_id"] if column.form is Form.INTERFACE else [column.name]
    return ",".join(names)


def _reader(column: Column) -> Callable[[dict[str, Any]], Any]:
    name = column.name
    match column.form:
        case Form.PLAIN:
            return itemgetter(name)
        case Form.CHOICE:
            return lambda one: one[name] and one[name]["value"]
        case Form.KEY:
            return lambda one: one[name] and one[name]["id"]
        case Form.CUSTOM:
            return lambda one: custom_values(one[name])
        case Form.INTERFACE:
            return lambda one: one["assigned_object_id"] if one["assigned_object_type"] == _INTERFACE else None
