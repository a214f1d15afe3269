"""Forked workers that share the estate's memory; work goes out in batches, a worker that dies fails one batch."""

from __future__ import annotations

import contextlib
import gc
import itertools
import multiprocessing
import os
import signal
from collections import deque
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.context import ForkProcess

T = TypeVar("T")
R = TypeVar("R")

_FORK = multiprocessing.get_context("fork")
_PATIENCE_SECONDS = 10.0
_WORTH_A_FORK = 6


@dataclass(frozen=True)
class Died:
    """A worker ended before it answered; `how` says by which signal or status."""

    how: str


@dataclass
class _Worker(Generic[T]):
    process: ForkProcess
    pipe: Connection
    batch: Sequence[T]


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0))


def fork_each(work: Callable[[T], R], batches: Sequence[Sequence[T]], workers: int) -> Iterator[tuple[T, R | Died]]:
    """Yield each item of `batches` with what `work` made of it, batch by batch, as they get ready.

    Runs here when one worker is enough, else as `_fork_map`. The items of a batch whose worker died are tried again one
    by one, so that only the one that kills its worker is lost.
    """
    if workers == 1 or sum(map(len, batches)) < workers * _WORTH_A_FORK:
        for item in itertools.chain.from_iterable(batches):
            yield item, work(item)
        return

    def work_all(items: Sequence[T]) -> list[R]:
        return [work(item) for item in items]

    again: list[tuple[T]] = []
    gc.collect()
    gc.freeze()  # what is shared stays out of the children's collections, and so in shared pages
    try:
        for batch, results in _fork_map(work_all, batches, workers):
            if isinstance(results, Died):
                again.extend((item,) for item in batch)
            else:
                yield from zip(batch, results, strict=True)
        for batch, results in _fork_map(work_all, again, workers):
            yield batch[0], results if isinstance(results, Died) else results[0]
    finally:
        gc.unfreeze()


def _fork_map(
    work: Callable[[Sequence[T]], R], batches: Sequence[Sequence[T]], workers: int
) -> Iterator[tuple[Sequence[T], R | Died]]:
    """Yield each batch with what `work` made of it, in the order in which they are ready; batches start in order.

    `work` runs in forked children, so it sees all that the caller has in memory; its result is pickled. The caller
    must have no threads running. A child that dies is replaced. When the caller stops early or is interrupted, the
    children finish the batch at hand and leave; when the caller is killed, they do the same by themselves.
    """
    waiting = deque(batches)
    crew: dict[Connection, _Worker[T]] = {}
    try:
        while waiting and len(crew) < workers:
            _hire(work, waiting.popleft(), crew)
        while crew:
            for pipe in wait(list(crew)):
                worker = crew[pipe]  # type: ignore[index]  # wait() returns what it was given
                try:
                    result: R | Died = worker.pipe.recv()
                except (EOFError, ConnectionResetError):
                    del crew[worker.pipe]
                    result = Died(_farewell(worker))
                    if waiting:
                        _hire(work, waiting.popleft(), crew)
                    yield worker.batch, result
                    continue
                done = worker.batch
                if waiting:
                    worker.batch = waiting.popleft()
                    with contextlib.suppress(BrokenPipeError):  # it died; the next recv() tells
                        worker.pipe.send(worker.batch)
                else:
                    del crew[worker.pipe]
                    _farewell(worker)
                yield done, result
    finally:
        for worker in crew.values():
            _farewell(worker)


def _hire(work: Callable[[Sequence[T]], R], batch: Sequence[T], crew: dict[Connection, _Worker[T]]) -> None:
    ours, theirs = _FORK.Pipe()
    process = _FORK.Process(target=_serve, args=(work, batch, theirs, [ours, *crew]), daemon=True)
    process.start()
    theirs.close()
    crew[ours] = _Worker(process, ours, batch)


def _serve(work: Callable[[Sequence[T]], R], batch: Sequence[T], pipe: Connection, inherited: list[Connection]) -> None:
    """A child's life: the caller's ends are closed, so that its pipe reads as ended when the caller is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in inherited:
        other.close()
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            pipe.send(work(batch))
            batch = pipe.recv()


def _farewell(worker: _Worker[T]) -> str:
    """Let a worker leave, by force when it doesn't; return how it ended."""
    worker.pipe.close()
    worker.process.join(_PATIENCE_SECONDS)
    if worker.process.exitcode is None:
        worker.process.kill()
        worker.process.join()
    status = worker.process.exitcode or 0
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
