"""Events on their way into InfluxDB: each at a nanosecond of its own within its millisecond.

Two points of one series and time would be one. The nanosecond is a hash of the event's identity, so that the same event
written again is the same point; one that meets another event's takes the next free one.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from sensors.events import Event
from sensors.readings import epoch_ms
from sensors.topology import SiteId
from storage.ports import Places, PlaceSpan, Refusal
from storage.readings import influxdb_answers as answers
from storage.readings import influxdb_queries as queries
from storage.readings.frames import event_identity
from storage.readings.influxdb_lines import EARLIEST_MS, LATEST_MS, NANOSECONDS, event_kind, event_line, series_key
from storage.readings.influxdb_places import NOWHERE
from storage.readings.influxdb_queries import Bucket, Scope
from storage.readings.influxdb_sending import send
from storage.readings.influxdb_server import InfluxServer

_OUT_OF_TIME = "a time that InfluxDB cannot hold: it knows 1677 to 2262"


class EventWriter:
    """Writes events into one bucket. For one thread at a time."""

    def __init__(self, server: InfluxServer, bucket: Bucket, places: Places) -> None:
        """Take where to write."""
        self._server = server
        self._bucket = bucket
        self._places = places

    def write(self, events: Sequence[Event]) -> list[Refusal]:
        """Write events of different identities; return those that the server will not have, with its words."""
        fitting = [event for event in events if _fits(event)]
        late = [Refusal(words=_OUT_OF_TIME, events=(event,)) for event in events if not _fits(event)]
        taken: defaultdict[tuple[SiteId, int], dict[int, str]] = defaultdict(dict)
        lines = [event_line(event, self._key(event), self._time_ns(event, taken)) for event in fitting]
        refused = send(self._server, self._bucket.name, lines) if lines else []
        return late + [Refusal(words=each.words, events=(fitting[each.position],)) for each in refused]

    def _key(self, event: Event) -> str:
        span = _span_at(self._places.spans(event.site, event.device), epoch_ms(event.time))
        tags = {
            "building": span.building,
            "device": event.device,
            "floor": span.floor,
            "room": span.room,
            "site": event.site,
        }
        return series_key(event_kind(event), tags)

    def _time_ns(self, event: Event, taken: defaultdict[tuple[SiteId, int], dict[int, str]]) -> int:
        """Return the event's nanosecond; `taken` holds what is known of each site's milliseconds."""
        time_ms, identity = epoch_ms(event.time), event_identity(event)
        if (event.site, time_ms) not in taken:
            taken[event.site, time_ms] = self._stored(event.site, time_ms)
        here = taken[event.site, time_ms]
        offset = nanosecond(identity)
        while here.get(offset, identity) != identity:
            offset = (offset + 1) % NANOSECONDS
        here[offset] = identity
        return time_ms * NANOSECONDS + offset

    def _stored(self, site: SiteId, time_ms: int) -> dict[int, str]:
        scope = Scope(site=site, start_ms=time_ms, end_ms=time_ms + 1)
        return answers.event_nanoseconds(self._server.ask(list(queries.events(self._bucket, scope))))


def _fits(event: Event) -> bool:
    return EARLIEST_MS <= epoch_ms(event.time) < LATEST_MS


def nanosecond(identity: str) -> int:
    """Return which nanosecond of its millisecond an event asks for, 0 to 999,999."""
    digest = hashlib.blake2b(identity.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % NANOSECONDS


def _span_at(spans: Sequence[PlaceSpan], time_ms: int) -> PlaceSpan:
    return next((span for span in reversed(spans) if span.start_ms <= time_ms), NOWHERE)
