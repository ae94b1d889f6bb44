"""What people write down about fire safety. Rows are only ever added."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import RowMapping, Table, select

from alerts.model import Alert
from sensors.journal import ChangeKind
from sensors.logs import AlarmCheck, DutyEntry, FireTest, Isolation, IsolationAction, IsolationStep, KeptIsolation
from sensors.topology import SiteId
from storage.records.journal import AuditRows
from storage.records.part import by_key, fields_of, row_of
from storage.records.tables import ALARM_CHECKS, ALERTS, DUTY_ENTRIES, FIRE_TESTS, ISOLATION_STEPS, ISOLATIONS

_STEP = fields_of(ISOLATION_STEPS, "number")
_CORRECTED = (DUTY_ENTRIES, FIRE_TESTS, ALARM_CHECKS)
_OVER = frozenset({IsolationAction.END, IsolationAction.REFUSE, IsolationAction.WITHDRAW})


class LogRows(AuditRows):
    """Keeps `alerts.logs.ports.LogTransaction` but for the alerts."""

    __slots__ = ()

    def duty_entries(self, site: SiteId, *, since: datetime, until: datetime, limit: int = 2000) -> Sequence[DutyEntry]:
        """Return the newest entries about [since, until), in the order of what they tell of."""
        table = DUTY_ENTRIES
        query = table.select().where(table.c.site == site, table.c.at >= since, table.c.at < until)
        found = self._rows(query.order_by(table.c.at.desc(), table.c.id.desc()).limit(limit))
        return [DutyEntry(**row) for row in reversed(found)]

    def duty_entry(self, entry_id: str) -> DutyEntry | None:
        """Return an entry."""
        row = self._row(by_key(DUTY_ENTRIES, entry_id))
        return None if row is None else DutyEntry(**row)

    def first_duty_entry(self, site: SiteId) -> datetime | None:
        """Return when the duty log begins, None where nothing was ever written."""
        table = DUTY_ENTRIES
        row = self._row(select(table.c.at).where(table.c.site == site).order_by(table.c.at).limit(1))
        return None if row is None else row["at"]

    def add_duty_entry(self, entry: DutyEntry) -> None:
        """Keep an entry."""
        detail = {"kind": entry.kind.value, "staff": str(len(entry.staff)), "note": entry.note}
        self._enter(DUTY_ENTRIES, entry, action="duty", detail=detail)

    def isolation(self, isolation_id: str) -> KeptIsolation | None:
        """Return an isolation with its steps."""
        row = self._row(by_key(ISOLATIONS, isolation_id))
        return None if row is None else self._kept([row])[0]

    def isolations(self, site: SiteId, *, since: datetime | None = None, limit: int = 500) -> Sequence[KeptIsolation]:
        """Return the isolations that were not over at `since`, all where it is None; the newest first."""
        table, steps = ISOLATIONS, ISOLATION_STEPS
        query = table.select().where(table.c.site == site).order_by(table.c.starts.desc(), table.c.id.desc())
        if since is not None:
            over = select(steps.c.isolation_id).where(steps.c.action.in_(sorted(_OVER)), steps.c.at < since)
            query = query.where(table.c.id.not_in(over))
        return self._kept(self._rows(query.limit(limit)))

    def add_isolation(self, isolation: Isolation) -> None:
        """Keep a request."""
        self._write(ISOLATIONS.insert().values(row_of(ISOLATIONS, isolation)))

    def add_isolation_step(self, step: IsolationStep) -> None:
        """Keep a step."""
        self._add(ISOLATION_STEPS, step)
        self.note_change(ChangeKind.LOG, step.isolation_id)
        detail = {"note": step.note} | ({} if step.planned_end is None else {"until": step.planned_end.isoformat()})
        subject, action = f"isolation:{step.isolation_id}", f"isolation.{step.action}"
        self.audit(actor_id=step.actor_id, action=action, subject=subject, at=step.at, detail=detail)

    def fire_test(self, test_id: str) -> FireTest | None:
        """Return a test or check."""
        row = self._row(by_key(FIRE_TESTS, test_id))
        return None if row is None else FireTest(**row)

    def fire_tests(self, site: SiteId, *, limit: int = 500) -> Sequence[FireTest]:
        """Return tests and checks, the newest day first."""
        table = FIRE_TESTS
        query = table.select().where(table.c.site == site).order_by(table.c.day.desc(), table.c.id.desc())
        return [FireTest(**row) for row in self._rows(query.limit(limit))]

    def add_fire_test(self, test: FireTest) -> None:
        """Keep a test or check."""
        detail = {"kind": test.kind.value, "system": test.system.value, "result": test.result.value, "note": test.note}
        self._enter(FIRE_TESTS, test, action="fire_test", detail=detail)

    def alarm_check(self, check_id: str) -> AlarmCheck | None:
        """Return what was found on site."""
        row = self._row(by_key(ALARM_CHECKS, check_id))
        return None if row is None else AlarmCheck(**row)

    def alarm_checks_of(self, alert_id: str) -> Sequence[AlarmCheck]:
        """Return what was found at one alert, in the order of writing."""
        table = ALARM_CHECKS
        query = table.select().where(table.c.alert_id == alert_id).order_by(table.c.entered, table.c.id)
        return [AlarmCheck(**row) for row in self._rows(query)]

    def alarm_checks(self, site: SiteId, *, since: datetime, until: datetime) -> Sequence[AlarmCheck]:
        """Return what was found at the alerts that began in [since, until), by their onset."""
        table = ALARM_CHECKS
        query = table.select().where(table.c.site == site, table.c.onset >= since, table.c.onset < until)
        found = self._rows(query.order_by(table.c.onset, table.c.entered, table.c.id))
        return [AlarmCheck(**row) for row in found]

    def add_alarm_check(self, check: AlarmCheck) -> None:
        """Keep what was found on site."""
        detail = {"alert": check.alert_id, "truth": check.truth.value, "note": check.note}
        self._enter(ALARM_CHECKS, check, action="alarm_check", detail=detail)
        # Whoever follows the alert sees it at once.
        self.note_change(ChangeKind.ALERT, check.alert_id)

    def is_corrected(self, entry_id: str) -> bool:
        """Say whether another entry of any log names this one as wrong."""
        queries = (select(table.c.id).where(table.c.corrects == entry_id).limit(1) for table in _CORRECTED)
        return any(self._row(query) is not None for query in queries)

    def alerts_begun(self, site: SiteId, *, since: datetime, until: datetime) -> Sequence[Alert]:
        """Return the alerts that began in [since, until), in order."""
        table = ALERTS
        query = table.select().where(table.c.site == site, table.c.onset >= since, table.c.onset < until)
        return [Alert(**row) for row in self._rows(query.order_by(table.c.onset, table.c.id))]

    def _enter(
        self, table: Table, entry: DutyEntry | FireTest | AlarmCheck, *, action: str, detail: Mapping[str, str]
    ) -> None:
        self._write(table.insert().values(row_of(table, entry)))
        self.note_change(ChangeKind.LOG, entry.id)
        what = "strike" if entry.void else "correct" if entry.corrects else "enter"
        told = dict(detail) | ({"corrects": entry.corrects} if entry.corrects else {})
        self.audit(
            actor_id=entry.entered_by,
            action=f"{action}.{what}",
            subject=f"{action}:{entry.id}",
            at=entry.entered,
            detail=told,
        )

    def _kept(self, rows: Sequence[RowMapping]) -> list[KeptIsolation]:
        ids = [row["id"] for row in rows]
        query = select(*_STEP).where(ISOLATION_STEPS.c.isolation_id.in_(ids)).order_by(ISOLATION_STEPS.c.number)
        steps = [IsolationStep(**row) for row in self._rows(query)]
        return [
            KeptIsolation(
                isolation=Isolation(**row), steps=tuple(step for step in steps if step.isolation_id == row["id"])
            )
            for row in rows
        ]
