"""`premises audit verify`: a log as it was written, and one that somebody changed."""

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from premises.cli import premises
from premises.home import Home
from premises.stores.records import open_records
from sensors.errors import InputFault

THEN = datetime(2026, 1, 5, 8, tzinfo=UTC)


def verify(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(premises, ["audit", "verify", "--home", str(folder), *options])


def written(folder: Path, *tampering: str, rows: int = 3) -> Path:
    """Write rows, then do to the table what no program of ours does."""
    with closing(open_records(Home.find(folder))) as records, records.transaction() as tx:
        for number in range(rows):
            tx.audit(actor_id="anna", action=f"deed_{number}", subject="records", at=THEN)
        if tampering:
            for (trigger,) in tx.connection.execute(text("SELECT name FROM sqlite_master WHERE type='trigger'")).all():
                tx.connection.execute(text(f"DROP TRIGGER {trigger}"))
        for statement in tampering:
            tx.connection.execute(text(statement))
    return folder


def test_log_as_it_was_written_holds(tmp_path: Path) -> None:
    done = verify(written(tmp_path))
    assert (done.exit_code, done.output) == (0, "the audit log holds: 3 rows, each fits the one before\n")


@pytest.mark.parametrize(
    ("tampering", "row"),
    [
        ("UPDATE audit SET actor_id = 'eve' WHERE id = 2", 2),
        ("DELETE FROM audit WHERE id = 1", 2),
        ("DELETE FROM audit WHERE id = 3", 2),
        ("DELETE FROM audit", 0),
    ],
)
def test_first_row_that_does_not_fit_is_named_and_the_exit_says_so(tmp_path: Path, tampering: str, row: int) -> None:
    done = verify(written(tmp_path, tampering), "--json")
    assert done.exit_code == 1
    told = json.loads(done.output)
    assert (told["holds"], told["first_broken"]) == (False, row)
    assert ("all its rows are gone" if row == 0 else f"broken at row {row} of") in verify(tmp_path).output


def test_home_without_records_is_bad_input_and_stays_without(tmp_path: Path) -> None:
    done = verify(tmp_path)
    assert isinstance(done.exception, InputFault)
    assert not (tmp_path / "records.db").exists()
