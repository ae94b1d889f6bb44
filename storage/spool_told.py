"""Who was told of how much, as the outbox remembers it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sensors.readings import epoch_ms, from_epoch_ms
from storage.spool_notices import SpoolFile

UNPLANNED = "nobody planned it"
"""The reason of what `storage.spool_plans` lets a channel tell without a plan."""


class SpoolTold(SpoolFile):
    """Answers those who only look."""

    def told(self, *, since: datetime, until: datetime, shared: Sequence[str] = ()) -> Mapping[str, Sequence[datetime]]:
        """Return when each contact was told that an alert began, in [since, until) and in order.

        An alert counts once for a contact, whatever the channels; `shared` reasons name nobody, and the channel counts.
        """
        rows = self._db.execute(
            "SELECT d.channel, d.reason, o.id, o.told_ms FROM outbox o JOIN tellings d ON d.outbox_id = o.id"
            " WHERE o.kind = 'raised' AND o.told_ms >= ? AND o.told_ms < ? AND d.state = 'done' ORDER BY o.told_ms",
            (epoch_ms(since), epoch_ms(until)),
        )
        found: defaultdict[str, dict[int, datetime]] = defaultdict(dict)
        for channel, reason, number, told_ms in rows.fetchall():
            person = channel if not reason or reason in shared else reason
            found[person].setdefault(number, from_epoch_ms(told_ms))
        return {person: list(times.values()) for person, times in found.items()}
