"""The main job as a story: a gemeente on paper becomes a configured, checked and watched network, in eight steps.

Everything happens in one folder, with simulated devices in this process. Each step is the call of the room that does
the job in earnest; `ggi_net.cli.demo` prints what it returns.
"""

from __future__ import annotations

import fcntl
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ggi_net.check.run import check_folder
from ggi_net.drift.report import write_html, write_json
from ggi_net.drift.result import Report, State
from ggi_net.drift.run import drift_all
from ggi_net.errors import DemoFailed, FileError, Place
from ggi_net.files import read_bytes, write_atomic
from ggi_net.lab.fleet import blueprint, running_fleet
from ggi_net.lab.tamper import tamper
from ggi_net.onboard.apply import apply_plan, plan_spec
from ggi_net.onboard.backend import Files
from ggi_net.onboard.plan import save_plan
from ggi_net.onboard.spec import load_spec
from ggi_net.paths import demo_folder
from ggi_net.push.journal import GOOD, Journal, Status
from ggi_net.push.rollout import COMPARING, Job, Rollout, approve_all
from ggi_net.push.rollout_state import Asked
from ggi_net.push.run import DRIFT, Policy
from ggi_net.push.targets import targets
from ggi_net.render.engine import render_estate
from ggi_net.render.store import read_artifacts
from ggi_net.secrets import Resolver, open_backend
from ggi_net.source.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ggi_net.check.result import Verdict
    from ggi_net.lab.fleet import Fleet
    from ggi_net.model.estate import Estate, Placed
    from ggi_net.onboard.plan import Plan
    from ggi_net.onboard.spec import SpecFile
    from ggi_net.push.driver import Target
    from ggi_net.push.run import Outcome
    from ggi_net.render.engine import Summary

MARK = ".ggi-demo"
"""A file in the demo's folder: only a folder with it is cleared for the next run, and its lock is held during a run."""

MADE = ("estate", "before", "artifacts", "lab", "plan.json", "drift.json", "drift.html")
"""What a run makes and the next run removes; the journal stays."""


@contextmanager
def stage(folder: Path) -> Iterator[None]:
    """An empty folder for one run, locked for its length; what an earlier or killed run left is removed.

    Raises FileError for a folder that holds other things, and when another demo is running in it.
    """
    mark = folder / MARK
    try:
        if not mark.exists():
            if folder.exists() and any(folder.iterdir()):
                raise FileError(
                    "the folder holds other things than a demo's",
                    place=Place(str(folder)),
                    hint="name an empty or new one",
                )
            write_atomic(mark, "Made by `ggi demo`; what the demo makes here is removed when it runs again.\n")
        with mark.open() as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise FileError(
                    "another demo is running here", place=Place(str(folder)), hint="wait for it, or name another --out"
                ) from None
            for name in MADE:
                made = folder / name
                if made.is_dir():
                    shutil.rmtree(made)
                else:
                    made.unlink(missing_ok=True)
            yield
    except (NotADirectoryError, PermissionError) as error:
        raise FileError(
            f"can't be used: {error.strerror}", place=Place(str(folder)), hint="name another --out"
        ) from None


class Demo:
    """One run of the story in `folder`, with the onboarding spec in `spec`."""

    def __init__(self, folder: Path, spec: Path) -> None:
        self.folder = folder
        self.artifacts = folder / "artifacts"
        self.backend = Files(folder / "estate")
        self._spec = spec
        self._before = folder / "before"

    def read_spec(self) -> SpecFile:
        """Step 1: copy the embedded estate, and read the spec; raise SpecError or FileError with line and column."""
        for path in demo_folder().rglob("*.yml"):
            write_atomic(self.backend.folder / path.relative_to(demo_folder()), read_bytes(path), durable=False)
        return load_spec(self._spec)

    def plan(self, spec: SpecFile) -> Plan:
        """Step 2: what it takes; kept in `plan.json`."""
        plan = plan_spec(spec, self.backend)
        save_plan(plan, self.folder / "plan.json")
        return plan

    def apply(self, plan: Plan) -> Estate:
        """Step 3: the estate with the new gemeente; raise DemoFailed when it contradicts itself.

        What the federation's devices ran before is rendered first: they run it when the story goes on.
        """
        old = self.backend.read()
        render_estate(old, old.select(gemeente=[old.federation.slug]), self._before)
        apply_plan(plan, self.backend)
        estate, findings = validate(self.backend.folder)
        if estate is None or findings:
            raise DemoFailed(f"the estate contradicts itself: {findings[0]}")
        return estate

    def devices(self, estate: Estate, gemeente: str) -> list[Placed]:
        """Those that the story is about: the gemeente's and the federation's."""
        return estate.select(gemeente=[gemeente, estate.federation.slug])

    def render(self, estate: Estate, devices: list[Placed], progress: Callable[[], None]) -> Summary:
        """Step 4: their artifacts; raise DemoFailed when one can't be rendered."""
        summary = render_estate(estate, devices, self.artifacts, progress=lambda _: progress())
        if summary.failures:
            raise DemoFailed("\n".join(failure.text for failure in summary.failures))
        return summary

    def check(self, progress: Callable[[], None]) -> list[Verdict]:
        """Step 5: what the daemons say of the artifacts."""
        return check_folder(self.artifacts, progress=lambda _: progress())

    def refuse(self, verdicts: list[Verdict]) -> None:
        """Raise DemoFailed with the daemons' words when an artifact was refused: it must not reach a device."""
        refused = [
            f"{verdict.device}/{verdict.file}: {verdict.validator} says: {finding.message}"
            for verdict in verdicts
            for finding in verdict.findings
        ]
        if refused:
            raise DemoFailed("\n".join(refused))

    def keep(self, report: Report) -> None:
        """Write the drift report as JSON and as a page."""
        write_json(report, self.folder / "drift.json")
        write_html(report, self.folder / "drift.html")

    @contextmanager
    def network(self, devices: list[Placed]) -> Iterator[Network]:
        """Simulated devices: the gemeente's as they come from the factory, the federation's as they ran before."""
        estate = self.backend.read()
        with running_fleet([blueprint(placed) for placed in devices], self.folder / "lab") as fleet:
            network = Network(self, estate, fleet)
            network.push(self._before, check=False)
            yield network


