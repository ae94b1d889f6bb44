"""A past in memory, for tests of what becomes of a notice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerts.dispatch import Notice, NoticeKind
from alerts.model import alert_id
from alerts.past import Edge, GroupPast, OpenAlert, Told
from sensors.alarms import Alarm
from sensors.signals import Signal


@dataclass(slots=True)
class MemoryPast:
    """Keeps `alerts.past.Past` by heart."""

    all_edges: dict[str, list[Edge]] = field(default_factory=dict)
    ends: dict[str, datetime] = field(default_factory=dict)
    opened: dict[str, OpenAlert] = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)
    groups: dict[str, GroupPast] = field(default_factory=dict)

    def edges(self, mark: str, *, since: datetime) -> Sequence[Edge]:
        return [edge for edge in self.all_edges.get(mark, ()) if edge.at >= since]

    def ended(self, alert_id: str) -> datetime | None:
        return self.ends.get(alert_id)

    def open_alerts(self, alarms: frozenset[Alarm]) -> Iterable[OpenAlert]:
        return [each for each in self.opened.values() if each.signal.event in alarms]

    def last_told(self, mark: str) -> Told | None:
        return self.told.get(mark)

    def group(self, key: str) -> GroupPast:
        return self.groups.get(key, GroupPast())

    # What happens in a test.

    def raised(self, signal: Signal) -> Notice:
        """Note that an alert began, and return the notice of it."""
        identifier = alert_id(signal.mark, signal.time)
        self.opened[identifier] = OpenAlert(alert_id=identifier, signal=signal)
        return self._noted(NoticeKind.RAISED, identifier, signal, signal.received)

    def cleared(self, signal: Signal, at: datetime) -> Notice:
        """Note that it is over, and return the notice of that."""
        identifier = alert_id(signal.mark, signal.time)
        self.opened.pop(identifier, None)
        self.ends[identifier] = at
        return self._noted(NoticeKind.CLEARED, identifier, signal, at)

    def tell(self, notice: Notice, at: datetime) -> None:
        """Note that people are told of a notice."""
        self.told[notice.signal.mark] = Told(kind=notice.kind, alert_id=notice.alert_id, at=at)

    def _noted(self, kind: NoticeKind, identifier: str, signal: Signal, at: datetime) -> Notice:
        edges = self.all_edges.setdefault(signal.mark, [])
        edges.append(Edge(kind=kind, alert_id=identifier, at=at))
        return Notice(number=len(edges), kind=kind, alert_id=identifier, signal=signal, at=at)
