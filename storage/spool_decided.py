"""What was decided of alerts, as the outbox remembers it: told or held back, by what and until when."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.decisions import Hold
from sensors.readings import from_epoch_ms
from storage.spool_notices import SpoolFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What became of an alert's last beginning. `held` is None where people were told or nothing is decided yet."""

    held: Hold | None
    by: str
    until: datetime | None
    drill: str
    flapping: bool


class SpoolDecided(SpoolFile):
    """Answers those who only look."""

    def decided(self, alert_ids: Collection[str]) -> Mapping[str, Decided]:
        """Return what was decided of these alerts; those that the outbox does not know are left out."""
        rows = self._db.execute(
            "SELECT alert_id, held, held_by, look_ms, drill, flapping FROM outbox"
            " WHERE id IN (SELECT max(id) FROM outbox WHERE kind = 'raised'"
            " AND alert_id IN (SELECT value FROM json_each(?)) GROUP BY alert_id)",
            (json.dumps(list(alert_ids)),),
        ).fetchall()
        return {
            alert_id: Decided(
                held=Hold(held) if held in Hold.__members__.values() else None,
                by=held_by,
                until=from_epoch_ms(look_ms) if look_ms else None,
                drill=drill,
                flapping=bool(flapping),
            )
            for alert_id, held, held_by, look_ms, drill, flapping in rows
        }

    def suppressed(self) -> Mapping[str, str]:
        """Return the alerts that are held back because another one explains them, each with that one's id."""
        query = "SELECT alert_id, held_by FROM outbox WHERE plan = 'held' AND held = ? AND kind = 'raised'"
        return dict(self._db.execute(query, (Hold.SUPPRESSED.value,)).fetchall())
