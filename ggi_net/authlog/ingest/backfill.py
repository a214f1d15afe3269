"""Months of old logs, read by Celery workers on several machines: the same tasks as those of the pool, as messages.

Every worker sees the logs and the store under the same paths (a shared folder). A task can run twice, or half and then
again, and nothing is stored twice: what is stored already is left out, and a span is read by one at a time.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ggi_net.authlog.ingest.pool import perform
from ggi_net.authlog.ingest.tasks import Done, Task
from ggi_net.errors import BackfillFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

QUEUE = "ggi-logs"
_NAME = "ggi.logs.read"
_PING = 5.0
_LOOK = 5.0
"""Seconds after which it is asked what the workers do."""

_EXPIRE = 3600
_SOON = {"max_retries": 2, "interval_start": 0.2}
"""A broker that is away is said, not waited for."""


def application(broker: str) -> Any:
    """The Celery application of workers and of those who give them work. Raises BackfillFailed without Celery."""
    try:
        from celery import Celery as Application
    except ImportError:
        raise BackfillFailed("Celery is not installed", hint="pip install 'ggi-net[celery]'") from None
    app = Application("ggi-logs", broker=broker, backend=broker)
    app.conf.update(
        task_default_queue=QUEUE,
        # A task is taken off the queue when it is done: what a worker that dies had begun, another one does.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        broker_transport_options=_SOON,
        result_backend_transport_options={"retry_policy": _SOON},
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=_PING,
        result_expires=_EXPIRE,
        task_serializer="json",
        accept_content=["json"],
    )

    @app.task(name=_NAME)  # type: ignore[untyped-decorator,unused-ignore]  # Celery is an extra, and has no types
    def read(task: str, folder: str) -> str:
        """Run one task; what came of it, as JSON."""
        return msgspec.json.encode(perform(msgspec.json.decode(task, type=Task), Path(folder))).decode()

    return app


class Celery:
    """Runs tasks on workers that a broker reaches; as a Runner."""

    def __init__(self, folder: Path, broker: str) -> None:
        """`folder` is the store's, as workers see it, too."""
        self._folder = folder.absolute()
        self._app = application(broker)
        from kombu.exceptions import OperationalError

        # Those of the broker's own client, such as redis-py, are no OSErrors everywhere.
        self._away = (OSError, OperationalError, *self._app.connection_for_write().recoverable_connection_errors)

    def run(self, todo: Sequence[Task]) -> Iterator[Done]:
        """Run all tasks. Raises BackfillFailed when no worker is there, or tasks failed; the others are done then."""
        if not todo:
            return
        self._someone()
        waiting = [self._send(task) for task in todo]
        failed = 0
        try:
            for number, task in enumerate(todo):
                answer = self._answer(task, waiting, number)
                if answer is None:
                    failed += 1
                else:
                    yield msgspec.json.decode(answer, type=Done)
        finally:
            for result in waiting:
                result.forget()
                result.backend = None  # else its destructor turns to the broker once more, which may be gone by then
        if failed:
            raise BackfillFailed(f"{failed} of {len(todo)} tasks failed; the workers' own logs say why")

    def _send(self, task: Task) -> Any:
        return self._app.send_task(_NAME, (msgspec.json.encode(task).decode(), str(self._folder)), queue=QUEUE)

    def _answer(self, task: Task, waiting: list[Any], number: int) -> str | None:
        """What a worker returns; None when the task failed.

        A task that no worker has any more, since the one that had it died, is sent again. (The broker does so as well,
        but only when the longest of tasks would have ended. What is done twice is stored once.)
        """
        from celery.exceptions import TimeoutError as NotYet

        lost = False
        while True:
            try:
                answer = waiting[number].get(timeout=_LOOK, propagate=False)
            except NotYet:
                self._someone()
                nowhere = self._nowhere(waiting[number].id)
                if nowhere and lost:
                    waiting.append(waiting[number])
                    waiting[number] = self._send(task)
                lost = nowhere and not lost
                continue
            except self._away as error:
                raise _no_broker(error) from None
            return answer if isinstance(answer, str) else None

    def _nowhere(self, task_id: str) -> bool:
        """Whether neither the queue nor a worker has a task."""
        try:
            with self._app.connection_or_acquire() as link, link.channel() as channel:
                if channel.queue_declare(QUEUE, durable=True, auto_delete=False).message_count:
                    return False
            look = self._app.control.inspect(timeout=1.0)
            had = [*(look.active() or {}).values(), *(look.reserved() or {}).values()]
        except self._away as error:
            raise _no_broker(error) from None
        return not any(one["id"] == task_id for tasks in had for one in tasks)

    def _someone(self) -> None:
        """Raise BackfillFailed unless a worker answers."""
        try:
            answers = self._app.control.ping(timeout=_PING)
        except self._away as error:
            raise _no_broker(error) from None
        if not answers:
            raise BackfillFailed("no worker answers", hint="start some with `ggi logs worker` and the same broker")


def _no_broker(error: Exception) -> BackfillFailed:
    """The broker's URL may hold a password, and so may the words of its client's errors: neither is shown."""
    return BackfillFailed(
        f"the broker can't be reached ({type(error).__name__})",
        hint="is it up, and is the URL in GGI_LOGS_BROKER right?",
    )
