"""Findings, alerts and items brought into InfluxDB as they change, for Grafana.

What changed is read from `changes` and written with its present state; only then does the place move on. So a store
that is away costs a delay and nothing else, and writing again gives the same points. Where the place is unknown, older
than changes are kept, or ahead of the records, all records are written.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from alerts.model import Alert, AlertState
from analytics.ledger import FindingRecord
from api.privacy import is_restricted, tells_of_presence, visible_finding
from premises.stores.places import place_of
from rectification.by_savings import ItemSavings
from rectification.model import OPEN_STATES, Item, ItemState, ItemStep
from rectification.savings_evidence import proven
from rectification.savings_total import total
from sensors.clock import Clock
from sensors.journal import ChangeKind
from sensors.readings import epoch_ms
from sensors.subjects import Subject
from sensors.topology import Registry
from storage.ports import PlaceSpan
from storage.readings import influxdb_states as states
from storage.readings.influxdb_queries import Bucket
from storage.readings.influxdb_sending import send
from storage.readings.influxdb_server import InfluxServer
from storage.readings.influxdb_state_notes import Reached, StateNotes
from storage.readings.influxdb_states import StatePoint
from storage.records import SqlRecords
from storage.records.transaction import RecordsTransaction

AT_ONCE = 500
"""How many changes one round takes, so that a round is bounded."""

CHANGES_FORGOTTEN = timedelta(days=6)
"""Records forget changes after seven days: whoever looked away for longer writes everything again."""

TOTALS_EVERY = timedelta(hours=1)
"""Totals are written when something changed, and this often without, for a deadline passes by itself."""

ALL = 10**9
KINDS = frozenset({ChangeKind.FINDING, ChangeKind.ALERT, ChangeKind.ITEM})
_PROVEN = frozenset({ItemState.VERIFIED, ItemState.SIGNED_OFF})


@dataclass(slots=True)
class _Round:
    """What one round found: its points, and how far it brings the place."""

    change: int
    points: list[StatePoint] = field(default_factory=list)


class StateFeed:
    """Writes the records' states into one bucket. For one thread."""

    def __init__(
        self,
        *,
        records: SqlRecords,
        server: InfluxServer,
        bucket: Bucket,
        notes: StateNotes,
        registry: Callable[[], Registry],
        clock: Clock,
    ) -> None:
        """Take where from and where to; the server may be away."""
        self._records = records
        self._server = server
        self._bucket = bucket
        self._notes = notes
        self._registry = registry
        self._clock = clock
        self._log = structlog.get_logger(__name__)

    def once(self) -> int:
        """Write the next changes; return how many points that was, 0 where nothing is left to do.

        Raises StoreAwayError, StoreDeniedError, RecordsBusyError, RecordsAwayError; the place stays where it is.
        """
        now, reached = self._clock.now(), self._notes.reached
        with self._records.reading() as tx:
            found = self._round(tx, reached, now)
        if found is None:
            return 0
        keys = self._write(found.points)
        self._notes.advance(Reached(found.change, epoch_ms(now)), keys)
        return len(found.points)

    def _round(self, tx: RecordsTransaction, reached: Reached | None, now: datetime) -> _Round | None:
        newest = tx.last_change()
        if reached is None or _is_lost(reached, newest, now):
            return self._everything(tx, newest, now)
        changes = tx.changes(after=reached.change, limit=AT_ONCE)
        if not changes:
            is_due = epoch_ms(now) - reached.seen_ms >= TOTALS_EVERY / timedelta(milliseconds=1)
            return _Round(newest, self._totals(tx, now)) if is_due else None
        made = _Round(changes[-1].id, list(self._changed(tx, {(each.kind, each.subject) for each in changes})))
        if made.points and made.change == newest:
            made.points += self._totals(tx, now)
        return made

    def _everything(self, tx: RecordsTransaction, newest: int, now: datetime) -> _Round:
        made = _Round(newest)
        made.points += (each for record in tx.findings(limit=ALL) for each in self._of_finding(record))
        made.points += (self._of_alert(tx, alert) for alert in tx.alerts(limit=ALL))
        made.points += (each for item in tx.items(limit=ALL) for each in self._of_item(tx, item))
        made.points += self._totals(tx, now)
        return made

    def _changed(self, tx: RecordsTransaction, named: Iterable[tuple[ChangeKind, str]]) -> Iterator[StatePoint]:
        for kind, identifier in sorted(named):
            if kind is ChangeKind.FINDING and (record := tx.finding(identifier)) is not None:
                yield from self._of_finding(record)
            elif kind is ChangeKind.ALERT and (alert := tx.alert(identifier)) is not None:
                yield self._of_alert(tx, alert)
            elif kind is ChangeKind.ITEM and (item := tx.item(identifier)) is not None:
                yield from self._of_item(tx, item)

    def _of_finding(self, record: FindingRecord) -> Iterator[StatePoint]:
        """Yield the finding as the console shows it: no figures that tell of one person's presence."""
        shown = visible_finding(self._registry(), record)
        if shown is not None:
            yield states.finding_point(shown, self._place(record.subject, record.started))

    def _of_alert(self, tx: RecordsTransaction, alert: Alert) -> StatePoint:
        return states.alert_point(alert, tx.alert_steps(alert.id), self._place(alert.subject, alert.onset))

    def _of_item(self, tx: RecordsTransaction, item: Item) -> Iterator[StatePoint]:
        if is_restricted(self._registry(), item.subject):
            return
        steps, place = tx.item_steps(item.id), self._place(item.subject, item.opened)
        # Beside a room of one or two people the kWh of empty hours would tell of their presence.
        is_silent = tells_of_presence(self._registry(), item.rule, item.subject)
        yield states.item_point(item, None if is_silent else _proven(item, steps), place, self._zone)
        yield from states.item_step_points(item, steps, place)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self._registry().site.timezone)

    def _place(self, subject: Subject, time: datetime) -> PlaceSpan:
        return place_of(self._registry(), subject, epoch_ms(time))

    def _totals(self, tx: RecordsTransaction, now: datetime) -> list[StatePoint]:
        """Return one point that says how much is open now, and what verified items save together."""
        site = self._registry().site
        today = now.astimezone(self._zone).date()
        alerts, items = tx.alerts(open_only=True, limit=ALL), tx.items(limit=ALL)
        still = [item for item in items if item.state in OPEN_STATES]
        fields: dict[str, states.Value] = {
            "findings_open": len(tx.open_findings()),
            "alerts_open": len(alerts),
            "alerts_raised": sum(alert.state is AlertState.RAISED for alert in alerts),
            "items_open": len(still),
            "items_overdue": sum(item.deadline is not None and item.deadline < today for item in still),
            **_saved(_proven(item, tx.item_steps(item.id)) for item in items if item.state in _PROVEN),
        }
        return [
            StatePoint(measurement=states.TOTALS, tags={"site": site.id}, time_ms=epoch_ms(now), fields=fields),
        ]

    def _write(self, points: Sequence[StatePoint]) -> dict[str, str]:
        """Write points, each under the series that its record has; return the series of all records among them."""
        marks = {point.record for point in points if point.record}
        known = self._notes.keys(marks)
        keys = {point.record: known.get(point.record, point.key) for point in points if point.record}
        refused = send(self._server, self._bucket.name, [point.line(keys.get(point.record, "")) for point in points])
        # What lies beyond the bucket's retention is not wanted there; nothing else may hold up what follows.
        for each in refused[:1]:
            self._log.warning("states_refused", points=len(refused), detail=each.words)
        return keys


def _is_lost(reached: Reached, newest: int, now: datetime) -> bool:
    """Say whether changes may be missing: looked away too long, or the records come from a backup."""
    away_ms = epoch_ms(now) - reached.seen_ms
    return reached.change > newest or away_ms > CHANGES_FORGOTTEN / timedelta(milliseconds=1)


def _proven(item: Item, steps: Sequence[ItemStep]) -> ItemSavings | None:
    """Return what mending the item saves, while it counts as mended."""
    return proven(item.id, steps) if item.state in _PROVEN else None


def _saved(savings: Iterable[ItemSavings | None]) -> dict[str, states.Value]:
    found = total(each for each in savings if each is not None)
    low, high = found.ci90_kwh
    return {
        "savings_kwh": found.kwh,
        "savings_low_kwh": low,
        "savings_high_kwh": high,
        "savings_items": len(found.counted),
    }
