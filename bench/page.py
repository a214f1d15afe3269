"""The part of docs/benchmarks.md about rendering."""

from __future__ import annotations

import platform as python
from typing import TYPE_CHECKING

import ansible.release
import jinja2

from bench.measure import machine
from bench.render import PART

if TYPE_CHECKING:
    from bench.render import Figures

PAGE = """## Rendering

{machine}; Python {python}, Jinja {jinja}, Ansible {ansible}.

The estate is the synthetic national one (`ggi estate generate`): {total:,} devices ({platforms}), {mib:.0f} MiB of
artifacts.

| what | measured | wanted |
| --- | --- | --- |
| Rendering it, views and writing included | {whole_cpu:.1f} s of CPU | |
| The bare `template.render()` calls on prepared views | {bare_cpu:.1f} s of CPU | |
| Ratio of the two | {ratio:.2f} | at most 1.5 |
| Time on the clock | {whole_wall:.1f} s, {rate:.0f} devices/s | |
| Processors kept busy | {busy:.2f} of {cores} | all |
| {part_devices:,} devices: one worker, all | {one_wall:.1f} s, {part_wall:.1f} s: {speedup:.2f} times faster | |
| Rendering it again, nothing changed | {again_wall:.1f} s, {again_rate:.0f} devices/s | |
| Loading it from its files | {load:.2f} s of CPU, 1/{load_ratio:.0f} of rendering | under 1/10 |
| Memory of `ggi render`, all processes, at its peak | {memory:.0f} MiB | under 1 GiB |
| `ggi --help` | {help:.0f} ms | under 200 ms |
| {ansible_devices} of them by Ansible's `template` module | {ansible_wall:.1f} s, {ansible_rate:.1f} devices/s | |
| The same devices by `ggi render` | {same_wall:.2f} s, {same_rate:.0f} devices/s: {faster:.0f} times faster | |

How Ansible was measured (`bench/ansible_template.py`): the same templates, the views computed beforehand and given as
host variables, local connections with pipelining, no facts, as many forks as cores, and only the largest artifact of
each device, where `ggi render` computes the views and makes all artifacts. Only the run of `ansible-playbook` counts.
"""


def page(figures: Figures) -> str:
    """The part with these figures."""
    total = figures.devices.total()
    return PAGE.format(
        machine=machine(),
        python=python.python_version(),
        jinja=jinja2.__version__,
        ansible=ansible.release.__version__,
        total=total,
        platforms=", ".join(f"{count:,} {name}" for name, count in sorted(figures.devices.items())),
        mib=figures.bytes / 2**20,
        whole_cpu=figures.whole.cpu,
        bare_cpu=figures.bare.cpu,
        ratio=figures.whole.cpu / figures.bare.cpu,
        whole_wall=figures.whole.wall,
        rate=total / figures.whole.wall,
        busy=figures.whole.cpu / figures.whole.wall,
        cores=machine().split()[0],
        part_devices=PART,
        one_wall=figures.one_worker.wall,
        part_wall=figures.part.wall,
        speedup=figures.one_worker.wall / figures.part.wall,
        again_wall=figures.again.wall,
        again_rate=total / figures.again.wall,
        load=figures.load,
        load_ratio=figures.whole.cpu / figures.load,
        memory=figures.memory_mib,
        help=figures.help * 1000,
        ansible_devices=figures.ansible_devices,
        ansible_wall=figures.ansible.wall,
        ansible_rate=figures.ansible_devices / figures.ansible.wall,
        same_wall=figures.same_devices.wall,
        same_rate=figures.ansible_devices / figures.same_devices.wall,
        faster=figures.ansible.wall / figures.same_devices.wall,
    )
