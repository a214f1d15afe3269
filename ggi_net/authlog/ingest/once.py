"""Reads logs to their present end, and says what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ggi_net.authlog.ingest.discover import Folders
from ggi_net.authlog.ingest.reading import Tally
from ggi_net.authlog.ingest.tasks import left_behind, tasks_of
from ggi_net.errors import FileError, LogError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ggi_net.authlog.ingest.pool import Runner
    from ggi_net.authlog.ingest.reading import Store
    from ggi_net.authlog.ingest.sources import Sources
    from ggi_net.authlog.ingest.tasks import Done, Input, Task


class FileReport(msgspec.Struct):
    """What came of one file."""

    path: str
    source: str = ""
    tally: Tally = msgspec.field(default_factory=Tally)
    trouble: str = ""
    busy: str = ""


class Report(msgspec.Struct):
    """What came of all files, in the order in which they were named or found."""

    files: dict[str, FileReport] = msgspec.field(default_factory=dict)

    def of(self, path: str) -> FileReport:
        """The report of one file."""
        return self.files.setdefault(path, FileReport(path))

    @property
    def total(self) -> Tally:
        """All files together."""
        total = Tally()
        for one in self.files.values():
            total.add(one.tally)
        return total

    @property
    def troubled(self) -> list[FileReport]:
        """The files that could not be read, or not to their end."""
        return [one for one in self.files.values() if one.trouble]

    def take(self, done: Done) -> None:
        """Count in what came of a task."""
        one = self.of(done.task.path)
        one.source = done.task.source
        one.tally.add(done.tally)
        one.trouble = one.trouble or done.trouble
        one.busy = one.busy or done.busy

    def plain(self) -> dict[str, object]:
        """As plain data, for JSON."""
        total = self.total
        return {
            "lines": total.lines,
            "bytes": total.bytes,
            "unparsed": total.unparsed,
            "kinds": dict(sorted(total.kinds.items())),
            "files": [
                {
                    "path": one.path,
                    "source": one.source,
                    "lines": one.tally.lines,
                    "bytes": one.tally.bytes,
                    "unparsed": one.tally.unparsed,
                    "kinds": dict(sorted(one.tally.kinds.items())),
                    "incomplete_bytes": one.tally.left,
                    "trouble": one.trouble,
                    "read_by": one.busy,
                }
                for one in self.files.values()
            ],
        }


def ingest(
    inputs: Iterable[Input],
    sources: Sources,
    store: Store,
    runner: Runner,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    stop: Callable[[], bool] = lambda: False,
) -> Report:
    """Store what of the inputs, and of files rotated from them, is not stored yet.

    `progress` gets how many bytes are done and how many there are; `stop` is asked whether to leave the rest. A file
    that can't be read is in the report, and the others go on. Raises what the store raises: then nothing is lost, and
    the next call goes on from there.
    """
    report = Report()
    todo = planned(inputs, sources, store, report)
    size, done = sum(task.size for task in todo), 0
    for round_ in rounds(todo):
        for result in runner.run(round_):
            report.take(result)
            done += result.task.size
            progress(done, size)
            if stop():
                return report
    return report


def planned(inputs: Iterable[Input], sources: Sources, store: Store, report: Report) -> list[Task]:
    """What there is to do for the inputs; what can't be read goes into the report."""
    todo: list[Task] = []
    seen = set()
    folders = Folders()
    for one in inputs:
        for path in (*left_behind(one.path, sources, store, folders), one.path):
            if path in seen:
                continue
            seen.add(path)
            entry = report.of(str(path))
            try:
                todo += tasks_of(one._replace(path=path), sources, store)
            except (LogError, FileError) as error:
                entry.trouble = error.message
    return todo


def rounds(todo: Iterable[Task]) -> Iterable[list[Task]]:
    """The tasks in groups that have no span twice: two files may hold the same log, one more of it than the other."""
    rest = list(todo)
    while rest:
        now: dict[tuple[str, int], Task] = {}
        rest = [task for task in rest if now.setdefault((task.source, task.start), task) is not task]
        yield list(now.values())
