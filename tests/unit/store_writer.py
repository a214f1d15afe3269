"""`python store_writer.py FOLDER WRITER COUNT`: adds so many lines to a store, each with a file of its own."""

import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from store_help import KEYS, NOON, line

from ggi_net.authlog.store.columns import table_of
from ggi_net.authlog.store.store import Store

folder, writer, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
source = f"log-{writer}"
with Store.open(folder, KEYS, threads=1) as store:
    for number in range(count):
        assert store.position(source) == number * 100
        one = line(number, source=source, mac=f"02aabb{writer:02}{number:04}", at=NOON + timedelta(minutes=3 * number))
        store.add(table_of([one]), source, number * 100, number * 100 + 100)
