"""Run in the peers' environment: read tables with pynetbox, its pages by threads; what it took, as JSON.

Standard input: {"url", "token", "tables": {REST path: [fields]}}; only those fields are asked for.
Every record is read to its end, as whoever uses it would.
"""

from __future__ import annotations

import json
import sys
import time

import pynetbox

PAGE = 1000


def main():
    """Read every table once."""
    job = json.load(sys.stdin)
    netbox = pynetbox.api(job["url"], token=job["token"], threading=True)
    counts = {}
    start = time.perf_counter()
    for path, fields in job["tables"].items():
        app, _, name = path.partition("/")
        endpoint = getattr(getattr(netbox, app), name.replace("-", "_"))
        records = endpoint.filter(limit=PAGE, fields=",".join(fields))
        counts[path] = len({record.id for record in records})
    print(json.dumps({"seconds": time.perf_counter() - start, "rows": counts}))


main()
