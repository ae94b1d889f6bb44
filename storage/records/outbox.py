"""Messages that must leave the house, kept in the same transaction as what they tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storage.records.part import Part
from storage.records.tables import OUTBOX, MessageState


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """One message; `attempts` is how often it was tried in vain, `last_error` what was the matter."""

    id: int
    kind: str
    subject_id: str
    payload: str
    at: datetime
    state: MessageState
    attempts: int
    next_attempt: datetime
    last_error: str


class OutboxRows(Part):
    """Keeps the outbox of `alerts.ports.AlertTransaction`, and the side that sends."""

    __slots__ = ()

    def enqueue(self, *, kind: str, subject_id: str, payload: str, at: datetime) -> None:
        """Put a message into the outbox, unless one of this kind and subject is there already."""
        known = select(OUTBOX.c.id).where(OUTBOX.c.kind == kind, OUTBOX.c.subject_id == subject_id)
        if self._row(known) is not None:
            return
        row = {"kind": kind, "subject_id": subject_id, "payload": payload, "at": at, "next_attempt": at}
        self._write(OUTBOX.insert().values(**row, state=MessageState.WAITING, attempts=0, last_error=""))

    def due_messages(self, *, now: datetime, limit: int = 50) -> Sequence[OutboxMessage]:
        """Return the messages that should be tried now, in the order in which they were put in."""
        waiting = OUTBOX.select().where(OUTBOX.c.state == MessageState.WAITING, OUTBOX.c.next_attempt <= now)
        return [OutboxMessage(**row) for row in self._rows(waiting.order_by(OUTBOX.c.id).limit(limit))]

    def message(self, kind: str, subject_id: str) -> OutboxMessage | None:
        """Return the message of a kind about a subject, whatever became of it."""
        row = self._row(OUTBOX.select().where(OUTBOX.c.kind == kind, OUTBOX.c.subject_id == subject_id))
        return None if row is None else OutboxMessage(**row)

    def message_delivered(self, message: int) -> None:
        """Note that a message was taken; it is not tried again, and not put in again."""
        self._write(OUTBOX.update().where(OUTBOX.c.id == message).values(state=MessageState.DELIVERED))

    def message_failed(self, message: int, *, error: str, again: datetime | None) -> None:
        """Note an attempt in vain; `again` is when to try once more, None gives the message up."""
        tried = OUTBOX.update().where(OUTBOX.c.id == message).values(attempts=OUTBOX.c.attempts + 1, last_error=error)
        if again is None:
            self._write(tried.values(state=MessageState.DEAD))
        else:
            self._write(tried.values(next_attempt=again))
