"""The audit chain under another digest than SHA-256."""

import hashlib
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.records import SqlRecords

THEN = datetime(2026, 1, 5, 8, tzinfo=UTC)


def deed(url: str, digest: str, action: str) -> None:
    with closing(SqlRecords(url, digest=digest)) as records, records.transaction() as tx:
        tx.audit(actor_id="anna", action=action, subject="records", at=THEN)


@pytest.mark.skipif("sm3" not in hashlib.algorithms_available, reason="this OpenSSL has no SM3")
def test_a_chain_goes_on_with_sm3_and_back_and_tells_a_row_that_was_changed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'records.db'}"
    for digest, action in (("sha256", "first"), ("sm3", "second"), ("sha256", "third")):
        deed(url, digest, action)
    with closing(SqlRecords(url)) as records:
        with records.reading() as tx:
            assert tx.verify_audit() is None
            hashes = [entry.hash for entry in tx.audit_entries()][::-1]
        assert [found.startswith("sm3:") for found in hashes] == [False, True, False]
        with records.transaction() as tx:
            for (trigger,) in tx.connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            ).all():
                tx.connection.execute(text(f"DROP TRIGGER {trigger}"))
            tx.connection.execute(text("UPDATE audit SET actor_id = 'eve' WHERE id = 2"))
            broken = tx.verify_audit()
    assert broken is not None
    assert broken.id == 2
