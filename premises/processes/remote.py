"""Asking the running server, for commands that find the store held by it."""

import http.client
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from premises.home import Home
from premises.processes.server_info import ServerInfo, read
from sensors.errors import InputFault

ANSWER_S = 600.0
"""How long the server may be silent: a worker tells how far it is far more often."""

_OK = 200
Progress = Callable[[str, float], None]


class ServerFault(InputFault):
    """The server is away, or refuses."""

    def __init__(self, pid: int, reason: str) -> None:
        """Name the process and what it did."""
        super().__init__(f"the server (process {pid}) cannot be asked: {reason}; look at logs/serve.log")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, as its own file describes it."""

    info: ServerInfo

    @classmethod
    def find(cls, home: Home) -> "Server | None":
        """Return the server that serves a home, None where none runs."""
        info = read(home)
        return None if info is None else cls(info)

    def get(self, path: str) -> dict[str, Any]:
        """Return the answer. Raises ServerFault."""
        return self._one("GET", path)

    def post(self, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Return the answer. Raises ServerFault, or InputFault with what the server says is wrong."""
        return self._one("POST", path, json.dumps(body or {}).encode())

    def put(self, path: str, body: bytes) -> dict[str, Any]:
        """Return the answer. Raises ServerFault, or InputFault with what the server says is wrong."""
        return self._one("PUT", path, body)

    def ask(self, path: str, body: Mapping[str, object], progress: Progress) -> dict[str, Any]:
        """Return the result of a long task, telling how far it is. Raises ServerFault, InputFault."""
        for message in self._lines(path, json.dumps(body).encode()):
            if "progress" in message:
                progress(*message["progress"])
            elif "fault" in message:
                raise InputFault(message["fault"])
            elif "result" in message:
                result: dict[str, Any] = message["result"]
                return result
        raise ServerFault(self.info.pid, "it broke off")

    def analysis(self, body: Mapping[str, object], progress: Progress) -> dict[str, Any]:
        """Return what an analysis made, by name."""
        return self.ask("/internal/analysis", body, progress)

    def export_readings(self, path: Path) -> None:
        """Have the server write a consistent copy of the readings to a file that does not exist yet."""
        self.post("/internal/readings/export", {"path": str(path.resolve())})

    def _one(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        try:
            with closing(self._connection()) as connection:
                connection.request(method, path, body, self._headers())
                response = connection.getresponse()
                content = response.read()
        except (OSError, http.client.HTTPException) as exc:
            raise ServerFault(self.info.pid, str(exc)) from exc
        return self._checked(response.status, content)

    def _lines(self, path: str, body: bytes) -> Iterator[dict[str, Any]]:
        try:
            with closing(self._connection()) as connection:
                connection.request("POST", path, body, self._headers())
                response = connection.getresponse()
                if response.status != _OK:
                    self._checked(response.status, response.read())
                for line in io.TextIOWrapper(response, encoding="utf-8"):
                    yield json.loads(line)
        except (OSError, http.client.HTTPException) as exc:
            raise ServerFault(self.info.pid, str(exc)) from exc

    def _checked(self, status: int, content: bytes) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(content)
        except ValueError:
            answer = {}
        if status == _OK:
            return answer
        if "fault" in answer:
            raise InputFault(answer["fault"])
        raise ServerFault(self.info.pid, f"it answers {status}")

    def _connection(self) -> http.client.HTTPConnection:
        where = urlsplit(self.info.internal)
        return http.client.HTTPConnection(where.hostname or "127.0.0.1", where.port, timeout=ANSWER_S)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.info.token}"}


def quoted(text: str) -> str:
    """Return text as one part of a path."""
    return quote(text, safe="")
