"""Pushes to one device of a twin from its management host, with a short rollback; prints the outcome as JSON.

Run on `noc`: ESTATE ARTIFACTS CONNECTIONS JOURNAL DEVICE ROLLBACK-SECONDS WATCH-SECONDS.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from ggi_net.push.artifacts import read_current
from ggi_net.push.connections import read_connections
from ggi_net.push.journal import Journal
from ggi_net.push.run import Policy, Push
from ggi_net.push.targets import targets
from ggi_net.secrets import Resolver, open_backend
from ggi_net.source.files import load_estate


def main(estate: str, artifacts: str, connections: str, journal: str, device: str, rollback: str, watch: str) -> None:
    found = load_estate(Path(estate))
    known = read_connections(Path(connections))
    [target] = targets(found, read_current(Path(artifacts), found, [device]).values(), known)
    policy = Policy(rollback=int(rollback), verify=20.0, watch=float(watch), grace=60.0)
    resolver = Resolver(open_backend(known.secrets, None))
    outcome = Push(target, resolver, Journal(Path(journal), "test"), policy).run()
    sys.stdout.write(msgspec.json.encode(outcome).decode())


main(*sys.argv[1:])
