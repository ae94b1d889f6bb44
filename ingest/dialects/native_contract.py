"""The native contract seen as one more format, so that `premises decode` explains it like the others."""

from ingest import native
from ingest.dialects.decoded import Context, Decoded, DialectError, Outcome, Row
from sensors.readings import Quality

_READINGS, _EVENTS = "readings", "events"


class NativeContract:
    """Reads `premises/v1/…`; a payload without a topic is taken for a batch of what it holds."""

    def forget(self) -> None:
        """Forget nothing: nothing is remembered."""

    def decode(self, topic: str, payload: bytes, context: Context) -> Decoded:
        """Return what a message says. Raises DialectError."""
        try:
            parsed = native.Topic.parse(topic or _likely_topic(payload, context))
        except native.TopicError as exc:
            raise DialectError(reason="unknown_topic", detail=str(exc)) from exc
        found = native.decode(parsed, payload, received_ms=context.received_ms)
        if any(problem.record is None for problem in found.problems):
            problem = found.problems[0]
            raise DialectError(reason=problem.reason, detail=problem.detail)
        return _told(found)


def _likely_topic(payload: bytes, context: Context) -> str:
    kind = _EVENTS if b'"events"' in payload else _READINGS
    return f"premises/v1/{context.site or 'site'}/{context.gateway or 'gateway'}/{kind}"


def _told(found: native.Decoded) -> Decoded:
    out = Decoded(events=list(found.events))
    out.event_paths = [f"{_EVENTS}[{index}]" for index in found.event_records]
    out.problems = [Outcome(each.path, each.reason, each.detail) for each in found.problems]
    out.notes = [Outcome(each.path, each.reason, each.detail) for each in found.notes]
    batch = found.readings
    columns = zip(batch.time_ms, batch.device, batch.metric, batch.phase, batch.value, batch.flags, strict=True)
    for index, quality, row in zip(found.reading_records, batch.quality, columns, strict=True):
        _keep(out, row, f"{_READINGS}[{index}]", quality)
    return out


def _keep(out: Decoded, row: Row, path: str, quality: int) -> None:
    if quality == Quality.FAULT:
        out.faulty.append((row, Outcome(path, "fault", "the device says that there is no value")))
    else:
        out.readings.append(row)
        out.paths.append(path)
