"""What many threads do at once for the first time, in a process of its own: a crash would take ours along."""

import subprocess
import sys

SCRIPT = """
import sys, threading
from pathlib import Path
from ggi_net.source.yamlfile import convert

PATH = Path("x")
sys.setswitchinterval(1e-6)
for number in range(150):
    part = "(msgspec.Struct):\\n    a: 'int | None' = None\\n    b: 'tuple[str, ...]' = ()\\n"
    parts = [f"class Part{n}{part}" for n in range(8)]
    fields = "".join(f"    p{n}: 'Part{n} | None' = None\\n" for n in range(8))
    module = type(sys)(f"made{number}")
    sys.modules[module.__name__] = module
    exec("import msgspec\\n" + "".join(parts) + "class Whole(msgspec.Struct):\\n" + fields, module.__dict__)
    start = threading.Barrier(8)
    def read():
        start.wait()
        convert({"p1": {"a": 1, "b": ["x"]}}, module.Whole, PATH, b"")
    threads = [threading.Thread(target=read) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
"""


def test_records_that_many_threads_read_first_at_the_same_time_do_not_crash_python():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
