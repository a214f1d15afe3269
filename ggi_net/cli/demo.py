"""`ggi demo`: the main job on the embedded estate, told as it happens."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from ggi_net import paths
from ggi_net.cli.console import err, out
from ggi_net.push.journal import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ggi_net.demo import Demo, Network
    from ggi_net.model.estate import Estate, Placed
    from ggi_net.onboard.plan import Plan
    from ggi_net.onboard.spec import SpecFile

app = typer.Typer()

STEPS = 8
PLAN_LINES = 16
DIFF_LINES = 16
MAIN_FILES = ("frr.conf", "running.cfg", "radiusd.conf", "radsecproxy.conf")
WORDS = {"ok": "accepted", "refused": "refused"}


@app.command()
def demo(
    folder: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for what the demo makes; it is cleared first.")
    ] = Path("build/demo"),
    spec: Annotated[
        Path, typer.Option(help="An onboarding spec of your own.", show_default="that of Hengelo")
    ] = paths.specs_folder() / "hengelo.yml",  # noqa: B008  a constant of the installation
) -> None:
    """Onboard a gemeente, from its spec to a drift report, on simulated devices.

    Eight steps: the spec is validated; a plan is made; it is applied to a copy of the embedded estate; every device of
    the gemeente and of the federation is rendered; the real daemons that are installed check the artifacts; they are
    pushed to simulated devices that speak SSH on loopback; somebody changes one of these by hand; a drift run finds
    exactly that.

    DIR then holds the estate, the plan, the artifacts, the journal of the pushes, and the drift report as HTML and
    JSON. Nothing outside DIR is touched, no root and no network is needed. It can be stopped and run again.

    Exit status: 0 all went as told; 1 something did not.
    """
    from ggi_net.demo import Demo, stage

    started = time.monotonic()
    with stage(folder):
        run = Demo(folder, spec)
        found = _spec(run)
        plan = _plan(run, found)
        estate = _apply(run, plan)
        devices = _render(run, estate, plan.gemeente)
        _check(run, devices)
        with run.network(devices) as network:
            _push(run, network, devices)
            device, deed = _tamper(network, plan)
            _drift(run, network, devices, device, deed)
    out.print(f"\n[bold green]Done[/] in {time.monotonic() - started:.0f} seconds. To look at:", style="bold")
    for name, what in (
        ("plan.json", "the plan; `ggi onboard plan` shows it in words"),
        ("artifacts/", "a folder per device: what it has to run"),
        ("drift.html", "the drift report, for a browser"),
        ("journal/", "who pushed what, when, and how it ended"),
        ("estate/", "the estate, with the new gemeente"),
    ):
        out.print(f"  {folder / name}  [dim]{what}[/]")


def _step(number: int, title: str) -> None:
    out.print(f"\n[bold cyan]{number}/{STEPS}[/]  [bold]{title}[/]")


def _say(text: str, style: str = "") -> None:
    """A line of the story; `text` may hold foreign strings, so it is never markup."""
    out.print(Text("     " + text, style=style))


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on standard error while something is done `total` times; nothing where that is no terminal."""
    from rich.progress import Progress

    # Without a refresh thread: rendering forks this process.
    with Progress(console=err, transient=True, auto_refresh=False, disable=not err.is_terminal) as bar:
        task = bar.add_task(f"     {what}", total=total)

        def advance() -> None:
            bar.advance(task)
            bar.refresh()

        advance()
        yield advance


def _spec(run: Demo) -> SpecFile:
    _step(1, "The spec of a new gemeente")
    found = run.read_spec()
    spec = found.spec
    gateways = sum(len(site.gateways) for site in spec.sites)
    servers = sum(site.radius_servers for site in spec.sites)
    _say(f"{found.path} is valid: {spec.name} ({spec.code}) in {spec.province}")
    _say(
        f"sites: {len(spec.sites)}, gateways: {gateways}, RADIUS servers: {servers}, local options: {len(spec.options)}"
    )
    return found


def _plan(run: Demo, found: SpecFile) -> Plan:
    from ggi_net.onboard.show import plan_lines, summary

    _step(2, "The plan: what an apply would change")
    plan = run.plan(found)
    lines = list(plan_lines(plan))
    for line in lines[1:PLAN_LINES]:
        out.print(Text("     ").append_text(line))
    _say(f"... {len(lines) - PLAN_LINES} more lines: ggi onboard plan {found.path}", "dim")
    _say(f"{summary(plan)}; nothing has been changed yet", "bold")
    return plan


