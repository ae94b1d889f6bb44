"""Lines to one bucket, in requests of a good size; what the server will not have is found by halving."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from storage.errors import StoreRefusedError
from storage.readings.influxdb_lines import body
from storage.readings.influxdb_server import InfluxServer

LINES_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """The position of a line that the server will not have, and its words."""

    position: int
    words: str


def send(server: InfluxServer, bucket: str, lines: Sequence[str]) -> list[RefusedLine]:
    """Write all lines that the server takes; return the others.

    Raises StoreAwayError and StoreDeniedError; then some may be in, and writing all of them again is right.
    """
    starts = range(0, len(lines), LINES_AT_ONCE)
    return [
        refused for start in starts for refused in _sent(server, bucket, lines[start : start + LINES_AT_ONCE], start)
    ]


def _sent(server: InfluxServer, bucket: str, lines: Sequence[str], start: int) -> Iterator[RefusedLine]:
    try:
        server.write(bucket, body(lines))
    except StoreRefusedError as exc:
        # An answer that counts as many dropped as were sent spares the halving: all lie beyond the retention, say.
        if len(lines) == 1 or exc.dropped == len(lines):
            yield from (RefusedLine(start + index, exc.words) for index in range(len(lines)))
            return
        half = len(lines) // 2
        yield from _sent(server, bucket, lines[:half], start)
        yield from _sent(server, bucket, lines[half:], start + half)