class _Counting:
    """Watches a run, and counts each device once: when it is done."""

    def __init__(self, progress: Callable[[], None]) -> None:
        self._progress = progress
        self._comparing = True

    def begins(self, what: str, devices: Sequence[str]) -> None:
        """The comparison, or a wave."""
        del devices
        self._comparing = what == COMPARING

    def step(self, device: str, step: str) -> None:
        """Not told."""

    def ends(self, outcome: Outcome) -> None:
        """Count it, unless its turn has yet to come."""
        if not self._comparing or outcome.status in GOOD or outcome.status is Status.WOULD_CHANGE:
            self._progress()

    def says(self, text: str) -> None:
        """Not told."""


class Network:
    """The simulated devices of a run, and what is done to them."""

    def __init__(self, demo: Demo, estate: Estate, fleet: Fleet) -> None:
        self._demo = demo
        self._estate = estate
        self._fleet = fleet
        self._resolver = Resolver(open_backend(fleet.connections.secrets))

    def push(self, artifacts: Path, *, check: bool, progress: Callable[[], None] = lambda: None) -> Rollout:
        """Step 6: push a folder of artifacts; with `check` only compare. Raises DemoFailed when a device fails.

        Nothing is watched for a hold time: the neighbors of simulated devices don't notice what is done to them. What
        the journal says of an earlier demo was about devices that are gone.
        """
        asked = Asked(reason="ggi demo", policy=Policy(watch=0, accept=frozenset({DRIFT})))
        rollout = Rollout(
            self._estate, [Job(target) for target in self._targets(artifacts)], self._resolver,
            Journal(self._demo.folder / "journal", asked.reason), asked, approve_all("ggi demo"), _Counting(progress),
            check=check,
        )  # fmt: skip
        rollout.run()
        for outcome in rollout.outcomes:
            if outcome.error:
                raise DemoFailed(f"the push to {outcome.device} failed: {outcome.error}", hint="")
        return rollout

    def _targets(self, artifacts: Path) -> list[Target]:
        return targets(self._estate, read_artifacts(artifacts).values(), self._fleet.connections)

    def tamper(self, device: str) -> str:
        """Step 7: change one device by hand, past the toolkit; return in words what was done."""
        driver = next(plan.driver for plan in self._fleet.blueprints if plan.name == device)
        return tamper(device, driver, self._fleet.connections.of(device))

    def drift(self, progress: Callable[[], None]) -> Report:
        """Step 8: compare every device with its artifacts."""
        return drift_all(
            self._estate, self._targets(self._demo.artifacts), self._resolver, progress=lambda _: progress()
        )


def verify(report: Report, tampered: str, deed: str) -> None:
    """Raise DemoFailed unless the report has exactly one finding: on the device and in the file of the deed."""
    findings = [(device.device, finding) for device in report.devices for finding in device.findings]
    unknown = [f"{device.device}: {device.reason}" for device in report.devices if device.state is State.UNKNOWN]
    if unknown:
        raise DemoFailed("not every device could be compared:\n" + "\n".join(unknown))
    if [name for name, _ in findings] != [tampered]:
        raise DemoFailed(f"drift must find one difference, on {tampered}; it found {len(findings)}")
    if findings[0][1].difference.file not in deed:
        raise DemoFailed(f"drift found a difference in {findings[0][1].difference.file}, but {deed}")
