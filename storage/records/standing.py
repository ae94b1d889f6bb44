"""What people say of alerts beforehand. Rows stay: one that ends early has that as its end, and by whom."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, Table

from alerts.model import Alert, AlertState
from alerts.standing import Drill, OutOfService, Shelf, Silence, Standing
from sensors.journal import ChangeKind
from storage.records.alerts import AlertRows
from storage.records.part import by_key
from storage.records.tables import ALERTS, DRILLS, OUT_OF_SERVICE, SHELVES, SILENCES

KEPT_STANDING = timedelta(days=1)
"""What ended is still known of for so long: whether a notice was held may be asked a little later."""

Thing = Silence | Drill | Shelf | OutOfService

_TABLES: Mapping[type, tuple[Table, str]] = {
    Silence: (SILENCES, "silence"),
    Drill: (DRILLS, "drill"),
    Shelf: (SHELVES, "shelf"),
    OutOfService: (OUT_OF_SERVICE, "out_of_service"),
}


class StandingRows(AlertRows):
    """Keeps `alerts.ports.StandingTransaction`."""

    __slots__ = ()

    def standing(self, now: datetime) -> Standing:
        """Return what stands, will stand, or stood until a day ago; without acknowledgements."""
        since = now - KEPT_STANDING
        return Standing(
            silences=[Silence(**row) for row in self._rows(_after(SILENCES, "ends", since))],
            drills=[Drill(**row) for row in self._rows(_after(DRILLS, "ends", since))],
            shelves=[Shelf(**row) for row in self._rows(_after(SHELVES, "until", since))],
            out_of_service=[OutOfService(**row) for row in self._rows(_after(OUT_OF_SERVICE, "until", since))],
        )

    def silence(self, silence_id: str) -> Silence | None:
        """Return a silence."""
        row = self._row(by_key(SILENCES, silence_id))
        return None if row is None else Silence(**row)

    def drill(self, drill_id: str) -> Drill | None:
        """Return a drill."""
        row = self._row(by_key(DRILLS, drill_id))
        return None if row is None else Drill(**row)

    def out_of_service(self, out_id: str) -> OutOfService | None:
        """Return what was taken out of service."""
        row = self._row(by_key(OUT_OF_SERVICE, out_id))
        return None if row is None else OutOfService(**row)

    def save_standing(self, thing: Thing, *, actor_id: str, action: str, at: datetime) -> None:
        """Insert or update one of them; `action` is what the audit log says was done."""
        table, kind = _TABLES[type(thing)]
        self._save(table, thing)
        self.note_change(ChangeKind.STANDING, thing.id, at=at)
        until = thing.ends if isinstance(thing, Silence | Drill) else thing.until
        detail = {"comment": thing.comment, "until": until.isoformat()}
        self.audit(actor_id=actor_id, action=f"{kind}.{action}", subject=f"{kind}:{thing.id}", at=at, detail=detail)

    def alerts_in(self, state: AlertState) -> Sequence[Alert]:
        """Return all alerts in a state, the newest first."""
        query = ALERTS.select().where(ALERTS.c.state == state).order_by(ALERTS.c.onset.desc(), ALERTS.c.id)
        return [Alert(**row) for row in self._rows(query)]


def _after(table: Table, column: str, since: datetime) -> Select[Any]:
    return table.select().where(table.c[column] > since).order_by(table.c.id)
