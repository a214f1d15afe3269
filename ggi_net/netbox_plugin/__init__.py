"""What NetBox itself loads: a read-only view that gives the toolkit all that it reads, fast and from one moment.

Everything here, and `ggi_net.source.netbox.tables` which it shares with the reader, imports NetBox and the standard
library only, so that the package goes into NetBox's own Python without the toolkit's dependencies:

    pip install --no-deps ggi-net            # in NetBox's venv; Python >= 3.12, NetBox >= 4.5
    PLUGINS = ["ggi_netbox"]                 # in configuration.py; then restart NetBox

It has no models, so there is nothing to migrate, and no settings. docs/netbox-plugin.md is the operator's page.

`GET /api/plugins/ggi/export/tables/`
    `{"version": 1, "plugin": "0.1.0", "tables": [{"table": "devices", "columns": ["id", "name", ...]}, ...]}`

`GET /api/plugins/ggi/export/`
    All tables out of one transaction, which sees the database at one moment (REPEATABLE READ), so that what is read
    is consistent by itself: `{"version": 1, "position": 812, "tables": [{"table": ..., "columns": [...], "rows":
    [[1, "nl-pe1", ...], ...]}, ...]}`. It is streamed; NetBox holds some hundreds of rows at a time.

`GET /api/plugins/ggi/export/?table=devices[&start=<id>][&limit=<n>][&ids=1,2,3]`
    One table: `{"version": 1, "position": 812, "table": "devices", "columns": [...], "rows": [...], "next": null}`.
    `next` is the `start` of the next page: null when the last row has been given, always so without `limit`.

Rows come by ascending id, in the columns of `ggi_net.source.netbox.tables`. `position` is the id of the newest entry
of the change log that this read includes, 0 when it is empty. NetBox numbers a change when it is made and shows it when
its transaction ends: an entry that shows up later may have a lower id than `position`, so whoever asks for the changes
since a read asks for those shortly before it too.

A user sees the objects that NetBox's REST API would show: object permissions and their constraints hold. Without any
permission to view a table's objects the answer is 403, naming the permission; a table, parameter or value that can't be
is a 400 that says so. In a branch (`X-NetBox-Branch`) the rows are the branch's.
"""

from __future__ import annotations

from netbox.plugins import PluginConfig

from ggi_net import __version__


class GgiConfig(PluginConfig):
    """The toolkit's plugin, as NetBox registers it."""

    name = "ggi_netbox"
    verbose_name = "GGI toolkit"
    description = "Gives the GGI toolkit what it reads of NetBox, fast and from one moment"
    version = __version__
    base_url = "ggi"
    min_version = "4.5.0"


config = GgiConfig
