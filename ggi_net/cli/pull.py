"""`ggi pull`: take what changed in NetBox since the last time, and keep it."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net.cli.console import StrictOption, err, note, out

if TYPE_CHECKING:
    from ggi_net.source.netbox.assemble import Assembled
    from ggi_net.source.netbox.read import Reading

app = typer.Typer()


@app.command()
def pull(
    full: Annotated[bool, typer.Option("--full", help="Read everything, also what has not changed.")] = False,
    way: Annotated[
        str | None,
        typer.Option(
            metavar="plugin|graphql|rest",
            help="Read everything by this way, and by no other.",
            show_default="the fastest that NetBox offers",
        ),
    ] = None,
    strict: StrictOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Take from NetBox what changed since the last pull, and keep it as the snapshot.

    `--estate snapshot` of the other commands then works from it, without NetBox; `--estate netbox` pulls by itself.
    Which NetBox, and with which token, is said by GGI_NETBOX_URL and GGI_NETBOX_TOKEN_FILE (or GGI_NETBOX_TOKEN), or
    by url and token_file in ~/.config/ggi/netbox.yml; GGI_NETBOX_CA (ca) names the authority behind its certificate.
    The snapshot is in $GGI_STATE/snapshots, readable by you alone.

    The first time everything is read: by the toolkit's NetBox plugin where that is installed, else by GraphQL, else by
    REST. Later only what NetBox's change log lists is read again. What was read is one moment's; when NetBox is being
    written to so much that it can't be, the command fails and the snapshot stays as it was.

    What leaves no trace in the change log needs --full: a script that writes with the ORM's bulk methods, SQL, and a
    change of what the token may see.

    A gemeente whose data is broken is left out of the estate, with the reason, and the exit status is still 0; with
    --strict it is 1. Exit status 4: NetBox can't be reached or is too busy; run it again.
    """
    import msgspec

    from ggi_net.errors import NetBoxSettings
    from ggi_net.source.netbox.client import NetBox
    from ggi_net.source.netbox.pull import pull as run
    from ggi_net.source.netbox.pull import put_together
    from ggi_net.source.netbox.read import WAYS
    from ggi_net.source.netbox.settings import load_settings

    if way is not None and way not in WAYS:
        raise NetBoxSettings(f"there is no way '{way}' to read NetBox", hint=f"ways: {', '.join(WAYS)}")
    settings = load_settings()
    with err.status(f"reading {settings.url}") if err.is_terminal else nullcontext():
        pulled = run(NetBox(settings), settings, full=full, way=way)
    assembled = put_together(pulled.reading, settings.url)
    if json:
        out.print(msgspec.json.encode(_plain(pulled.reading, assembled, settings.url)).decode(), markup=False)
    else:
        _show(pulled.reading, assembled)
        out.print(f"snapshot: {pulled.file}", markup=False)
    sys.exit(1 if strict and assembled.problems else 0)


def _show(reading: Reading, assembled: Assembled) -> None:
    for text in reading.notes:
        note(f"note: {text}")
    for slug, problem in assembled.problems.items():
        note(f"{slug} is left out: {problem}")
    for name in reading.tables:
        written, gone = len((reading.changed or {}).get(name, ())), len((reading.deleted or {}).get(name, ()))
        if written or gone:
            words = [f"{count} {what}" for count, what in ((written, "new or changed"), (gone, "deleted")) if count]
            out.print(f"  {name.replace('_', ' ')}: {', '.join(words)}", markup=False)
    estate = assembled.estate
    rows = sum(map(len, reading.tables.values()))
    how = {"plugin": "the plugin", "graphql": "GraphQL", "rest": "REST"}[reading.way]
    if reading.changed is None:
        out.print(f"Read {rows} objects by {how} in {reading.seconds:.2f} s", markup=False)
    else:
        count = sum(map(len, [*reading.changed.values(), *(reading.deleted or {}).values()]))
        out.print(f"Read {count} changed of {rows} objects by {how} in {reading.seconds:.2f} s", markup=False)
    left = f"; {len(assembled.problems)} left out" if assembled.problems else ""
    out.print(
        f"Estate '{estate.name}': {len(estate.gemeenten)} gemeenten, {len(estate.devices)} devices{left}", markup=False
    )


def _plain(reading: Reading, assembled: Assembled, url: str) -> dict[str, object]:
    return {
        "url": url,
        "way": reading.way,
        "full": reading.changed is None,
        "seconds": round(reading.seconds, 3),
        "notes": list(reading.notes),
        "changed": {name: sorted(ids) for name, ids in (reading.changed or {}).items() if ids},
        "deleted": {name: sorted(ids) for name, ids in (reading.deleted or {}).items() if ids},
        "objects": {name: len(rows) for name, rows in reading.tables.items()},
        "gemeenten": len(assembled.estate.gemeenten),
        "left_out": {slug: str(problem) for slug, problem in assembled.problems.items()},
    }
