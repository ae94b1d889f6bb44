"""A real HTTP server on loopback that answers what a test tells it to."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Post:
    """One POST as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def key(self) -> str:
        return self.headers["X-Premises-Delivery"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answers. `hang` says nothing until the test is over; `drip` names what never ends."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    hang: bool = False
    drip: Literal["", "status", "body"] = ""


@dataclass(slots=True)
class Receiver:
    """The replies to come, the last one again and again, and what was posted."""

    url: str = ""
    replies: list[Reply] = field(default_factory=lambda: [Reply()])
    posts: list[Post] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def next_reply(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    @property
    def keys(self) -> list[str]:
        return [post.key for post in self.posts]


@contextmanager
def receiver(*replies: Reply) -> Iterator[Receiver]:
    made = Receiver(replies=list(replies) or [Reply()])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.posts.append(Post(self.path, dict(self.headers.items()), body))
            reply = made.next_reply()
            if reply.hang:
                made.over.wait(30)
                return
            if reply.drip == "status":
                self.drip()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if reply.drip == "body":
                self.drip()
            self.wfile.write(reply.body)

        def drip(self) -> None:
            while not made.over.wait(0.05):
                self.wfile.write(b".")

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass  # a client that gave up is what some tests are about

    server = Server(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}/alarm?site=hq"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield made
    finally:
        made.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
