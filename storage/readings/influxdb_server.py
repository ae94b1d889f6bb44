"""InfluxDB over HTTP: lines written by influxdb-client, InfluxQL asked of `/query`; every answer becomes ours here."""

import gzip
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService
from urllib3.exceptions import HTTPError, SSLError

from storage.errors import StoreAwayError, StoreDeniedError, StoreRefusedError

TIMEOUT_S = 30.0
CONNECT_S = 5.0
ROWS_IN_A_PIECE = 10_000
"""How many rows the server sends at once, so that neither side holds a whole answer."""

WORTH_PACKING_BYTES = 1_024
LONGEST_WORDS = 300

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_NO_CONTENT = 204
_FIRST_ERROR = 300
_BAD_REQUEST = 400
_UNPROCESSABLE = 422
_TOO_LARGE = 413
_ADVICE: Mapping[int, str] = {
    401: "the token is not taken; put a valid one into the file that [store] token_file names",
    403: "the token may not do this; give it read and write on the buckets",
    404: "the organisation, bucket or database is not there; run `premises store setup` or look at [store]",
}
_DROPPED = re.compile(r"dropped=(\d+)|dropped (\d+) points")
_EXAMPLES = " - oldest point"
"""From here on 2.x shows points of its choice, so that the same reason has other words each time."""

