#!/usr/bin/env python3
"""An SMS gateway and its phones for trying alerts out, on loopback and without a telephone.

    .venv/bin/python scripts/stub_phone.py --port 8099 --secret-file HOME/secrets/sms

It takes `POST /send` with `{"to": "…", "text": "…"}` and answers `{"code": "OK"}`. Its page shows what each phone got,
and what somebody answers there goes to `/api/v1/alert-replies/sms` of the console, as a gateway would bring it. For
people who develop or show Premises; it is no part of an installation.
"""

import argparse
import html
import json
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

LONGEST_BODY = 64 * 1024
TIMEOUT_S = 10

PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>手机 / phones</title>
<meta name="viewport" content="width=device-width">
<style>
body{{font:16px/1.5 system-ui,sans-serif;margin:0;background:#e7eaee;display:flex;flex-wrap:wrap;gap:24px;padding:24px}}
section{{background:#fff;border-radius:24px;width:340px;min-height:480px;padding:20px;box-shadow:0 2px 12px #0003}}
h2{{font-size:16px;text-align:center;margin:0 0 12px;color:#444}}
p{{max-width:85%;padding:8px 12px;border-radius:14px;margin:8px 0;overflow-wrap:anywhere;width:fit-content}}
p.in{{background:#e9e9eb}} p.out{{background:#0b6bcb;color:#fff;margin-left:auto}} p small{{display:block;opacity:.7}}
form{{display:flex;gap:8px;margin-top:16px}} input[name=text]{{flex:1;min-width:0}}
input,button{{font:inherit;padding:6px 10px}}
</style>{phones}
<script>
const shown = {count};
setInterval(async () => {{
  const typing = [...document.querySelectorAll("input[name=text]")].some((each) => each.value);
  if (!typing && (await (await fetch("/count")).json()) !== shown) location.reload();
}}, 500);
</script></html>"""
PHONE = """<section data-phone="{number}"><h2>{number}</h2>{texts}
<form method="post" action="/answer"><input type="hidden" name="phone" value="{number}">
<input name="text" autocomplete="off" placeholder="回复 / answer" aria-label="answer">
<button>发送 / send</button></form>
</section>"""
EMPTY = "<section><h2>还没有短信 / no message yet</h2></section>"


@dataclass(frozen=True)
class Sms:
    """One message on a phone: what came, or what was answered with what the console made of it."""

    text: str
    at: datetime
    is_answer: bool = False
    outcome: str = ""


@dataclass
class Phones:
    """What each phone shows."""

    answers: str
    secret: str = field(repr=False)
    messages: dict[str, list[Sms]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def receive(self, number: str, sms: Sms) -> None:
        """Show a message on a phone."""
        with self.lock:
            self.messages.setdefault(number, []).append(sms)

    def count(self) -> int:
        """Return how many messages there are."""
        with self.lock:
            return sum(map(len, self.messages.values()))

    def page(self) -> str:
        """Return all phones as a page."""
        with self.lock:
            phones = [
                PHONE.format(number=html.escape(number), texts="".join(map(_shown, told)))
                for number, told in sorted(self.messages.items())
            ]
            count = sum(map(len, self.messages.values()))
        return PAGE.format(phones="".join(phones) or EMPTY, count=count)

    def answer(self, number: str, text: str) -> None:
        """Bring an answer to the console, and show what became of it."""
        body = json.dumps({"phone": number, "text": text}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.secret}"}
        call = urllib.request.Request(self.answers, data=body, headers=headers)  # noqa: S310 - checked at the start
        try:
            with urllib.request.urlopen(call, timeout=TIMEOUT_S) as told:  # noqa: S310 - as above
                outcome = str(json.load(told).get("outcome", ""))
        except urllib.error.HTTPError as exc:
            outcome = f"HTTP {exc.code}"
            exc.close()
        except OSError as exc:
            outcome = str(exc)
        self.receive(number, Sms(text=text, at=_now(), is_answer=True, outcome=outcome))


def _now() -> datetime:
    return datetime.now().astimezone()


def _shown(sms: Sms) -> str:
    kind = "out" if sms.is_answer else "in"
    told = f"{sms.at:%H:%M:%S}" + (f" · {sms.outcome}" if sms.outcome else "")
    return f'<p class="{kind}">{html.escape(sms.text)}<small>{html.escape(told)}</small></p>'


class Handler(BaseHTTPRequestHandler):
    """Gateway at `/send`, page at `/`, its form at `/answer`."""

    phones: Phones

    def do_GET(self) -> None:
        """Show the phones, or how many messages there are."""
        if self.path == "/count":
            self._say(str(self.phones.count()), "application/json")
        elif self.path == "/":
            self._say(self.phones.page(), "text/html; charset=utf-8")
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """Take a message from the console, or an answer from the page."""
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LONGEST_BODY))
        if self.path == "/send":
            told = json.loads(body)
            self.phones.receive(str(told["to"]), Sms(text=str(told["text"]), at=_now()))
            self._say('{"code": "OK"}', "application/json")
        elif self.path == "/answer":
            form = parse_qs(body.decode())
            self.phones.answer(form["phone"][0], form.get("text", [""])[0])
            self.send_response(HTTPStatus.SEE_OTHER)
            self.send_header("Location", "/")
            self.end_headers()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, *_: object) -> None:
        """Say nothing: messages hold codes."""

    def _say(self, text: str, kind: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())


def main() -> None:
    """Serve until it is interrupted."""
    parser = argparse.ArgumentParser(description="SMS gateway and phones for trying alerts out.")
    parser.add_argument("--port", type=int, default=8099, help="0 takes any free port")
    parser.add_argument("--console", default="http://127.0.0.1:8088", help="where the console is")
    parser.add_argument("--secret-file", type=Path, required=True, help="the file of alerts.sms_reply.secret_file")
    given = parser.parse_args()
    if urlsplit(given.console).scheme not in {"http", "https"}:
        parser.error("--console is no http:// or https:// address")
    secret = given.secret_file.read_text(encoding="utf-8").strip()
    Handler.phones = Phones(answers=f"{given.console.rstrip('/')}/api/v1/alert-replies/sms", secret=secret)
    server = ThreadingHTTPServer(("127.0.0.1", given.port), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)  # noqa: T201 - its one line of output
    server.serve_forever()


if __name__ == "__main__":
    main()
