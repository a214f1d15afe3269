"""`ggi logs worker`: reads old logs for `ggi logs ingest --broker`, on any machine that sees them and the store."""

from __future__ import annotations

from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(worker)


def worker(
    broker: Annotated[
        str,
        typer.Option(
            envvar="GGI_LOGS_BROKER",
            help="The broker of `ggi logs ingest` (the whole URL in the environment, when it has a password).",
            metavar="URL",
            show_default=False,
        ),
    ],
    processes: Annotated[
        int, typer.Option(min=0, help="Processes that read.", show_default="as many as there are CPUs")
    ] = 0,
) -> None:
    """Read logs for whoever backfills a store, until stopped. SIGTERM ends it after the task at hand.

    Logs and store stand under the same paths as where `ggi logs ingest --broker` runs. Needs Celery:
    pip install 'ggi-net[celery]'.
    """
    import os

    from ggi_net.authlog.ingest.backfill import QUEUE, application

    count = processes or len(os.sched_getaffinity(0))
    # Workers of one name would take each other's answers.
    options = (
        "--hostname",
        f"ggi-{os.getpid()}@%h",
        "--queues",
        QUEUE,
        "--concurrency",
        str(count),
        "--loglevel",
        "WARNING",
        "--without-gossip",
    )
    application(broker).worker_main(["worker", *options, "--without-mingle"])
