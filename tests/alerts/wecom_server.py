"""A server that speaks like WeCom's API: tokens that end, HTTP 200 to what it refuses, cards with ids of their own."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

CORP, SECRET, AGENT = "wx1", "app secret", 1000002


@dataclass(slots=True)
class WecomServer:
    """What was asked for, and what is answered next instead of the usual."""

    url: str = ""
    members: frozenset[str] = frozenset({"zhangsan"})
    tokens_given: int = 0
    valid_token: str = ""
    lasts_s: int = 7200
    sent: list[dict[str, Any]] = field(default_factory=list)
    instead: list[dict[str, Any]] = field(default_factory=list)
    hangs: bool = False
    over: threading.Event = field(default_factory=threading.Event)

    def token(self, query: dict[str, list[str]]) -> dict[str, Any]:
        if query.get("corpid") != [CORP]:
            return {"errcode": 40013, "errmsg": "invalid corpid"}
        if query.get("corpsecret") != [SECRET]:
            return {"errcode": 40001, "errmsg": "invalid credential"}
        self.tokens_given += 1
        self.valid_token = f"token {self.tokens_given}/+="
        return {"errcode": 0, "errmsg": "ok", "access_token": self.valid_token, "expires_in": self.lasts_s}

    def message(self, query: dict[str, list[str]], body: dict[str, Any]) -> dict[str, Any]:
        if self.instead:
            return self.instead.pop(0)
        if query.get("access_token") != [self.valid_token]:
            return {"errcode": 40014, "errmsg": "invalid access_token"}
        if body["agentid"] != AGENT:
            return {"errcode": 301002, "errmsg": "not allow operate another agent with this accesstoken"}
        card = body.get("template_card", {})
        if card and card["task_id"] in {each.get("template_card", {}).get("task_id") for each in self.sent}:
            return {"errcode": 42014, "errmsg": "taskid has existed"}
        if body["touser"] not in self.members:
            return {"errcode": 0, "errmsg": "ok", "invaliduser": body["touser"], "msgid": "x"}
        self.sent.append(body)
        return {"errcode": 0, "errmsg": "ok", "invaliduser": "", "msgid": "x", "response_code": "r"}


@contextmanager
def wecom_server() -> Iterator[WecomServer]:
    made = WecomServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            assert parts.path == "/cgi-bin/gettoken"
            self.answer(made.token(parse_qs(parts.query)))

        def do_POST(self) -> None:
            parts, body = urlsplit(self.path), json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert parts.path == "/cgi-bin/message/send"
            if made.hangs:
                made.over.wait(30)
                return
            self.answer(made.message(parse_qs(parts.query), body))

        def answer(self, told: dict[str, Any]) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass  # a client that gave up is what one test is about

    server = Server(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield made
    finally:
        made.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
