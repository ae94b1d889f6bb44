"""What happened: the changes that pages follow, and the audit log, chained by hash."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count

from sqlalchemy import RowMapping, func, select

from sensors.journal import AuditEntry, Change
from sensors.readings import epoch_ms
from storage.records.columns import canonical_json
from storage.records.part import Part, fields_of
from storage.records.tables import AUDIT, CHANGES, META

HEAD = "audit_head"
"""The row of `meta` that holds the hash of the last audit row. Every writing transaction locks it first."""

START = "0" * 64
"""What stands before the first row."""

_AT_ONCE = 1_000
_UNNAMED = "sha256"
"""The digest whose hashes stand without its name; others stand as `sm3:…`, so that a chain may change its digest."""
_GONE = AuditEntry(id=0, at=datetime(1970, 1, 1, tzinfo=UTC), actor_id="", action="", subject="")


class ChangeRows(Part):
    """The table `changes`."""

    __slots__ = ()

    def changes(self, *, after: int, limit: int = 500) -> Sequence[Change]:
        """Return changes with a greater number than `after`, in order. They become visible in that order, too."""
        query = CHANGES.select().where(CHANGES.c.id > after).order_by(CHANGES.c.id).limit(limit)
        return [Change(**row) for row in self._rows(query)]

    def last_change(self) -> int:
        """Return the number of the newest change, 0 before the first."""
        return int(self.connection.execute(select(func.coalesce(func.max(CHANGES.c.id), 0))).scalar_one())

    def forget_changes_before(self, time: datetime) -> int:
        """Delete the changes before a time, save the newest, and return how many; numbers are not given again."""
        old = CHANGES.delete().where(CHANGES.c.at < time, CHANGES.c.id < self.last_change())
        return self._write(old).rowcount


class AuditRows(Part):
    """The audit log. Rows are only ever added: triggers forbid the rest, and the chain tells where they failed."""

    __slots__ = ()

    def audit(
        self, *, actor_id: str, action: str, subject: str, at: datetime, detail: Mapping[str, str] | None = None
    ) -> None:
        """Add a row."""
        last = self._row(select(AUDIT.c.id, AUDIT.c.hash).order_by(AUDIT.c.id.desc()).limit(1))
        number, before = (last["id"], last["hash"]) if last else (0, START)
        entry = AuditEntry(id=number + 1, at=at, actor_id=actor_id, action=action, subject=subject, detail=detail or {})
        sealed = row_hash(entry, before, self.digest)
        row = {"id": entry.id, "at": at, "actor_id": actor_id, "action": action, "subject": subject}
        self._write(AUDIT.insert().values(**row, detail=entry.detail, prev_hash=before, hash=sealed))
        self._write(META.update().where(META.c.key == HEAD).values(value=sealed))

    def audit_entries(self, *, before: int | None = None, limit: int = 100) -> Sequence[AuditEntry]:
        """Return rows, the newest first, those with a smaller number than `before` where it is given."""
        query = select(*fields_of(AUDIT, "prev_hash")).order_by(AUDIT.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(AUDIT.c.id < before)
        return [AuditEntry(**row) for row in self._rows(query)]

    def verify_audit(self) -> AuditEntry | None:
        """Return the first row that does not fit its chain, None when all do.

        Where rows are missing behind the last one, that is the last one; where all are gone, one with number 0.
        """
        last, before = _GONE, START
        for number, (entry, prev_hash) in zip(count(1), self._chain(), strict=False):
            if (entry.id, prev_hash, entry.hash) != (number, before, row_hash(entry, before, _digest_of(entry.hash))):
                return entry
            last, before = entry, entry.hash
        head = self.connection.execute(select(META.c.value).where(META.c.key == HEAD)).scalar_one_or_none()
        return None if head == before else last

    def _next_number(self, key: str) -> int:
        """Return one more than the number that `meta` keeps under a key, and keep it there."""
        last = self.connection.execute(select(META.c.value).where(META.c.key == key)).scalar_one()
        number = int(last) + 1
        self._write(META.update().where(META.c.key == key).values(value=str(number)))
        return number

    def _chain(self) -> Iterator[tuple[AuditEntry, str]]:
        """Yield all rows in order, each with what it says of the one before."""
        after = -(2**63)
        query = AUDIT.select().order_by(AUDIT.c.id).limit(_AT_ONCE)
        while rows := self._rows(query.where(AUDIT.c.id > after)):
            yield from map(_sealed_entry, rows)
            after = rows[-1]["id"]


def row_hash(entry: AuditEntry, before: str, digest: str = _UNNAMED) -> str:
    """Return the digest, hex, of a row and of the hash before it: of the canonical JSON of both."""
    content = {
        "id": entry.id,
        "at": epoch_ms(entry.at),
        "actor_id": entry.actor_id,
        "action": entry.action,
        "subject": entry.subject,
        "detail": dict(entry.detail),
        "prev_hash": before,
    }
    made = hashlib.new(digest, canonical_json(content).encode()).hexdigest()
    return made if digest == _UNNAMED else f"{digest}:{made}"


def _digest_of(sealed: str) -> str:
    """Return which digest a row says it is sealed with; any word but sm3 counts as the usual one, and fits nothing."""
    return "sm3" if sealed.startswith("sm3:") else _UNNAMED


def _sealed_entry(row: RowMapping) -> tuple[AuditEntry, str]:
    fields = dict(row)
    prev_hash = fields.pop("prev_hash")
    return AuditEntry(**fields), prev_hash
