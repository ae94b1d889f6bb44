"""What the spool shows of how we fare: channels that fail, what nobody was told of, when somebody spoke. Reads only."""

import sqlite3
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sensors.alarms import Alarm
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.signals import Signal
from storage.spool_codec import SpoolDataError, unpack_signal

_DEAD_COUNT_MS = 24 * 3_600_000
"""What was given up longer ago says nothing of how a channel fares now."""

_FAILING = """
    WITH taken AS (SELECT channel, max(id) AS id FROM tellings WHERE state = 'done' GROUP BY channel)
    SELECT d.channel, sum(max(d.attempts, 1)), min(o.at_ms)
    FROM tellings d JOIN outbox o ON o.id = d.outbox_id LEFT JOIN taken t ON t.channel = d.channel
    WHERE (d.state = 'retry' OR (d.state = 'dead' AND o.at_ms > ?)) AND d.id > coalesce(t.id, 0)
    GROUP BY d.channel ORDER BY d.channel
"""

_UNSENT = """
    SELECT min(o.at_ms) FROM outbox o WHERE o.urgent = 1 AND o.kind = 'raised'
    AND (o.plan = 'new' OR EXISTS (SELECT 1 FROM tellings d WHERE d.outbox_id = o.id AND d.level = 0
                                   AND (d.state IN ('waiting', 'retry') OR (d.state = 'dead' AND NOT EXISTS
                                        (SELECT 1 FROM acknowledged a WHERE a.alert_id = o.alert_id)))))
    AND NOT EXISTS (SELECT 1 FROM tellings t WHERE t.outbox_id = o.id AND t.state = 'done')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingChannel:
    """A channel whose attempts have failed since its last success: how many, and since which notice."""

    channel: str
    failures: int
    since: datetime


class SpoolHealth:
    """A look into a spool that is there, with a connection of its own. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file for reading."""
        self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def failing_channels(self, now: datetime) -> Sequence[FailingChannel]:
        """Return the channels that failed since they last succeeded."""
        rows = self._db.execute(_FAILING, (epoch_ms(now) - _DEAD_COUNT_MS,))
        return [
            FailingChannel(channel=name, failures=failures, since=from_epoch_ms(since_ms))
            for name, failures, since_ms in rows.fetchall()
        ]

    def oldest_unsent(self) -> datetime | None:
        """Return when the oldest red came that no channel has taken, None where there is none.

        What every channel refused for good counts until a person has seen it.
        """
        return self._instant(_UNSENT)

    def last_heard(self) -> datetime | None:
        """Return when the last record of any gateway came, None where none ever did."""
        return self._instant("SELECT max(last_received_ms) FROM books")

    def oldest_entry(self) -> datetime | None:
        """Return when the first entry came that waits for the store, None where none waits."""
        return self._instant("SELECT received_ms FROM entries ORDER BY id LIMIT 1")

    def open_signals(self, alarms: Collection[Alarm]) -> Sequence[Signal]:
        """Return what is open of these alarms; what cannot be read back is nobody's to end."""
        marks = ", ".join("?" for _ in alarms)
        query = f"SELECT signal FROM open_signals WHERE event IN ({marks})"  # noqa: S608 - question marks only
        found = []
        for (packed,) in self._db.execute(query, [alarm.value for alarm in alarms]).fetchall():
            with suppress(SpoolDataError):
                found.append(unpack_signal(packed))
        return found

    def was_told(self, alert_id: str) -> bool:
        """Say whether there ever was a notice of this alert, as far back as notices are kept."""
        row = self._db.execute("SELECT 1 FROM outbox WHERE kind = 'raised' AND alert_id = ?", (alert_id,)).fetchone()
        return row is not None

    def was_acknowledged(self, alert_id: str) -> bool:
        """Say whether a person has seen this alert, as far as it is known beside the records."""
        row = self._db.execute("SELECT 1 FROM acknowledged WHERE alert_id = ?", (alert_id,)).fetchone()
        return row is not None

    def _instant(self, query: str) -> datetime | None:
        row = self._db.execute(query).fetchone()
        return None if row is None or row[0] is None else from_epoch_ms(row[0])