def _apply(run: Demo, plan: Plan) -> Estate:
    _step(3, "Applied to a copy of the embedded estate")
    estate = run.apply(plan)
    _say(f"{run.backend.folder} now has {len(estate.gemeenten)} gemeenten and {len(estate.devices)} devices")
    _say("every rule that compares files holds: no overlap, no number twice, no peer missing")
    return estate


def _render(run: Demo, estate: Estate, gemeente: str) -> list[Placed]:
    _step(4, "The artifacts of every device of the gemeente and of the federation")
    devices = run.devices(estate, gemeente)
    with _progress("rendering", len(devices)) as advance:
        summary = run.render(estate, devices, advance)
    table = Table.grid(padding=(0, 2))
    for placed in devices:
        files = [path.name for path in (run.artifacts / placed.device.name).iterdir()]
        main = next((name for name in MAIN_FILES if name in files), files[0])
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        table.add_row("   ", placed.device.name, placed.device.platform, Text(main + more, style="dim"))
    out.print(table)
    _say(f"{summary.written} files in {run.artifacts}; passwords and keys in them are references", "bold")
    return devices


def _check(run: Demo, devices: list[Placed]) -> None:
    _step(5, "Do the daemons that will run them accept them?")
    with _progress("checking", len(devices)) as advance:
        verdicts = run.check(advance)
    counts = Counter((verdict.validator, verdict.status.value) for verdict in verdicts if not verdict.reason)
    for (validator, status), count in sorted(counts.items()):
        _say(f"{validator}: {count} {WORDS[status]}", "green" if status == "ok" else "red")
    for reason, count in sorted(Counter(v.reason for v in verdicts if v.reason).items()):
        _say(f"{count} skipped: {reason}", "yellow")
    run.refuse(verdicts)


def _push(run: Demo, network: Network, devices: list[Placed]) -> None:
    _step(6, "Pushed to simulated devices, over SSH on loopback")
    with _progress("comparing", len(devices)) as advance:
        before = network.push(run.artifacts, check=True, progress=advance)
    for outcome in before.outcomes:
        added, removed = _size(outcome.diff)
        _say(f"{outcome.device}: {outcome.status}, +{added} -{removed} lines")
    shown = min((o for o in before.outcomes if o.diff), key=lambda o: len(o.diff))
    _say("")
    _say(f"the diff of {shown.device}:", "bold")
    _diff(shown.diff)
    with _progress("pushing", len(devices)) as advance:
        pushed = network.push(run.artifacts, check=False, progress=advance)
    for wave, names in pushed.state.waves.items():
        _say(f"wave {wave}: {', '.join(names)}")
    changed = sum(outcome.status is Status.CHANGED for outcome in pushed.outcomes)
    _say(f"{changed} devices changed, each verified over new connections before it was confirmed", "bold")


def _size(diff: str) -> tuple[int, int]:
    lines = [line for line in diff.splitlines() if not line.startswith(("+++", "---"))]
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)


def _diff(diff: str) -> None:
    lines = diff.splitlines()
    for line in lines[:DIFF_LINES]:
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "dim")
        _say("  " + line, style)
    if len(lines) > DIFF_LINES:
        _say(f"  ... {len(lines) - DIFF_LINES} more lines", "dim")


def _tamper(network: Network, plan: Plan) -> tuple[str, str]:
    _step(7, "Somebody changes a device behind the toolkit's back")
    device = plan.result.devices[0].name
    deed = network.tamper(device)
    _say(deed, "red")
    return device, deed


def _drift(run: Demo, network: Network, devices: list[Placed], device: str, deed: str) -> None:
    from ggi_net.cli.drift import report_lines
    from ggi_net.demo import verify

    _step(8, "A drift run: what the devices run, against what they should")
    with _progress("comparing", len(devices)) as advance:
        report = network.drift(advance)
    run.keep(report)
    for line in report_lines(report):
        out.print(Text("     ").append_text(line))
    verify(report, device, deed)
    _say("exactly what was done, and nothing else", "bold green")
