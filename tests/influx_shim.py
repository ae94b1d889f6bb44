"""A small server before an InfluxDB 1.x that has its addresses of 2.x, and that can fail on demand.

1.8 answers `/api/v2/write` by itself; 1.6, which Debian has, does not. `refuse` plays what a real server says when a
token is wrong, a disk is full or a proxy is tired.
"""

import http.client
import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

_LOOPBACK = "127.0.0.1"
_UNAUTHORISED = 401


@dataclass(frozen=True, slots=True)
class Fault:
    """What one request is answered instead; `cut` breaks the connection, `after` only once the server has it."""

    status: int = 0
    words: str = "a fault on demand"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    after: bool = False
    plain: bool = False


@dataclass(slots=True)
class Shim:
    """The address to talk to and what happens there. `always` is answered to every write while it is set."""

    target: int
    token: str = "secret-token"  # noqa: S105 - of a test
    faults: deque[Fault] = field(default_factory=deque)
    always: Fault | None = None
    writes: int = 0
    queries: int = 0
    encodings: list[str] = field(default_factory=list)
    _server: ThreadingHTTPServer = field(init=False)

    @property
    def port(self) -> int:
        """Return the port to connect to."""
        return self._server.server_port

    @property
    def url(self) -> str:
        """Return the address to connect to."""
        return f"http://{_LOOPBACK}:{self.port}"

    def listen(self, port: int = 0) -> None:
        """Begin to answer."""
        shim = self

        class Handler(_Handler):
            def __init__(self, *arguments: object) -> None:
                self.shim = shim
                super().__init__(*arguments)  # type: ignore[arg-type]

        self._server = ThreadingHTTPServer((_LOOPBACK, port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def next_fault(self) -> Fault | None:
        """Return what the next write is answered instead, None for the server's own answer."""
        with suppress(IndexError):
            return self.faults.popleft()
        return self.always


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    shim: Shim

    def log_message(self, *_: object) -> None:  # silence: a line for every request says nothing
        return

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = urlsplit(self.path)
        if path.path == "/health":
            self._say(200, b'{"name":"influxdb","status":"pass"}')
        elif path.path == "/ping":
            self._forward("/ping", b"")
        elif self.headers.get("Authorization") != f"Token {self.shim.token}":
            self._say(_UNAUTHORISED, b'{"code":"unauthorized","message":"unauthorized access"}')
        elif path.path == "/api/v2/write":
            self.shim.writes += 1
            self.shim.encodings.append(self.headers.get("Content-Encoding", ""))
            self._written(_old_write(path.query), body)
        elif path.path == "/query":
            self.shim.queries += 1
            self._forward("/query", body)
        else:
            self._say(404, b'{"code":"not found","message":"path not found"}')

    def _written(self, path: str, body: bytes) -> None:
        fault = self.shim.next_fault()
        if fault is None:
            self._forward(path, body)
            return
        if fault.after:
            self._ask(path, body)
        if fault.cut:
            self.close_connection = True
            self.connection.close()
            return
        words = fault.words.encode() if fault.plain else json.dumps({"code": "x", "message": fault.words}).encode()
        self._say(fault.status, words, fault.headers)

    def _forward(self, path: str, body: bytes) -> None:
        try:
            status, headers, answer = self._ask(path, body)
        except OSError:
            self.close_connection = True
            self.connection.close()
            return
        self._say(status, answer, headers)

    def _ask(self, path: str, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        connection = http.client.HTTPConnection(_LOOPBACK, self.shim.target, timeout=60)
        kept = {name: self.headers[name] for name in _PASSED_ON if name in self.headers}
        try:
            connection.request(self.command, path, body or None, kept)
            response = connection.getresponse()
            headers = {name: response.headers[name] for name in _PASSED_BACK if name in response.headers}
            return response.status, headers, response.read()
        finally:
            connection.close()

    def _say(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


_PASSED_ON = ("Content-Type", "Content-Encoding", "Accept")
_PASSED_BACK = ("Content-Type", "X-Influxdb-Version", "X-Influxdb-Error")


def _old_write(query: str) -> str:
    """Return the address of 1.x for one of 2.x; 1.6 writes nanoseconds as `n`."""
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    database, _, policy = asked["bucket"].partition("/")
    old = {
        "db": database,
        "rp": policy or "autogen",
        "precision": "n" if asked["precision"] == "ns" else asked["precision"],
    }
    return f"/write?{urlencode(old)}"


@contextmanager
def shim(target: int) -> Iterator[Shim]:
    """Yield a shim before a port."""
    made = Shim(target)
    made.listen()
    try:
        yield made
    finally:
        made.close()
