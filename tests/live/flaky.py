"""A proxy before a real NetBox that forwards requests and misbehaves as a test tells it."""

from __future__ import annotations

import http.client
import re
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Fault:
    """What is done to requests whose "METHOD /path?query" the pattern matches, `times` times after `after` of them.

    `status`: answer this without asking NetBox, unless `forward`. `cut`: the part of NetBox's answer that is sent
    before the connection is closed. `drop`: close without an answer. `wait`: seconds before the request is passed on.
    """

    pattern: str
    times: int = 10_000
    after: int = 0
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    forward: bool = False
    cut: float | None = None
    drop: bool = False
    wait: float = 0.0


class Flaky:
    """The proxy; use it as a context manager. `seen` holds the requests that came in, `faults` what to do to them."""

    def __init__(self, target: str, certificate: tuple[str, str] | None = None) -> None:
        self.target = urlsplit(target)
        self.seen: list[str] = []
        self.faults: list[Fault] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Flaky:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def fault_for(self, request: str) -> Fault | None:
        with self._lock:
            self.seen.append(request)
            for fault in self.faults:
                if re.search(fault.pattern, request):
                    if fault.after > 0:
                        fault.after -= 1
                    elif fault.times > 0:
                        fault.times -= 1
                        return fault
        return None


def _handler(proxy: Flaky) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fault = proxy.fault_for(f"{self.command} {self.path}") or Fault("")
            self.close_connection = True
            if fault.drop and not fault.forward:
                return
            time.sleep(fault.wait)
            if fault.status is not None and not fault.forward:
                self.answer(fault.status, fault.headers, fault.body)
                return
            status, headers, answer = self.ask(body)
            if fault.drop:
                return
            sent = answer if fault.cut is None else answer[: int(len(answer) * fault.cut)]
            if fault.status is not None:
                status, sent, answer = fault.status, fault.body, fault.body
            self.answer(status, headers | fault.headers, sent, len(answer))

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = pass_on  # noqa: N815  http.server's names

        def ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection(proxy.target.hostname, proxy.target.port, timeout=120)
            headers = {name: value for name, value in self.headers.items() if name != "Accept-Encoding"}
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            answer = response.read()
            kept = ("Content-Type", "API-Version", "ETag")
            found = {name: response.headers[name] for name in kept if name in response.headers}
            connection.close()
            return response.status, found, answer

        def answer(self, status: int, headers: dict[str, str], body: bytes, length: int | None = None) -> None:
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # the client went away, as a test of time-outs has it do

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
