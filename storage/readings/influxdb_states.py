"""Findings, alerts and items as points of InfluxDB, each at the time it began, overwritten as it moves on.

Of one record there is one point, so a panel counts records by counting points. Where it is, what rule it is of and
what it is about are tags; what changes is a field. Steps of items are points of their own, each at its own time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from alerts.model import ACTIVE_STATES, OPEN_STATES, Alert, AlertAction, AlertStep
from analytics.ledger import FindingRecord
from rectification.by_savings import ItemSavings
from rectification.model import ENDED_STATES, Item, ItemState, ItemStep
from sensors.readings import epoch_ms
from sensors.subjects import Subject
from sensors.topology import SiteId
from storage.ports import PlaceSpan
from storage.readings.influxdb_events import nanosecond
from storage.readings.influxdb_lines import NANOSECONDS, series_key, text_field
from storage.readings.influxdb_places import NOWHERE

FINDINGS, ALERTS, ITEMS, ITEM_STEPS = "findings", "alerts", "items", "item_steps"
TOTALS, BOOKS, OCCUPIED_HOURS = "totals", "books", "occupied_hours"

STATE_TAGS = ("building", "floor", "gateway", "room", "rule", "site", "subject", "weekday")
"""In the order in which the server keeps them."""

Value = float | str | None
"""Of a field; None leaves it out, and leaves standing what was there before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePoint:
    """One point. `identity` makes two records that began at once two points; empty where time and tags are enough."""

    measurement: str
    tags: Mapping[str, str]
    time_ms: int
    fields: Mapping[str, Value]
    identity: str = ""

    @property
    def key(self) -> str:
        """Return how its line begins."""
        return series_key(self.measurement, self.tags, STATE_TAGS)

    @property
    def record(self) -> str:
        """Return what stands for the series of its record, which stays the one it was first written under."""
        return self.identity and f"{self.measurement}|{self.identity.partition('|')[0]}"

    def line(self, key: str = "") -> str:
        """Return its line, under another key where the record was first written under that."""
        said = ",".join(f"{name}={_written(value)}" for name, value in self.fields.items() if value is not None)
        offset = nanosecond(self.identity) if self.identity else 0
        return f"{key or self.key} {said} {self.time_ms * NANOSECONDS + offset}"


def _written(value: float | str) -> str:
    return text_field(value) if isinstance(value, str) else repr(float(value))


def finding_point(record: FindingRecord, place: PlaceSpan = NOWHERE) -> StatePoint:
    """Return the point of a finding, at its begin."""
    fields: dict[str, Value] = {
        "id": record.id,
        "severity": record.severity.value,
        "open": record.ended is None,
        "last_seen_ms": epoch_ms(record.last_seen),
        "ended_ms": _ms(record.ended),
        "value": record.value,
        "threshold": record.threshold,
        "unit": record.unit,
        "energy_kwh": record.energy_kwh,
        "judged": "" if record.judged is None else record.judged.value,
        "item": record.item_id or "",
    }
    tags = _tags(record.site, record.rule, record.subject, place)
    return StatePoint(
        measurement=FINDINGS, tags=tags, time_ms=epoch_ms(record.started), fields=fields, identity=record.id
    )


def alert_point(alert: Alert, steps: Iterable[AlertStep], place: PlaceSpan = NOWHERE) -> StatePoint:
    """Return the point of an alert, at its onset, with how many seconds it took to be acknowledged and to clear."""
    times = {step.action: step.at for step in reversed(list(steps))}
    fields: dict[str, Value] = {
        "id": alert.id,
        "severity": alert.severity.value,
        "state": alert.state.value,
        "event": alert.parameters.get("event", ""),
        "zone": alert.zone,
        "test": alert.test,
        "open": alert.state in OPEN_STATES,
        "active": alert.state in ACTIVE_STATES,
        "acknowledge_s": _seconds(alert.onset, times.get(AlertAction.ACKNOWLEDGE)),
        "clear_s": _seconds(alert.onset, times.get(AlertAction.CLEAR)),
    }
    tags = _tags(alert.site, alert.rule, alert.subject, place)
    return StatePoint(measurement=ALERTS, tags=tags, time_ms=epoch_ms(alert.onset), fields=fields, identity=alert.id)


def item_point(item: Item, savings: ItemSavings | None, place: PlaceSpan = NOWHERE, zone: tzinfo = UTC) -> StatePoint:
    """Return the point of an item, when it was opened, with what it is proven to save.

    `deadline_ms` is the end of its day in `zone`. Who is responsible is not in it: whoever may ask the store need not
    know.
    """
    saved = None if savings is None else savings.saved
    fields: dict[str, Value] = {
        "id": item.id,
        "number": item.number,
        "severity": item.severity.value,
        "state": item.state.value,
        "open": item.state not in ENDED_STATES,
        "verified": item.state in {ItemState.VERIFIED, ItemState.SIGNED_OFF},
        "recurrence": item.recurrence_of is not None,
        "deadline": "" if item.deadline is None else item.deadline.isoformat(),
        "deadline_ms": None if item.deadline is None else epoch_ms(_end_of(item.deadline, zone)),
        "verified_ms": _ms(item.verified),
        "signed_off_ms": _ms(item.signed_off),
        "savings_kwh": None if saved is None else saved.kwh,
        "savings_low_kwh": None if saved is None else saved.ci90_kwh[0],
        "savings_high_kwh": None if saved is None else saved.ci90_kwh[1],
    }
    return StatePoint(
        measurement=ITEMS, tags=_item_tags(item, place), time_ms=epoch_ms(item.opened), fields=fields, identity=item.id
    )


def item_step_points(item: Item, steps: Sequence[ItemStep], place: PlaceSpan = NOWHERE) -> list[StatePoint]:
    """Return a point for each step of an item, at its own time; steps are only ever added."""
    return [
        StatePoint(
            measurement=ITEM_STEPS,
            tags=_item_tags(item, place),
            time_ms=epoch_ms(step.at),
            fields={"action": step.action.value, "state": step.state.value, "number": item.number, "id": item.id},
            identity=f"{item.id}|{number}",
        )
        for number, step in enumerate(steps)
    ]


def _item_tags(item: Item, place: PlaceSpan) -> Mapping[str, str]:
    return _tags(item.site, item.rule, item.subject, place)


def _tags(site: SiteId, rule: str, subject: Subject, place: PlaceSpan) -> Mapping[str, str]:
    where = {"building": place.building, "floor": place.floor, "room": place.room}
    return {**where, "rule": rule, "site": site, "subject": str(subject)}


def _end_of(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)


def _ms(at: datetime | None) -> float | None:
    return None if at is None else epoch_ms(at)


def _seconds(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else (end - start).total_seconds()
