"""Rows by the export view of our own NetBox plugin: all tables at one moment, ten times as fast as GraphQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ggi_net.errors import NetBoxError, Place
from ggi_net.source.netbox.collector import no_collector
from ggi_net.source.netbox.tables import BY_NAME, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ggi_net.source.netbox.client import NetBox
    from ggi_net.source.netbox.tables import Row, Table, Tables

PLUGIN = "ggi_netbox"
"""What NetBox calls the plugin."""

_PATH = "plugins/ggi/export"
_FORMAT = 1


class Export:
    """Reads tables from the plugin."""

    def __init__(self, client: NetBox) -> None:
        self._client = client

    def fits(self) -> bool:
        """Whether the plugin that is installed there gives the tables and columns that are read here."""
        said = self._client.get(f"{_PATH}/tables")
        offered = {table["table"]: table["columns"] for table in said["tables"]}
        return said["version"] == _FORMAT and all(offered.get(table.name) == list(table.index) for table in TABLES)

    def all(self) -> Tables:
        """Every table, out of one transaction."""
        with no_collector():
            said = self._client.get(_PATH)
            tables = {part["table"]: self._rows(part) for part in said["tables"]}
            return {table.name: {row[0]: row for row in tables[table.name]} for table in TABLES}

    def some(self, table: Table, ids: Iterable[int]) -> list[Row]:
        """The rows with these ids; those that NetBox does not have are left out."""
        return self._rows(self._client.get(_PATH, table=table.name, ids=",".join(map(str, ids))))

    def _rows(self, part: dict[str, Any]) -> list[Row]:
        if part["columns"] != list(BY_NAME[part["table"]].index):
            raise NetBoxError(
                f"the plugin in NetBox gives other columns of '{part['table']}' than this toolkit reads",
                place=Place(f"{self._client.url}/api/{_PATH}/"),
                hint="install the same version of the toolkit in NetBox as here",
            )
        return [tuple(row) for row in part["rows"]]
