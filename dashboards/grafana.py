"""A Grafana over HTTP by grafana-client, an extra: `pip install 'premises[grafana]'`. Its errors become ours here.

grafana-client brings urllib3-future, which takes urllib3's place in the environment it is installed into; hence the
import within, and the advice to give it an environment of its own.
"""

import importlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol
from urllib.parse import urlsplit

from sensors.errors import InputFault

TIMEOUT_S = 20.0


class GrafanaFault(InputFault):
    """A Grafana that cannot be pushed to; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a Grafana answered: the status, and the JSON or text of the body."""

    status: int
    body: Any


class Grafana(Protocol):
    """One Grafana's HTTP API. Raises GrafanaFault where no answer comes."""

    @property
    def where(self) -> str:
        """Return its address."""
        ...

    def call(self, method: str, path: str, body: object = None) -> Answer:
        """Return the answer to a request of the API, `path` without `/api`."""
        ...


class ClientGrafana:
    """A Grafana that grafana-client talks to."""

    def __init__(self, url: str, token: str, *, ca_file: Path | None = None) -> None:
        """Prepare; nothing is sent yet. Raises GrafanaFault where the address is none or the extra is missing."""
        self.where = url.rstrip("/")
        parts = urlsplit(self.where)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
            msg = f"{url}: is no address of a Grafana; write https://grafana.example or http://127.0.0.1:3000"
            raise GrafanaFault(msg)
        self._library = _library("grafana_client.client")
        self._http = _library("niquests.exceptions")
        self._client: Any = self._library.GrafanaClient(
            token,
            host=f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname,
            port=parts.port,
            url_path_prefix=f"{parts.path.strip('/')}/" if parts.path.strip("/") else "",
            protocol=parts.scheme,
            verify=True if ca_file is None else str(ca_file),
            timeout=TIMEOUT_S,
        )

    def call(self, method: str, path: str, body: object = None) -> Answer:
        """Return the answer, whatever its status. Raises GrafanaFault where none comes."""
        try:
            found = getattr(self._client, method)(path, json=body)
        except self._library.GrafanaException as exc:
            if not exc.status_code:
                raise GrafanaFault(away(self.where, str(exc))) from None
            return Answer(exc.status_code, exc.response)
        # The library lets these two through: no connection, and an answer that is no JSON.
        except self._http.JSONDecodeError:
            return Answer(200, "")
        except self._http.SSLError as exc:
            raise GrafanaFault(untrusted(self.where, str(exc))) from None
        except self._http.RequestException as exc:
            raise GrafanaFault(away(self.where, str(exc))) from None
        return Answer(200, found)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.s.close()


def _library(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as exc:
        msg = f"{exc.name} is missing: pip install 'premises[grafana]', best into an environment of its own"
        raise GrafanaFault(msg) from exc


def away(where: str, words: str) -> str:
    """Return what to do where nothing answers."""
    return f"{where}: no Grafana answers ({_short(words)}); look at the address, the port and the firewall"


def untrusted(where: str, words: str) -> str:
    """Return what to do where the certificate is not trusted, or where there is none."""
    if _NO_TLS in words:
        return f"{where}: what answers there does not speak TLS; write http:// or look at the port"
    return f"{where}: its certificate is not trusted ({_short(words)}); name its authority with --ca-file"


_NO_TLS = "WRONG_VERSION_NUMBER"
_LONGEST_WORDS = 160


def _short(words: str) -> str:
    """Return the last cause that the library's chain of objects tells, in one line."""
    line = " ".join(words.split())
    cause = line.rpartition(">: ")[2] if ">: " in line else line.rpartition("Error(")[2]
    return (cause.strip("\"')( ") or line)[:_LONGEST_WORDS]
