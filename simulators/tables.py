"""Ticks as the text of a CSV file."""

from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

import numpy as np

from sensors.events import Event
from sensors.readings import from_epoch_ms
from simulators.block import Series
from simulators.field import Post
from simulators.world import Tick

READINGS_HEADER = "timestamp,device,metric,value,phase\n"


def post_rows(post: Post, until_ms: int, zone: ZoneInfo) -> str:
    """Return the lines of what gateways delivered before a time, by the times that they gave: events, then readings."""
    arrived = post.delivered(until_ms)
    order = np.lexsort((arrived.row, arrived.time_ms))
    columns = zip(*(each[order].tolist() for each in (arrived.row, arrived.time_ms, arrived.value)), strict=True)
    events = sorted(post.events(until_ms), key=lambda event: event.time)
    return "".join([*(_event_row(event, zone) for event in events), *_lines(columns, arrived.series, zone)])


def _lines(columns: Iterable[tuple[int, int, float]], series: Sequence[Series], zone: ZoneInfo) -> Iterator[str]:
    for row, time_ms, value in columns:
        device, metric, phase = series[row]
        stamp = from_epoch_ms(time_ms).astimezone(zone).isoformat()
        yield f"{stamp},{device},{metric},{value:.10g},{phase}\n"


def _event_row(event: Event, zone: ZoneInfo) -> str:
    return f"{event.time.astimezone(zone).isoformat()},{event.device},event,{event.type}:{event.state},\n"


def readings_rows(tick: Tick, zone: ZoneInfo) -> str:
    """Return the lines of a tick: its events as `event` with `type:state`, then its readings."""
    stamp = tick.time.astimezone(zone).isoformat()
    batch = tick.readings
    events = [_event_row(event, zone) for event in tick.events]
    columns = zip(batch.device, batch.metric, batch.value, batch.phase, strict=True)
    return "".join(
        [*events, *[f"{stamp},{device},{metric},{value:.10g},{phase}\n" for device, metric, value, phase in columns]]
    )
