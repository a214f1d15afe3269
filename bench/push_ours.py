"""The toolkit's own part, in a process of its own: push to many routers, or compare them; what it took, as JSON.

Standard input: {"connections": file, "devices": count, "workers", "what": "push" or "collect", "folder": scratch}.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.push_devices import ADDED, PLATFORM, artifact, names, serial
from ggi_net.push.connections import read_connections
from ggi_net.push.driver import Target, open_right
from ggi_net.push.journal import Journal
from ggi_net.push.run import Policy, Push, push_all
from ggi_net.render.platform import platform
from ggi_net.secrets import Resolver, open_backend


def main():
    """Do it once."""
    job = json.load(sys.stdin)
    connections = read_connections(Path(job["connections"]))
    resolver = Resolver(open_backend(connections.secrets))
    added = ADDED if job["what"] == "push" else ()
    targets = [
        Target(name, serial(name), platform(PLATFORM), (artifact(name, added),), connections.of(name), "bench")
        for name in names(job["devices"])
    ]
    start = time.perf_counter()
    found = {"push": push, "collect": collect}[job["what"]](targets, resolver, job)
    print(json.dumps({"seconds": time.perf_counter() - start, **found}))


def push(targets, resolver, job):
    """The whole protocol for each."""
    journal = Journal(Path(job["folder"]) / "journal", "benchmark")
    pushes = [Push(target, resolver, journal, Policy(watch=0)) for target in targets]
    outcomes = push_all(pushes, workers=job["workers"])
    return {
        "done": sum(outcome.status == "changed" for outcome in outcomes),
        "armed": [outcome.armed for outcome in outcomes],
        "errors": [outcome.error for outcome in outcomes if outcome.error],
    }


def collect(targets, resolver, job):
    """What each runs, from the right device."""

    def one(target):
        session = open_right(target, resolver)
        try:
            return len(session.running())
        finally:
            session.close()

    with ThreadPoolExecutor(job["workers"]) as pool:
        sizes = list(pool.map(one, targets))
    return {"done": sum(size > 1000 for size in sizes)}


main()
