"""What nodes that share the records tell each other: steps of alerts by number, whose turn it is, what was sent."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select

from alerts.model import AlertStep
from alerts.turns import Lease
from storage.records.part import Part, fields_of
from storage.records.tables import ALERT_DELIVERIES, ALERT_STEPS, LEASES

_STEP = fields_of(ALERT_STEPS)
_KEYS_AT_ONCE = 200


class NodeRows(Part):
    """Keeps what `premises.notices` asks of the records beyond the alerts themselves."""

    __slots__ = ()

    def alert_steps_after(self, number: int, *, limit: int) -> Sequence[tuple[int, AlertStep]]:
        """Return the steps of all alerts behind a number, each with its own, in order."""
        query = select(*_STEP).where(ALERT_STEPS.c.number > number).order_by(ALERT_STEPS.c.number).limit(limit)
        rows = [dict(row) for row in self._rows(query)]
        return [(row.pop("number"), AlertStep(**row)) for row in rows]

    def newest_alert_step(self) -> int:
        """Return the number of the newest step, 0 where there is none."""
        return int(self.connection.execute(select(func.coalesce(func.max(ALERT_STEPS.c.number), 0))).scalar_one())

    def lease(self, site: str, purpose: str) -> Lease | None:
        """Return whose turn it is; None where nobody ever took it."""
        row = self._row(LEASES.select().where(LEASES.c.site == site, LEASES.c.purpose == purpose))
        return None if row is None else Lease(holder=row["holder"], beat=row["beat"], until=row["until"])

    def take_lease(self, site: str, purpose: str, found: Lease | None, taken: Lease) -> bool:
        """Put `taken` in the place of what was found; say whether it was still there."""
        if found is None:
            values = {
                "site": site,
                "purpose": purpose,
                "holder": taken.holder,
                "beat": taken.beat,
                "until": taken.until,
            }
            if self.lease(site, purpose) is not None:
                return False
            self._write(LEASES.insert().values(values))
            return True
        same = (
            LEASES.c.site == site,
            LEASES.c.purpose == purpose,
            LEASES.c.holder == found.holder,
            LEASES.c.beat == found.beat,
        )
        values = {"holder": taken.holder, "beat": taken.beat, "until": taken.until}
        return self._write(LEASES.update().where(*same).values(values)).rowcount == 1

    def note_sent(self, sent: Iterable[tuple[str, str]], *, node: str, at: datetime) -> None:
        """Remember keys and channels of what a node has sent."""
        wanted = list(sent)
        known = set(self.sent_among(wanted))
        for key, channel in wanted:
            if (key, channel) not in known:
                known.add((key, channel))
                self._write(ALERT_DELIVERIES.insert().values(key=key, channel=channel, node=node, at=at))

    def sent_among(self, wanted: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
        """Return those of these keys and channels that some node has sent."""
        keys = sorted({key for key, _ in wanted})
        found = set[tuple[str, str]]()
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[start : start + _KEYS_AT_ONCE]
            query = select(ALERT_DELIVERIES.c.key, ALERT_DELIVERIES.c.channel).where(ALERT_DELIVERIES.c.key.in_(some))
            found |= {(row["key"], row["channel"]) for row in self._rows(query)}
        return [each for each in wanted if each in found]

    def forget_sent(self, before: datetime) -> None:
        """Forget what was sent before a time."""
        self._write(ALERT_DELIVERIES.delete().where(ALERT_DELIVERIES.c.at < before))
