"""Rows by GraphQL: flat lists in which a foreign key is no more than its id, half the price of REST."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ggi_net.source.netbox.client import PAGE
from ggi_net.source.netbox.tables import Form, custom_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ggi_net.source.netbox.client import NetBox
    from ggi_net.source.netbox.tables import Column, Row, Table


class GraphQl:
    """Reads tables by GraphQL."""

    def __init__(self, client: NetBox) -> None:
        self._client = client

    def page(self, table: Table, start: int, before: int) -> list[Row]:
        """The first rows with `start` <= id < `before`, a thousand at most, by ascending id."""
        return self._rows(table, f'{{lt: "{before}"}}', start)

    def some(self, table: Table, ids: Iterable[int]) -> list[Row]:
        """The rows with these ids, a thousand at most; those that NetBox does not have are left out."""
        return self._rows(table, f"{{in_list: [{', '.join(map(str, ids))}]}}", 0)

    def _rows(self, table: Table, which: str, start: int) -> list[Row]:
        wanted = " ".join(["id", *(_asked(column) for column in table.columns)])
        query = (
            f"{{{table.graphql}(filters: {{id: {which}}}, pagination: {{start: {start}, limit: {PAGE}}}) {{{wanted}}}}}"
        )
        readers = [_reader(column) for column in table.columns]
        found = self._client.graphql(query)[table.graphql]
        return [(int(one["id"]), *[read(one) for read in readers]) for one in found]


def _asked(column: Column) -> str:
    match column.form:
        case Form.KEY:
            return f"{column.name} {{id}}"
        case Form.INTERFACE:
            return f"{column.name} {{... on InterfaceType {{id}}}}"
    return column.name


def _reader(column: Column) -> Callable[[dict[str, Any]], Any]:
    name = column.name
    match column.form:
        case Form.PLAIN | Form.CHOICE:
            return itemgetter(name)
        case Form.KEY | Form.INTERFACE:
            return lambda one: int(one[name]["id"]) if one[name] else None
        case Form.CUSTOM:
            return lambda one: custom_values(one[name])
