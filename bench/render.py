"""Rendering a national estate: the whole against the bare template calls, all cores, memory, Ansible's `template`."""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench import ansible_template
from bench.measure import Cost, cost, note, peak_memory
from ggi_net.render.device import applies, view_of
from ggi_net.render.engine import prepare, render_estate
from ggi_net.render.environment import environment
from ggi_net.render.platform import platform
from ggi_net.render.pool import cores, fork_each
from ggi_net.source.files import load_estate

if TYPE_CHECKING:
    from collections import Counter

    from ggi_net.model.estate import Estate, Placed

GGI = str(Path(sys.executable).parent / "ggi")
_ANSIBLE_DEVICES = 200
_VIEWS_AT_ONCE = 100
PART = 600


class Figures(NamedTuple):
    """What one run measured; seconds unless the name says otherwise."""

    devices: Counter[str]
    bytes: int
    load: float
    bare: Cost
    whole: Cost
    again: Cost
    one_worker: Cost
    part: Cost
    ansible: Cost
    ansible_devices: int
    same_devices: Cost
    help: float
    memory_mib: float


def measure(folder: Path) -> Figures:
    """Generate a national estate below `folder` and measure everything in this one run."""
    source = folder / "estate"
    subprocess.run([GGI, "estate", "generate", "--out", str(source)], check=True, stdout=subprocess.DEVNULL)
    load = Cost()
    with cost(load):
        estate = load_estate(source)
    devices = estate.select()
    prepare(estate, devices)
    out = folder / "out"
    note("bare template calls on prepared views")
    bare = bare_calls(estate, devices)
    note("the whole: views, rendering, writing")
    whole, again, one, part, same, playbook = (Cost() for _ in range(6))
    with cost(whole):
        summary = render_estate(estate, devices, out)
    if summary.failures:
        raise SystemExit(f"bench: {summary.failures[0].text}")
    note("again, with nothing to write")
    with cost(again):
        render_estate(estate, devices, out)
    note(f"{PART} devices with two workers and with one")
    some = devices[-PART:]
    with cost(part):
        render_estate(estate, some, folder / "part")
    with cost(one):
        render_estate(estate, some, folder / "one", workers=1)
    note(f"{_ANSIBLE_DEVICES} devices by Ansible's template module")
    sample = devices[-1 :: -(len(devices) // _ANSIBLE_DEVICES)][:_ANSIBLE_DEVICES]
    playbook = ansible_template.run(estate, sample, folder / "ansible")
    with cost(same):
        render_estate(estate, sample, folder / "same")
    note("ggi --help, and the memory of ggi render")
    memory = peak_memory([GGI, "render", "--estate", str(source), "--out", str(folder / "memory")])
    return Figures(
        devices=summary.platforms,
        bytes=sum(path.stat().st_size for path in out.rglob("*") if path.is_file()),
        load=load.cpu,
        bare=bare,
        whole=whole,
        again=again,
        one_worker=one,
        part=part,
        ansible=playbook,
        ansible_devices=len(sample),
        same_devices=same,
        help=statistics.median(run_time([GGI, "--help"]) for _ in range(11)),
        memory_mib=memory,
    )


def bare_calls(estate: Estate, devices: list[Placed]) -> Cost:
    """What `template.render()` alone costs on views that are there already, on as many processors at once as the whole.

    At once, because two processes that share a processor's caches and units each need more of its time than one.
    """
    parts = [devices[start : start + _VIEWS_AT_ONCE] for start in range(0, len(devices), _VIEWS_AT_ONCE)]
    work = partial(_bare_part, estate)
    spent = [seconds for _, seconds in fork_each(work, [[part] for part in parts], cores())]
    return Cost(cpu=sum(seconds for seconds in spent if isinstance(seconds, float)))


def _bare_part(estate: Estate, devices: list[Placed]) -> float:
    jinja = environment()
    calls = []
    for placed in devices:
        view = view_of(estate, placed)
        kinds = platform(placed.device.platform).artifacts
        calls += [(jinja.get_template(kind.template), view) for kind in kinds if applies(kind, view)]
    gc.collect()
    start = time.process_time()
    for template, view in calls:
        template.render(device=view)
    return time.process_time() - start


def run_time(command: list[str], cwd: Path | None = None) -> float:
    """Wall seconds of one run, in the folder `cwd`."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=cwd)
    return time.perf_counter() - start


def in_scratch() -> Figures:
    """`measure` in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="ggi-bench-") as name:
        return measure(Path(name))
