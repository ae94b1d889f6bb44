"""What of a message is of the registry's site and devices; the rest goes into quarantine, less vital events."""

from collections.abc import Collection
from dataclasses import replace

from ingest.keeping import Kept, record_path
from ingest.native import Decoded, Topic
from sensors.events import VITAL_EVENTS, Event
from sensors.readings import ReadingBatch
from sensors.topology import Registry


class Known:
    """Judges by one registry."""

    def __init__(self, registry: Registry) -> None:
        """Know its site and devices."""
        self.site = registry.site.id
        self.devices = frozenset(registry.devices)

    def readings(self, kept: Kept, topic: Topic, decoded: Decoded) -> ReadingBatch | None:
        """Return the readings of known devices, None where there are none."""
        batch = decoded.readings
        if not len(batch):
            return None
        if topic.site != self.site:
            paths = [record_path(decoded, "readings", index) for index in decoded.reading_records]
            kept.add("unknown_site", self._site_detail(topic), records=len(paths), paths=paths)
            return None
        unknown = set(batch.device) - self.devices
        if not unknown:
            return batch
        lost = [index for index, device in zip(decoded.reading_records, batch.device, strict=True) if device in unknown]
        paths = [record_path(decoded, "readings", index) for index in lost]
        kept.add("unknown_device", _unknown_detail(unknown), records=len(lost), paths=paths)
        return _without(batch, unknown)

    def event(self, kept: Kept, topic: Topic, event: Event, path: str) -> Event | None:
        """Return the event, with doubts where a vital one comes from nowhere known; None where it is refused."""
        if topic.site != self.site:
            reason, detail = "unknown_site", self._site_detail(topic)
        elif event.device not in self.devices:
            reason, detail = "unknown_device", _unknown_detail({event.device})
        else:
            return event
        if event.type in VITAL_EVENTS:
            return replace(event, site=self.site, doubts=tuple(dict.fromkeys((*event.doubts, reason))))
        kept.add(reason, detail, records=1, paths=[path])
        return None

    def _site_detail(self, topic: Topic) -> str:
        return f"site {topic.site!r} is not {self.site!r} of the registry; mend the topic or the registry"


def _without(batch: ReadingBatch, devices: set[str]) -> ReadingBatch | None:
    kept = ReadingBatch(site=batch.site)
    for index, device in enumerate(batch.device):
        if device not in devices:
            kept.add(
                batch.time_ms[index],
                device,
                batch.metric[index],
                batch.value[index],
                phase=batch.phase[index],
                quality=batch.quality[index],
                flags=batch.flags[index],
            )
    return kept if len(kept) else None


def _unknown_detail(devices: Collection[str]) -> str:
    named = ", ".join(sorted(devices)[:10])
    return f"not in the registry: {named}; add it there, or mend the device's id"
