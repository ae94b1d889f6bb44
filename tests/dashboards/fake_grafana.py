"""A server on loopback that answers like Grafana, 403 and 412 and HTML included; its words are those of a real one."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from dashboards.grafana import Answer, GrafanaFault, away

TOKEN = "glsa_token-of-a-test"  # noqa: S105 - of a test


@dataclass(slots=True)
class FakeGrafana:
    """What it holds; `denied` are paths it answers 403, `provisioned` dashboards it reads from files."""

    version: str = "11.6.0"
    folders: dict[str, dict[str, Any]] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    boards: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)
    denied: set[str] = field(default_factory=set)
    provisioned: set[str] = field(default_factory=set)
    writes: list[str] = field(default_factory=list)
    is_other: bool = False
    """What answers is a web server, and no Grafana."""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, method: str, path: str, body: dict[str, Any], token: str) -> tuple[int, object]:
        """Return status and body."""
        if self.is_other:
            return 200, "<html>Welcome</html>"
        if path == "/health":
            return 200, {"version": self.version, "database": "ok", "commit": "NA"}
        if token != TOKEN:
            return 401, {"message": "Invalid API key"}
        if any(path.startswith(each) for each in self.denied):
            return 403, {"message": "You'll need additional permissions to perform this action."}
        if method != "GET":
            self.writes.append(f"{method} {path}")
        return self._of(method, path, body)

    def _of(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, object]:
        found: tuple[int, object] = (404, {"message": "Not found"})
        match path.strip("/").split("/"):
            case ["org"]:
                found = 200, {"id": 1, "name": "Main Org."}
            case ["folders"]:
                self.folders[body["uid"]] = body
                found = 200, body
            case ["folders", uid]:
                found = self._one(self.folders, uid, method, body, "folder not found")
            case ["datasources"]:
                self.sources[body["uid"]] = stored(body)
                found = 200, {"message": "Datasource added"}
            case ["datasources", "uid", uid]:
                found = self._one(self.sources, uid, method, stored(body), "Data source not found")
            case ["dashboards", "db"]:
                found = self._save(body)
            case ["dashboards", "uid", uid] if uid in self.boards:
                meta = {"folderUid": self.boards[uid]["folderUid"], "provisioned": uid in self.provisioned}
                found = 200, {"dashboard": self.boards[uid]["dashboard"], "meta": meta}
            case ["annotations", *number]:
                found = self._note(method, body, number)
        return found

    def _one(
        self, held: dict[str, dict[str, Any]], uid: str, method: str, body: dict[str, Any], missing: str
    ) -> tuple[int, object]:
        if uid not in held:
            return 404, {"message": missing}
        if method == "PUT":
            held[uid] = {**held[uid], **body}
        return 200, held[uid]

    def _save(self, body: dict[str, Any]) -> tuple[int, object]:
        uid = body["dashboard"]["uid"]
        version = self.boards[uid]["dashboard"]["version"] + 1 if uid in self.boards else 1
        kept = {**body["dashboard"], "id": len(self.boards) + 1, "version": version}
        self.boards[uid] = {"dashboard": kept, "folderUid": body["folderUid"]}
        return 200, {"uid": uid, "version": version, "status": "success"}

    def _note(self, method: str, body: dict[str, Any], number: list[str]) -> tuple[int, object]:
        if method == "GET":
            return 200, self.notes
        if method == "POST":
            self.notes.append({**body, "id": len(self.notes) + 1})
        else:
            self.notes[int(number[0]) - 1] |= body
        return 200, {"message": "Annotation saved"}


def stored(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a data source as it is given back: secrets by their name alone."""
    kept = {name: value for name, value in body.items() if name != "secureJsonData"}
    if "secureJsonData" in body:
        kept["secureJsonFields"] = dict.fromkeys(body["secureJsonData"], True)
    return kept


@contextmanager
def listening(grafana: FakeGrafana) -> Iterator[FakeGrafana]:
    """Yield it while it answers."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            path = parts.path.removeprefix("/api")
            status, told = grafana.answer(self.command, path, json.loads(sent or b"{}"), token)
            text = told if isinstance(told, str) else json.dumps(told)
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if isinstance(told, str) else "application/json")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PUT = _any  # noqa: N815 - the library's names

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    grafana.port = server.server_port
    try:
        yield grafana
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True, slots=True)
class PlainGrafana:
    """A Grafana asked by the standard library: what is pushed does not hang on the extra."""

    where: str
    token: str = TOKEN

    def call(self, method: str, path: str, body: object = None) -> Answer:
        """Return the answer."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.where}/api{path}", method=method, headers=headers, data=sent)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback
                return Answer(answer.status, _read(answer.read()))
        except urllib.error.HTTPError as exc:
            with exc:
                return Answer(exc.code, _read(exc.read()))
        except urllib.error.URLError as exc:
            raise GrafanaFault(away(self.where, str(exc.reason))) from None


def _read(text: bytes) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode()
