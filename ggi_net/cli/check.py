"""`ggi check`: let the real daemons check rendered artifacts."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net.cli.console import err, open_estate, out
from ggi_net.paths import shown

if TYPE_CHECKING:
    from ggi_net.check.result import Verdict

app = typer.Typer()


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `ggi render` made.")],
    device: Annotated[list[str], typer.Option("--device", "-d", help="Only this device; may be repeated.")] = [],  # noqa: B006
    estate: Annotated[
        Path | None,
        typer.Option(
            "--estate",
            "--source",
            "-e",
            help="The estate it was rendered from: adds the template line to each finding.",
            metavar="DIR|netbox|snapshot",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON list with a verdict for every artifact.")] = False,
) -> None:
    """Let each artifact be checked by the daemon that will run it.

    vtysh -C, nft -c, a private charon, freeradius -XC, radsecproxy -p, sshd -t, chronyd -p, rsyslogd -N1, hostapd and
    others; for IOS-XE, Junos and EOS, which have no daemon here, the structure is checked. All run in a scratch place
    as nobody, without a network, with secret references as they are and throw-away certificates. A daemon that is not
    installed is skipped, with the Debian package that has it.

    Exit status: 0 nothing was refused; 1 something was.
    """
    import msgspec
    from rich.progress import Progress

    from ggi_net.check.result import Status
    from ggi_net.check.run import check_folder, with_templates
    from ggi_net.render.store import read_manifest

    loaded = open_estate(estate) if estate is not None else None
    total = len(device) or len(read_manifest(folder).devices)
    with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("checking", total=total)
        verdicts = check_folder(folder, device, progress=lambda _: bar.advance(task))
    if loaded is not None:
        verdicts = list(with_templates(verdicts, loaded, folder))
    if json:
        out.print(msgspec.json.encode(verdicts).decode(), markup=False)
    else:
        show(verdicts)
    sys.exit(1 if any(verdict.status is Status.REFUSED for verdict in verdicts) else 0)


def show(verdicts: list[Verdict]) -> None:
    """Print refusals in full, what was skipped once per reason, and the counts."""
    counts = Counter(verdict.status.value for verdict in verdicts)
    for verdict in verdicts:
        for finding in verdict.findings:
            place = f"{verdict.device}/{verdict.file}" + (f":{finding.line}" if finding.line else "")
            out.print(f"{place}: {verdict.validator} says: {finding.message}", markup=False)
            if finding.template:
                out.print(f"  from {shown(finding.template)}", markup=False)
    skipped = Counter((verdict.file, verdict.reason) for verdict in verdicts if verdict.reason)
    for (file, reason), count in sorted(skipped.items()):
        out.print(f"skipped {file} ({count}): {reason}", markup=False)
    out.print(f"{counts['ok']} accepted, {counts['refused']} refused, {counts['skipped']} skipped", markup=False)
