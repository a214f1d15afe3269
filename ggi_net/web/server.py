"""Serving the pages: what they need is opened once, and uvicorn listens."""

from __future__ import annotations

import gc
import logging
import signal
import socket
import ssl
from typing import TYPE_CHECKING

import uvicorn

from ggi_net.errors import Place, WebSettings

if TYPE_CHECKING:
    from litestar import Litestar

    from ggi_net.web.settings import Settings

_CONNECTIONS = 500
"""At the same time; more hear that the server is busy."""
_IDLE = 15
"""Seconds that a connection is kept without a request."""
_LAST = 5
"""Seconds that answers under way get at the end."""
_LARGEST_HEAD = 16 * 1024
"""Octets of the headers of a request."""


def bound(settings: Settings) -> socket.socket:
    """The address of the settings, taken first: whether it is in use is said at once. Raises WebSettings."""
    host, port = settings.bind
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen()  # who comes while the rest is opened waits for it
    except OSError as error:
        made.close()
        raise WebSettings(
            f"can't listen at {settings.listen}: {error.strerror}",
            hint="another program may do so already; --listen names another address",
        ) from None
    return made


def serve(app: Litestar, settings: Settings, address: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT. Raises WebSettings when the certificate can't be used."""
    config = uvicorn.Config(
        app,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        ssl_certfile=settings.tls.certificate if settings.tls else None,
        ssl_keyfile=settings.tls.key if settings.tls else None,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_LAST,
        h11_max_incomplete_event_size=_LARGEST_HEAD,
        http="h11",
        server_header=False,
        access_log=False,  # it would keep what stands in addresses; the audit log says who looked up what
        log_config=None,
        ws="none",
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        place = Place(settings.tls.certificate) if settings.tls else None
        raise WebSettings(f"the certificate or its key can't be used: {error}", place=place) from None
    if config.ssl:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    # uvicorn stops in order at a signal and then sends it again, for whoever else waits for it: nobody does.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    # What is there stays. Without it garbage is looked for among little: that was a third of the work of an answer.
    gc.collect()
    gc.freeze()
    uvicorn.Server(config).run(sockets=[address])


def log_to_stderr() -> None:
    """Write the security log to standard error, where systemd puts it into the journal."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    for name in ("ggi_net.web", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False
