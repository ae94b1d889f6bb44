"""People's reports, how to reach who sent them, and the codes of rooms."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from rectification.reports import Contact, Report, ReportAction, ReportState, RoomCode
from sensors.journal import ChangeKind
from storage.records.journal import AuditRows
from storage.records.part import by_key
from storage.records.report_tables import REPORT_CONTACTS, REPORT_SENDINGS, REPORTS, ROOM_CODES


class ReportRows(AuditRows):
    """Keeps the reports of `rectification.report_ports.ReportTransaction`."""

    __slots__ = ()

    def report(self, report_id: str) -> Report | None:
        """Return a report."""
        row = self._row(by_key(REPORTS, report_id))
        return None if row is None else Report(**row)

    def report_numbered(self, number: str) -> Report | None:
        """Return the report of the number that its reporter was given."""
        row = self._row(REPORTS.select().where(REPORTS.c.number == number))
        return None if row is None else Report(**row)

    def report_that_came_by(self, mark: str) -> Report | None:
        """Return the report of an imported row."""
        row = self._row(REPORTS.select().where(REPORTS.c.came_by == mark).limit(1)) if mark else None
        return None if row is None else Report(**row)

    def reports(self, *, states: Sequence[ReportState], limit: int = 200) -> Sequence[Report]:
        """Return the reports in some states, the newest first."""
        wanted = REPORTS.select().where(REPORTS.c.state.in_(list(states)))
        newest = wanted.order_by(REPORTS.c.received.desc(), REPORTS.c.id.desc()).limit(limit)
        return [Report(**row) for row in self._rows(newest)]

    def waiting_reports(self) -> int:
        """Return how many reports nobody has moderated."""
        query = select(func.count()).select_from(REPORTS).where(REPORTS.c.state == ReportState.NEW)
        return int(self.connection.execute(query).scalar_one())

    def save_report(self, report: Report, *, action: ReportAction, actor_id: str, at: datetime) -> None:
        """Insert or update a report together with who did what to it."""
        self._save(REPORTS, report)
        self.note_change(ChangeKind.REPORT, report.id)
        self.audit(
            actor_id=actor_id,
            action=f"report.{action}",
            subject=f"report:{report.id}",
            at=at,
            detail={"state": report.state, "item": report.item_id or "", "reason": report.reason},
        )

    def contact(self, report_id: str) -> Contact | None:
        """Return how to reach the reporter."""
        row = self._row(by_key(REPORT_CONTACTS, report_id))
        return None if row is None else Contact(**row)

    def save_contact(self, contact: Contact) -> None:
        """Insert how to reach the reporter."""
        self._save(REPORT_CONTACTS, contact)

    def erase_contact(self, report_id: str) -> None:
        """Delete how to reach the reporter; nothing happens where there is nothing."""
        self._write(REPORT_CONTACTS.delete().where(REPORT_CONTACTS.c.report_id == report_id))

    def reports_with_contact(self) -> Sequence[Report]:
        """Return the reports whose reporters can still be reached."""
        query = REPORTS.select().where(REPORTS.c.id.in_(select(REPORT_CONTACTS.c.report_id))).order_by(REPORTS.c.id)
        return [Report(**row) for row in self._rows(query)]

    def room_code(self, token: str) -> RoomCode | None:
        """Return a code, a revoked one as well."""
        row = self._row(by_key(ROOM_CODES, token))
        return None if row is None else RoomCode(**row)

    def room_codes(self) -> Sequence[RoomCode]:
        """Return the codes that stand."""
        standing = ROOM_CODES.select().where(ROOM_CODES.c.revoked.is_(None)).order_by(ROOM_CODES.c.room)
        return [RoomCode(**row) for row in self._rows(standing)]

    def save_room_code(self, code: RoomCode, *, actor_id: str, at: datetime) -> None:
        """Insert or update a code, and note who did it; its token is not noted."""
        self._save(ROOM_CODES, code)
        action = "room_code.make" if code.revoked is None else "room_code.revoke"
        self.audit(actor_id=actor_id, action=action, subject=f"room:{code.room}", at=at)

    def sendings(self, key: str, *, since: datetime) -> int:
        """Return how many reports came under a key at or after a time."""
        counted = (REPORT_SENDINGS.c.key == key, REPORT_SENDINGS.c.at >= since)
        query = select(func.count()).select_from(REPORT_SENDINGS).where(*counted)
        return int(self.connection.execute(query).scalar_one())

    def add_sending(self, key: str, *, at: datetime) -> None:
        """Note that a report came under a key."""
        self._write(REPORT_SENDINGS.insert().values(key=key, at=at))

    def forget_sendings_before(self, time: datetime) -> None:
        """Delete what came before a time, under all keys."""
        self._write(REPORT_SENDINGS.delete().where(REPORT_SENDINGS.c.at < time))