_MISSING_PLACE = re.compile(r"(database|retention policy|bucket|organization).*not found", re.IGNORECASE)
_NOT_ALLOWED = re.compile(r"not authorized|unauthorized|forbidden", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxAddress:
    """Where an InfluxDB is and how it is talked to. The token is never shown."""

    url: str
    token: str = field(default="", repr=False)
    org: str = ""
    timeout_s: float = TIMEOUT_S
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """One piece of an answer: rows of one measurement with one set of tags; a series may come in many pieces."""

    statement: int
    name: str
    tags: Mapping[str, str]
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


class InfluxServer:
    """One server. Any thread may use it; nothing is sent before it is asked for."""

    def __init__(self, address: InfluxAddress) -> None:
        """Prepare; raises nothing, for the server may be away."""
        self._address = address
        self.where = f"InfluxDB at {address.url}"
        self._headers = {"Authorization": f"Token {address.token}"} if address.token else {}
        ca_file = None if address.ca_file is None else str(address.ca_file)
        self._client = InfluxDBClient(
            url=address.url,
            token=address.token,
            org=address.org,
            timeout=int(address.timeout_s * 1000),
            verify_ssl=True,
            ssl_ca_cert=ca_file,
            retries=False,
        )
        self._writing = WriteService(self._client.api_client)  # type: ignore[no-untyped-call] # generated code
        self._pool = urllib3.PoolManager(
            cert_reqs=ssl.CERT_REQUIRED,
            ca_certs=ca_file,
            maxsize=4,
            retries=False,
            timeout=urllib3.Timeout(connect=min(CONNECT_S, address.timeout_s), read=address.timeout_s),
        )
        # On the way to another machine bytes cost more than packing them; on loopback packing does.
        self._packs = urlsplit(address.url).hostname not in _LOOPBACK

    def write(self, bucket: str, lines: bytes) -> None:
        """Write lines with times in nanoseconds; return when they are all in.

        Raises StoreAwayError, StoreDeniedError, or StoreRefusedError where some or all of them are not in.
        """
        packed = self._packs and len(lines) >= WORTH_PACKING_BYTES
        with self._translated():
            _, status, _ = self._writing.post_write_with_http_info(  # type: ignore[no-untyped-call] # generated code
                self._address.org,
                bucket,
                gzip.compress(lines, compresslevel=1) if packed else lines,
                precision="ns",
                content_encoding="gzip" if packed else "identity",
                content_type="text/plain; charset=utf-8",
            )
        if status != _NO_CONTENT:
            raise StoreAwayError(self.where, f"answers {status} to a write, which an InfluxDB does not")

    def ask(self, statements: Sequence[str], *, database: str = "") -> Iterator[Series]:
        """Yield what statements of InfluxQL answer, piece by piece, times in nanoseconds.

        Raises StoreAwayError, StoreDeniedError, StoreRefusedError; an answer that breaks off raises as well.
        """
        fields = {"q": ";".join(statements), "epoch": "ns", "chunked": "true", "chunk_size": str(ROWS_IN_A_PIECE)}
        if database:
            fields["db"] = database
        with self._translated(), closing(self._post("/query", fields)) as response:
            if response.status >= _FIRST_ERROR:
                raise self._error(response.status, response.data, response.headers)
            answered, more = -1, False
            for line in _lines(response):
                for result in self._results(line):
                    answered, more = result.get("statement_id", 0), result.get("partial", False)
                    yield from _series(result)
        if more or answered != len(statements) - 1:
            raise StoreAwayError(self.where, "the answer broke off")

    def get(self, path: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        """Return what the API of 2.x answers. Raises as `ask` does."""
        return self._json("GET", f"{path}?{urlencode(query)}")

    def post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the API of 2.x answers to a body. Raises as `ask` does."""
        return self._json("POST", path, orjson.dumps(body))

    def delete(self, path: str) -> None:
        """Have the API of 2.x delete something. Raises as `ask` does."""
        self._json("DELETE", path)

    def version(self) -> str:
        """Return what the server says it is, such as `1.6.7` or `v2.7.11`. Raises StoreAwayError."""
        return self._ping("X-Influxdb-Version")

    def date(self) -> str:
        """Return what the server's clock says, as HTTP writes it; empty where it does not. Raises StoreAwayError."""
        return self._ping("Date")

    def _ping(self, header: str) -> str:
        with self._translated():
            response = self._pool.request("GET", f"{self._address.url}/ping", headers=self._headers)
        return str(response.headers.get(header, ""))

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()  # type: ignore[no-untyped-call] # the library's own is not typed
        self._pool.clear()

    def _post(self, path: str, fields: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip" if self._packs else "identity"}
        return self._pool.request(
            "POST",
            f"{self._address.url}{path}",
            body=urlencode(fields),
            headers={**self._headers, **headers, "Content-Type": "application/x-www-form-urlencoded"},
            preload_content=False,
        )

    def _json(self, method: str, path: str, body: bytes | None = None) -> Mapping[str, Any]:
        headers = {**self._headers, "Content-Type": "application/json"}
        with self._translated():
            response = self._pool.request(method, f"{self._address.url}{path}", body=body, headers=headers)
        if response.status >= _FIRST_ERROR:
            raise self._error(response.status, response.data, response.headers)
        return _object(response.data)

    def _results(self, line: bytes) -> Sequence[Mapping[str, Any]]:
        answer = _object(line)
        for each in (answer, *answer.get("results", ())):
            if "error" in each:
                raise self._result_error(str(each["error"]))
        found: Sequence[Mapping[str, Any]] = answer.get("results", ())
        return found

    def _result_error(self, words: str) -> Exception:
        """Return our error for one that came with status 200."""
        if _MISSING_PLACE.search(words):
            return self._denied(404, words)
        if _NOT_ALLOWED.search(words):
            return self._denied(403, words)
        return StoreAwayError(self.where, _one_line(words))

    def _error(self, status: int, body: bytes | str, headers: Mapping[str, str]) -> Exception:
        """Return our error for a status: the one place that says what an answer means."""
        answer = _object(body)
        said = str(answer.get("message") or answer.get("error") or f"answers {status}")
        words = _one_line(said.partition(_EXAMPLES)[0])
        if status in _ADVICE:
            return self._denied(status, words)
        # A proxy's 400 says nothing of the lines: only an InfluxDB's own word refuses them.
        if status in {_BAD_REQUEST, _UNPROCESSABLE, _TOO_LARGE} and answer:
            dropped = _DROPPED.search(said)
            return StoreRefusedError(words, dropped=None if dropped is None else int(dropped[1] or dropped[2]))
        return StoreAwayError(self.where, words, retry_after_s=_seconds(headers.get("Retry-After")))

    def _denied(self, status: int, words: str) -> StoreDeniedError:
        return StoreDeniedError(self.where, _one_line(words), status=status, advice=_ADVICE[status])

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn both libraries' errors into ours; no other place does."""
        try:
            yield
        except ApiException as exc:
            if not exc.status:  # the client says so of a certificate that does not hold
                raise StoreAwayError(self.where, _certificate(str(exc.reason))) from None
            raise self._error(exc.status, exc.body or b"", exc.headers or {}) from None
        except SSLError as exc:
            raise StoreAwayError(self.where, _certificate(str(exc))) from None
        except HTTPError as exc:
            raise StoreAwayError(self.where, _reason(exc)) from None


def _lines(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    rest = b""
    for piece in response.stream(1 << 20):
        *whole, rest = (rest + piece).split(b"\n")
        yield from filter(None, whole)
    if rest:
        yield rest


def _series(result: Mapping[str, Any]) -> Iterator[Series]:
    for each in result.get("series", ()):
        yield Series(
            statement=result.get("statement_id", 0),
            name=each.get("name", ""),
            tags=each.get("tags", {}),
            columns=each["columns"],
            rows=each.get("values", ()),
        )


def _object(text: bytes | str) -> Mapping[str, Any]:
    """Return a JSON object; an empty one for whatever is none."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isdigit() else None


def _one_line(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= LONGEST_WORDS else f"{line[:LONGEST_WORDS]}…"


def _certificate(words: str) -> str:
    return f"its certificate is not trusted ({_one_line(words)}); name its authority as [store] ca_file"


def _reason(exc: HTTPError) -> str:
    """Return what went wrong with a connection, without the library's objects in it."""
    words = str(exc)
    return _one_line(words.rpartition(">: ")[2] or type(exc).__name__)
