"""Who is told in a bench of alarms: a webhook and a phone behind an SMS gateway, both on loopback, and when."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOOK, PHONE = "/hook", "/sms"


@dataclass(slots=True)
class Told:
    """What came, by monotonic seconds. `first_s` holds the first attempt for each zone and kind of notice."""

    first_s: dict[tuple[str, str], float] = field(default_factory=dict)
    attempts: Counter[str] = field(default_factory=Counter)
    """How often each delivery came, by its name: more than once where an answer came too late or not at all."""
    sms_s: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hooked(self, delivery: str, posted: Mapping[str, Any], at_s: float) -> None:
        """Remember what a webhook was told: a notice, or many of them in a digest."""
        with self._lock:
            self.attempts[delivery] += 1
            for notice in posted.get("notices", [posted]):
                self.first_s.setdefault((notice["alert"]["zone"], notice["kind"]), at_s)

    def texted(self, at_s: float) -> None:
        """Remember an SMS."""
        with self._lock:
            self.sms_s.append(at_s)

    def zones(self, kind: str = "raised") -> int:
        """Return of how many zones people were told so."""
        with self._lock:
            return sum(told == kind for _, told in self.first_s)

    def most_sms_in_a_minute(self) -> int:
        """Return how many SMS came within the fullest minute."""
        with self._lock:
            return max((sum(0 <= other - each < 60 for other in self.sms_s) for each in self.sms_s), default=0)  # noqa: PLR2004 - a minute


@contextmanager
def receivers() -> Iterator[tuple[str, Told]]:
    """Yield the loopback address of both and what they were told, as long as the block lives."""
    told = Told()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            at_s = time.monotonic()
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == PHONE:
                told.texted(at_s)
            else:
                told.hooked(self.headers["X-Premises-Delivery"], json.loads(body), at_s)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server uses
            """Say nothing of each request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
