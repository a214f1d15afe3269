"""Tasks side by side, in processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Protocol

from ggi_net.authlog.ingest import tasks
from ggi_net.authlog.ingest.reading import Tally
from ggi_net.authlog.ingest.tasks import Done
from ggi_net.errors import FileError, LogError, SystemFailure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from ggi_net.authlog.ingest.tasks import Task

WORTH_IT = 32 << 20
"""Less than this is read sooner than worker processes are started."""
SMALL = 256 << 10
"""Bytes of a file that takes longer to flush to the disk than to read."""
_AT_ONCE = 8


class Runner(Protocol):
    """Whoever runs tasks: this process, a pool of processes, or workers on other machines."""

    def run(self, todo: Sequence[Task]) -> Iterator[Done]:
        """Run all tasks; what came of each, in any order."""
        ...


class Here:
    """Runs tasks in this process: small ones side by side, which wait for the disk to have them, then the others."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(self, todo: Iterable[Task]) -> Iterator[Done]:
        """Run all tasks."""
        small: dict[str, list[Task]] = {}
        large: list[Task] = []
        for task in todo:
            if task.size <= SMALL:
                small.setdefault(task.span.claim, []).append(task)  # logs that begin alike are of one claim
            else:
                large.append(task)
        yield from self._threads(list(small.values()))
        for task in large:
            yield perform(task, self._folder)

    def _threads(self, groups: Sequence[Sequence[Task]]) -> Iterator[Done]:
        """Run the tasks, those of a group one after the other."""
        pool = ThreadPoolExecutor(_AT_ONCE)
        try:
            for future in [pool.submit(self._in_turn, group) for group in groups]:
                yield from future.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _in_turn(self, group: Sequence[Task]) -> list[Done]:
        return [perform(task, self._folder) for task in group]


class Pool:
    """Runs tasks in processes of this machine, as many as it may use CPUs."""

    def __init__(self, folder: Path, workers: int = 0) -> None:
        self._folder = folder
        self._workers = workers or len(os.sched_getaffinity(0))

    def run(self, todo: Sequence[Task]) -> Iterator[Done]:
        """Run all tasks, the largest first. Raises SystemFailure when a process dies."""
        if self._workers == 1 or len(todo) < 2 or sum(task.size for task in todo) < WORTH_IT:
            yield from Here(self._folder).run(todo)
            return
        context = multiprocessing.get_context("spawn")  # a child inherits neither claims nor Arrow's threads
        pool = ProcessPoolExecutor(min(self._workers, len(todo)), context, _begin)
        waiting: set[Future[Done]] = set()
        try:
            for task in sorted(todo, key=lambda one: -one.size):
                waiting.add(pool.submit(perform, task, self._folder))
            while waiting:
                ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield future.result()
        except BrokenProcessPool:
            raise SystemFailure(
                "a process that read logs was killed", hint="is there enough memory? Run the same command again"
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def perform(task: Task, folder: Path) -> Done:
    """Run one task with the store in `folder`; what is wrong with its file is told in words."""
    from ggi_net.authlog.ingest.opened import opened

    sources, store = opened(folder)
    try:
        return tasks.run(task, sources, store)
    except (LogError, FileError) as error:
        return Done(task=task, tally=Tally(), trouble=error.message)


def _begin() -> None:
    """Let the parent decide when this process ends: when it is told to stop, and when it died."""
    for number in (signal.SIGINT, signal.SIGTERM):  # systemd sends it to every process of a unit
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
