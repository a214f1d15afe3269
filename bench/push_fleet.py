"""Simulated IOS-XE routers in a process of their own, the same for everybody who is measured: each starts with a whole
configuration, and takes its time for one command.

Standard input: one line of JSON, a Job. The path of the connections file is printed once all answer. When standard
input ends, so do the routers; then a line says how many of them run the lines that were to be added, and have saved
them, and how many seconds of CPU they took.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import msgspec

from bench.push_devices import FILE, PLATFORM, artifact, blueprints
from ggi_net.config.ruleset import load_rules
from ggi_net.config.statement import Reader
from ggi_net.config.tree import Node
from ggi_net.lab.fleet import Fleet
from ggi_net.lab.misbehave import Does, Fault
from ggi_net.push.commands import commands
from ggi_net.secrets import Resolver, open_backend


class Job(msgspec.Struct):
    """`slow`: what a command looks like that takes `seconds`. `added`: the lines that somebody is going to add."""

    folder: str
    devices: int
    slow: str
    seconds: float
    added: list[str]


async def main(job):
    """Start, wait for the end of standard input, count, stop."""
    fleet = Fleet(blueprints(job.devices), Path(job.folder))
    await fleet.start()
    resolver = Resolver(open_backend(fleet.connections.secrets))
    first, *others = fleet.devices.values()
    fill(first, resolver.resolve(artifact(first.name).text))
    for device in others:
        device.running = copied(first.running, f"hostname {first.name}", f"hostname {device.name}")
    for device in fleet.devices.values():
        device.session(single=True).enter("write memory")
        device.wrong.faults.append(Fault(Does.WAIT, job.slow, times=0, seconds=job.seconds))
    print(fleet.connections_file, flush=True)
    started = time.process_time()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    used = time.process_time() - started
    done = sum(has(device, job.added) for device in fleet.devices.values())
    await fleet.stop()
    print(json.dumps({"done": done, "cpu": used}), flush=True)


def fill(device, text):
    """Let a router run a whole configuration: what a push to a new one enters."""
    rules = load_rules(PLATFORM).of(FILE)
    reader = Reader(rules, b"bench")
    wanted = reader.intended(text, FILE)
    session = device.session(single=True)
    session.enter("configure terminal")
    for line in commands(wanted, reader.running(device.show_running(), FILE, wanted), rules):
        said = session.enter(line)
        if "% Invalid" in said:
            raise SystemExit(f"bench: '{line}': {said}")
    session.enter("end")
    left = commands(wanted, reader.running(device.show_running(), FILE, wanted), rules)
    if left:
        raise SystemExit(f"bench: {len(left)} lines still differ, the first: {left[0]}")


def copied(node, old, new):
    """A copy of a configuration, in which one line reads otherwise."""
    return Node(
        new if node.text == old else node.text,
        children=[copied(child, old, new) for child in node.children],
        block=node.block,
    )


def has(device, added):
    """Whether a router runs the lines, and would after a restart."""
    session = device.session(single=True)
    texts = [session.enter(command).splitlines() for command in ("show running-config", "show startup-config")]
    return all(line in text for text in texts for line in added)


if __name__ == "__main__":
    asyncio.run(main(msgspec.json.decode(sys.stdin.readline(), type=Job)))
