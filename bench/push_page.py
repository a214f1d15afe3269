"""The part of docs/benchmarks.md about pushing and collecting."""

from __future__ import annotations

import platform as python
from typing import TYPE_CHECKING

from bench.measure import machine
from bench.push import SECONDS, WORKERS
from bench.push_devices import ADDED, artifact
from bench.push_peers import ANSIBLE, NETMIKO, NORNIR

if TYPE_CHECKING:
    from bench.push import Figure, Figures

PAGE = """## Push

{machine}; Python {python}, netmiko {netmiko}, nornir {nornir}, Ansible {ansible}.

{devices} simulated IOS-XE routers in a process of their own, each with the {lines:,} lines of a gateway of the demo
estate. Each takes {device_time} s of device time: for the change itself when something is pushed (the first of its
lines), for `show running-config` when it is collected. Everybody has {workers} workers, and adds the same {added}
lines, which afterwards run and are saved on every router.

| what | the toolkit | nornir with netmiko, the same steps | nornir with netmiko, no steps but the change | Ansible |
| --- | --- | --- | --- | --- |
| Pushes per second | {push.rate:.1f} | {nornir_careful.rate:.1f} | {nornir_push.rate:.1f} | {ansible_push.rate:.2f} |
| the toolkit beside it | | {push_careful:.2f} times (wanted: 1) | {push_nornir:.2f} times | \
{push_ansible:.0f} times (wanted: 10) |
| Collections per second | {collect.rate:.1f} | | {nornir_collect.rate:.1f} | {ansible_collect.rate:.2f} |
| the toolkit beside it | | | {collect_nornir:.2f} times (wanted: 1) | {collect_ansible:.0f} times (wanted: 10) |
| CPU per push | {cpu_push} | {cpu_nornir_careful} | {cpu_nornir_push} | {cpu_ansible_push} |
| CPU per collection | {cpu_collect} | | {cpu_nornir_collect} | {cpu_ansible_collect} |
| Memory at the peak of the pushes, per device at work | {memory_push} | {memory_careful} | {memory_nornir} | \
{memory_ansible} |

What a push is differs. The toolkit's is the whole protocol: the host key and the serial number are checked, the device
is locked, what it runs is compared with what was intended, a rollback is armed on the device, the change is made, and
over a new connection the whole configuration is compared again before the change is confirmed and saved. The same steps
with nornir are those of `careful` in `bench/peer_nornir.py`: what an engineer would write, with comparisons of texts
and without the lock and the host key. nornir's own tasks, `netmiko_send_config` and `netmiko_save_config`, only enter
the lines and save. Ansible's `ios_config` reads the running configuration first, enters what is missing, and saves.
The routers have no BGP neighbors, whose hold time a push to a gateway would otherwise watch.

A router was armed for {armed_median:.2f} s (median; at most {armed_most:.2f} s): for so long it would have gone back by
itself had anything failed.

nornir's time is that of `nornir.run`, the toolkit's that of the pushes; both had read their inventories before.
Ansible's is that of `ansible-playbook`, with {fewer} of the routers, over libssh. CPU and memory are those of all
processes of each, without the routers.
"""


def page(figures: Figures) -> str:
    """The part with these figures."""
    ours, nornir, ansible = figures.ours, figures.nornir, figures.ansible
    return PAGE.format(
        machine=machine(),
        python=python.python_version(),
        netmiko=NETMIKO,
        nornir=NORNIR,
        ansible=ANSIBLE,
        devices=ours["push"].devices,
        fewer=ansible["push"].devices,
        lines=artifact("x").text.count("\n"),
        device_time=SECONDS,
        workers=WORKERS,
        added=len(ADDED),
        push=ours["push"],
        collect=ours["collect"],
        nornir_push=nornir["push"],
        nornir_careful=nornir["careful"],
        nornir_collect=nornir["collect"],
        ansible_push=ansible["push"],
        ansible_collect=ansible["collect"],
        push_nornir=ours["push"].rate / nornir["push"].rate,
        push_careful=ours["push"].rate / nornir["careful"].rate,
        push_ansible=ours["push"].rate / ansible["push"].rate,
        collect_nornir=ours["collect"].rate / nornir["collect"].rate,
        collect_ansible=ours["collect"].rate / ansible["collect"].rate,
        cpu_push=_cpu(ours["push"]),
        cpu_collect=_cpu(ours["collect"]),
        cpu_nornir_push=_cpu(nornir["push"]),
        cpu_nornir_careful=_cpu(nornir["careful"]),
        cpu_nornir_collect=_cpu(nornir["collect"]),
        cpu_ansible_push=_cpu(ansible["push"]),
        cpu_ansible_collect=_cpu(ansible["collect"]),
        memory_push=_memory(ours["push"]),
        memory_nornir=_memory(nornir["push"]),
        memory_careful=_memory(nornir["careful"]),
        memory_ansible=_memory(ansible["push"]),
        armed_median=figures.armed_median,
        armed_most=max(figures.armed),
    )


def _cpu(figure: Figure) -> str:
    return f"{figure.cpu / figure.devices * 1000:.0f} ms"


def _memory(figure: Figure) -> str:
    return f"{figure.memory / WORKERS:.1f} MiB"
