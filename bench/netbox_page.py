"""The part of docs/benchmarks.md about reading NetBox."""

from __future__ import annotations

import platform as python
from typing import TYPE_CHECKING

from bench.measure import machine
from bench.netbox_peers import ANSIBLE, PYNETBOX
from bench.netbox_read import CHANGES, ROUNDS
from ggi_net.lab.netbox_shared import NETBOX

if TYPE_CHECKING:
    from bench.netbox_peers import Peer
    from bench.netbox_read import Figures

PAGE = """## NetBox

{machine}; Python {python}, NetBox {netbox} with three gunicorn workers on the same machine, pynetbox {pynetbox},
Ansible {ansible}.

A part of the synthetic national estate: {devices:,} devices, {interfaces:,} interfaces, {addresses:,} addresses,
{prefixes:,} prefixes, {all_rows:,} rows in all. Figures are medians of {rounds} runs, which took turns; that of
nb_inventory is of one run.

| what | measured | wanted |
| --- | --- | --- |
| Reading all of it from a stock NetBox ({way}) | {stock:.1f} s, {rate:,.0f} rows/s | |
| The same requests in bare threads | {bare:.1f} s: the toolkit takes {over_bare:.2f} times as long | at most 1.3 |
| pynetbox, threads, only the fields that the toolkit reads | {pynetbox_read} | |
| nb_inventory, a tenth of the gemeenten | {nb_inventory_read} | |
| pynetbox beside the toolkit on a stock NetBox | {stock_faster:.1f} times as long | at least 2 |
| Reading all of it through the toolkit's plugin | {plugin:.2f} s, {plugin_rate:,.0f} rows/s | |
| pynetbox beside that | {plugin_faster:.0f} times as long | at least 15 |
| Reading what changed, {changes} objects, stock NetBox | {since:.3f} s, {since_part:.1f} % of reading all | under 2 % |
| The same through the plugin | {since_plugin:.3f} s | |
| Putting the estate together from the rows | {estate:.2f} s | |
| `ansible-inventory --list` from the snapshot, all devices | {inventory:.1f} s | |
| The same by nb_inventory from its own cache, {hosts:,} devices | {cached_said} | at least 5 |

All have the same superuser's token and ask for 1,000 rows at a time. The bare threads, {requests_threads} of them,
ask exactly the {requests} GraphQL queries that the toolkit asks, and only decode the answers. pynetbox reads the same
tables as the toolkit, and only the fields that the toolkit reads, by NetBox's `fields` parameter: whole records, as
its documentation shows, take it six times as long. nb_inventory reads devices, interfaces and addresses with every
extra off, so no links, VLANs and prefixes, and of every tenth gemeente only: all of them took it more than an hour
and 11 GiB before it was stopped. Only the plugin's own work counts, not the start of Ansible; it fills its cache, a
jsonfile on the same disk, which the list is then made from. The changes are made by REST: {changes} descriptions of
interfaces, devices and VLANs.
"""


def page(figures: Figures) -> str:
    """The part with these figures."""
    total = sum(figures.rows.values())
    return PAGE.format(
        machine=machine(),
        python=python.python_version(),
        netbox=NETBOX,
        pynetbox=PYNETBOX,
        ansible=ANSIBLE,
        devices=figures.rows["devices"],
        interfaces=figures.rows["interfaces"],
        addresses=figures.rows["addresses"],
        prefixes=figures.rows["prefixes"],
        all_rows=total,
        rounds=ROUNDS,
        way=figures.way,
        stock=figures.stock,
        rate=total / figures.stock,
        requests=figures.requests,
        requests_threads=figures.threads,
        bare=figures.bare,
        over_bare=figures.stock / figures.bare,
        pynetbox_read=_said(figures.pynetbox),
        nb_inventory_read=_said(figures.nb_inventory),
        stock_faster=figures.pynetbox.seconds / figures.stock,
        plugin=figures.plugin,
        plugin_rate=total / figures.plugin,
        plugin_faster=figures.pynetbox.seconds / figures.plugin,
        changes=CHANGES,
        since=figures.since,
        since_part=100 * figures.since / figures.stock,
        since_plugin=figures.since_plugin,
        estate=figures.estate,
        inventory=figures.inventory,
        hosts=figures.nb_inventory.rows["hosts"],
        cached_said=_cached(figures),
    )


def _cached(figures: Figures) -> str:
    """How long nb_inventory's list takes, beside the toolkit's of all devices, and by device."""
    ratio = figures.nb_inventory_cached / figures.inventory
    by_device = ratio * figures.rows["devices"] / figures.nb_inventory.rows["hosts"]
    return f"{figures.nb_inventory_cached:.1f} s: {ratio:.1f} times as long, {by_device:.0f} times by device"


def _said(peer: Peer) -> str:
    """Its seconds, and how many objects it fetched in them."""
    return f"{peer.seconds:.0f} s for {sum(peer.rows.values()):,} objects"
