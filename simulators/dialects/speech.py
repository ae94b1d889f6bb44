"""What the gateways of a site publish over time, in order, whatever their format."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from simulators.dialects.dialect import Dialect
from simulators.dialects.spoken import Said

DAY_MS: Final = 86_400_000


class Published(NamedTuple):
    """A message, and when it goes out."""

    time_ms: int
    topic: str
    payload: bytes


def speech(dialect: Dialect, told: Iterable[Said]) -> Iterator[Published]:
    """Yield the births, what is said, and the wills. Gateways start anew at each midnight UTC that goes by."""
    before_ms: int | None = None
    for said in told:
        if before_ms is None:
            yield from (Published(said.time_ms, *each) for each in dialect.births(said.time_ms))
        elif said.time_ms // DAY_MS > before_ms // DAY_MS:
            yield from (Published(said.time_ms, *each) for each in dialect.restart(said.time_ms))
        before_ms = max(before_ms or 0, said.time_ms)
        yield from (Published(before_ms, *each) for each in dialect.says(said))
    if before_ms is not None:
        yield from (Published(before_ms, *each) for each in dialect.deaths(before_ms))
