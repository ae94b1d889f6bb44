"""What the commands over people's reports need from the records."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from rectification.ports import SheetTransaction
from rectification.reports import Contact, Report, ReportAction, ReportState, RoomCode


class ReportTransaction(SheetTransaction, Protocol):
    """One transaction over reports, the codes of rooms, and the items that come of them."""

    def report(self, report_id: str) -> Report | None:
        """Return a report."""
        ...

    def report_numbered(self, number: str) -> Report | None:
        """Return the report of the number that its reporter was given."""
        ...

    def reports(self, *, states: Sequence[ReportState], limit: int = 200) -> Sequence[Report]:
        """Return the reports in some states, the newest first."""
        ...

    def report_that_came_by(self, mark: str) -> Report | None:
        """Return the report of an imported row."""
        ...

    def waiting_reports(self) -> int:
        """Return how many reports nobody has moderated."""
        ...

    def save_report(self, report: Report, *, action: ReportAction, actor_id: str, at: datetime) -> None:
        """Insert or update a report together with who did what to it."""
        ...

    def contact(self, report_id: str) -> Contact | None:
        """Return how to reach the reporter."""
        ...

    def save_contact(self, contact: Contact) -> None:
        """Insert how to reach the reporter."""
        ...

    def erase_contact(self, report_id: str) -> None:
        """Delete how to reach the reporter; nothing happens where there is nothing."""
        ...

    def reports_with_contact(self) -> Sequence[Report]:
        """Return the reports whose reporters can still be reached."""
        ...

    def room_code(self, token: str) -> RoomCode | None:
        """Return a code, a revoked one as well."""
        ...

    def room_codes(self) -> Sequence[RoomCode]:
        """Return the codes that stand."""
        ...

    def save_room_code(self, code: RoomCode, *, actor_id: str, at: datetime) -> None:
        """Insert or update a code, and note who did it; its token is not noted."""
        ...

    def sendings(self, key: str, *, since: datetime) -> int:
        """Return how many reports came under a key at or after a time."""
        ...

    def add_sending(self, key: str, *, at: datetime) -> None:
        """Note that a report came under a key."""
        ...

    def forget_sendings_before(self, time: datetime) -> None:
        """Delete what came before a time, under all keys."""
        ...
