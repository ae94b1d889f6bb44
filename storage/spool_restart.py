"""What a restart does to times in the spool: the clock may have been set back while nobody looked."""

from datetime import datetime

from sensors.readings import epoch_ms
from storage.spool_notices import SpoolFile
from storage.spool_turns import Durability

_TOLD_MS = "(SELECT told_ms FROM outbox o WHERE o.id = outbox_id)"


class SpoolRestart(SpoolFile):
    """Brings near what was put off by a clock that was ahead; for once before anything is sent."""

    def bring_near(self, now: datetime) -> int:
        """Return how many tellings are due earlier now: every further attempt at once, a planned one as it was meant.

        A telling that was planned in the future keeps its distance from when it was planned. One that was moved along
        with the clock already lies before that, and stays.
        """
        now_ms = epoch_ms(now)
        planned = (
            f"UPDATE tellings SET due_ms = due_ms - ({_TOLD_MS} - ?1)"  # noqa: S608 - names are ours
            f" WHERE state = 'waiting' AND {_TOLD_MS} > ?1 AND due_ms >= {_TOLD_MS}"
        )
        levels = (
            "UPDATE outbox SET climb_ms = max(1, climb_ms - (told_ms - ?1)), from_ms = max(1, from_ms - (told_ms - ?1))"
            " WHERE climb_ms > 0 AND told_ms > ?1 AND climb_ms >= told_ms"
        )
        with self._transaction(Durability.THROUGH_OUR_END) as db:
            tried = db.execute("UPDATE tellings SET due_ms = ?1 WHERE state = 'retry' AND due_ms > ?1", (now_ms,))
            return tried.rowcount + sum(db.execute(query, (now_ms,)).rowcount for query in (planned, levels))
