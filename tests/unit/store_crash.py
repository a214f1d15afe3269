"""Kills a process with SIGKILL at every STRIDEth step of a job on a store, and looks at what is left each time.

`python store_crash.py JOB FOLDER STRIDE` prints one JSON object: how many steps there were, and what was wrong after
which.
Each attempt is a fork of this process, which has no threads of DuckDB's.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import traceback
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from typing import TYPE_CHECKING

from store_help import KEYS, NOON, assemble, line

from ggi_net.authlog.question import Question
from ggi_net.authlog.store import manifest
from ggi_net.authlog.store.columns import table_of
from ggi_net.authlog.store.engine import Engine
from ggi_net.authlog.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

ALL = Question(limit=1000)
DAY = timedelta(days=1)
JAN = "j.jansen@almelo.example"
FIRST = [
    line(n, at=NOON + timedelta(minutes=7 * n), mac=f"02aabbccdd{n % 3:02}", user=JAN if n % 3 else "p@hof.example")
    for n in range(5)
]
MIDNIGHT = [line(20 + n, at=NOON + timedelta(hours=12, seconds=30 * n - 60)) for n in range(3)]
LATE = [line(30, at=NOON + timedelta(minutes=14, seconds=20), mac="02aabbccdd02", source="home")]
MORE = [line(40 + n, at=NOON + timedelta(hours=14, minutes=n), source="more") for n in range(2)]


def opened(folder: Path) -> Store:
    return Store.open(folder, KEYS, assemble, create=True, threads=1)


def prepared(folder: Path) -> None:
    """A store with sets of two days and hot files."""
    with opened(folder) as store:
        for lines in (FIRST, MIDNIGHT):
            store.add(table_of(lines), lines[0].source, lines[0].offset, lines[-1].offset + 100)
            store.compact(NOON, finish=True)
        store.add(table_of(LATE), LATE[0].source, 0, 100)


def add(store: Store) -> None:
    """Add in small steps, from where the store says it is."""
    for each in MORE:
        if store.position("more") < each.offset - 3900:
            store.add(table_of([each]), "more", each.offset - 4000, each.offset - 3900)


def compact(store: Store) -> None:
    store.compact(NOON + timedelta(hours=1), finish=True)


def close(store: Store) -> None:
    store.compact(NOON + 2 * DAY, finish=True)


def gather(store: Store) -> None:
    store.compact(NOON + 9 * DAY, finish=True)


def expire(store: Store) -> None:
    store.compact(NOON + 2 * DAY, finish=True)
    store.expire(NOON + 31 * DAY)


def erase(store: Store) -> None:
    store.erase(identity=JAN, reason="17")


JOBS: dict[str, Callable[[Store], None]] = {
    "add": add, "compact": compact, "close": close, "gather": gather, "expire": expire, "erase": erase,
}  # fmt: skip

WHOLE = ("compact",)
"""What changes all that readers see at once; the others do it file by file or day by day."""


def seen(folder: Path) -> list[object]:
    """All that readers see."""
    with opened(folder) as store:
        return sorted(
            [login.id, login.mac, sorted(each.raw for each in (store.login(login.id) or login).lines)]
            for login in store.logins(ALL)
        )


def facts(folder: Path) -> dict[str, object]:
    """What has to be the same whether or not somebody was killed on the way."""
    known = manifest.read(folder)
    live = {file.path for file in known.files()} | {one.path for one in known.trash}
    proofs = [json.loads(path.read_text()) for path in sorted((folder / "erasures").glob("*.json"))]
    return {
        "seen": seen(folder),
        "lines": sum(one.line_count for day in known.days.values() for one in day.sets),
        "strays": [str(p) for p in folder.glob("[dw]*/**/*.parquet") if str(p.relative_to(folder)) not in live],
        "weeks": [one.together.login_count for one in known.weeks],
        "missing": [path for path in sorted({file.path for file in known.files()}) if not (folder / path).exists()],
        "removed": sorted(one for proof in proofs for one in removed(proof)),
        "left": sum(proof.get("left", 0) for proof in proofs),
        "unfinished": sum("ended" not in proof for proof in proofs),
    }


def removed(proof: dict[str, list[dict[str, object]]]) -> list[list[object]]:
    """What an erasure says that it removed, without the names of files."""
    return [[one.get("day", ""), one.get("lines", 0)] for one in proof.get("removed", [])]


def in_fork(work: Callable[[], object]) -> tuple[int, object]:
    """Run `work` in a fork; its exit status or minus its signal, and what it returned."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            os.write(writing, json.dumps(work()).encode())
            status = 0
        except Exception:  # noqa: BLE001  told by its traceback and the exit status
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), json.loads(said) if said else None


def killed_at(step: int) -> None:
    """Have this process killed at one step: before a file is written, renamed or removed, and after it was."""
    passed = 0

    def watched(function: Callable[..., object]) -> Callable[..., object]:
        def stepping(*args: object, **options: object) -> object:
            nonlocal passed
            for when in ("before", "after"):
                if passed == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                passed += 1
                if when == "before":
                    result = function(*args, **options)
            return result

        return stepping

    for name in ("rename", "replace", "unlink"):
        setattr(os, name, watched(getattr(os, name)))
    Engine.copy = watched(Engine.copy)  # type: ignore[method-assign, assignment]


def main(job: str, folder: Path, stride: int) -> dict[str, object]:
    """Kill the job at each step, then do it again and compare with a run that was not killed."""
    work = JOBS[job]
    template, whole = folder / "template", folder / "whole"
    in_fork(lambda: prepared(template))
    shutil.copytree(template, whole)

    def do(target: Path) -> dict[str, object]:
        with opened(target) as store:
            work(store)
        return facts(target)

    _, want = in_fork(lambda: do(whole))
    assert isinstance(want, dict)
    _, before = in_fork(lambda: seen(template))
    wrong: list[object] = []
    step = 0
    while True:
        target = folder / f"at-{step}"
        shutil.copytree(template, target)

        def die(target: Path = target, step: int = step) -> object:
            store = opened(target)
            killed_at(step)
            work(store)
            return None

        def look(target: Path = target) -> object:
            return [seen(target), do(target)]

        status, _ = in_fork(die)
        _, found = in_fork(look)
        between, after = found if isinstance(found, list) else (None, None)
        if between is None or (job in WHOLE and between not in (before, want["seen"])):
            wrong.append([step, "readers saw something in between", between])
        if after != want:
            wrong.append([step, "another end", after])
        shutil.rmtree(target)
        if status == 0:
            break
        assert status == -signal.SIGKILL, status
        step += stride
    return {"steps": step, "wrong": wrong, "want": want}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
