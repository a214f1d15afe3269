"""`ggi logs`: reads logs of logins into a store, receives them, and keeps the store."""

from __future__ import annotations

import typer

from ggi_net.cli import logs_ask, logs_generate, logs_ingest, logs_know, logs_listen, logs_store, logs_worker

app = typer.Typer(no_args_is_help=True, help="Read logs of logins, and ask why one failed.")
logs_ingest.add_to(app)
logs_listen.add_to(app)
logs_store.add_to(app)
logs_worker.add_to(app)
logs_ask.add_to(app)
logs_know.add_to(app)
logs_generate.add_to(app)
