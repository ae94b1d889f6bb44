"""The schema of the records: made once, the same as the code thinks, and refused where it is not ours."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from sensors.errors import InputFault
from storage.records import RecordsTooNewError, RecordsUnreachableError, SqlRecords
from storage.records.engine import open_engine, parse_url
from storage.records.schema import REVISIONS
from storage.records.tables import METADATA
from tests.servers import postgres
from tests.storage.records.stores import Place
from tests.storage.records.writers import write

ROOT = Path(__file__).resolve().parents[3]


def test_the_migrations_make_the_tables_that_the_code_uses(place: Place) -> None:
    place.open()
    engine = open_engine(parse_url(place.url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_every_revision_is_known_in_order() -> None:
    config = Config()
    config.set_main_option("script_location", "storage.records:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == REVISIONS


def test_opening_again_changes_nothing(place: Place) -> None:
    write(place.url, "a", 1)
    with place.open().reading() as tx:
        assert len(tx.alerts()) == 1


def test_a_newer_schema_is_refused(place: Place) -> None:
    records = place.open()
    with records.transaction() as tx:
        tx.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RecordsTooNewError, match=r"newer Premises.*9999") as refused:
        place.open()
    assert isinstance(refused.value, InputFault)


def test_a_new_database_is_made_once_by_many_who_open_it(tmp_path: Path) -> None:
    assert_many_open(f"sqlite:///{tmp_path / 'records.db'}")


def test_a_new_postgresql_database_is_made_once_by_many_who_open_it() -> None:
    server = postgres()
    database = server.new_database()
    try:
        assert_many_open(server.address(database))
    finally:
        server.drop(database)


def assert_many_open(url: str) -> None:
    command = [sys.executable, "-m", "tests.storage.records.writers", url]
    processes = [subprocess.Popen([*command, name, "1"], cwd=ROOT) for name in "abc"]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    with closing(SqlRecords(url)) as records, records.reading() as tx:
        assert len(tx.alerts()) == 3


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    write(f"sqlite:///{path}", "a", 1)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_file_is_durable_and_shared(tmp_path: Path) -> None:
    with (
        closing(SqlRecords(f"sqlite:///{tmp_path / 'records.db'}")) as records,
        records.transaction() as tx,
    ):
        asked = {
            name: tx.connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    path.write_text("this is not a database, but longer than its head")
    with pytest.raises(RecordsUnreachableError, match="not a database"):
        SqlRecords(f"sqlite:///{path}")


def test_somebody_elses_tables_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE alerts (id)")
    with pytest.raises(RecordsUnreachableError, match=r"not made \(alerts\)"):
        SqlRecords(f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nothing", "postgresql://"),
        ("mysql://root@localhost/x", "mysql is not supported"),
        ("sqlite:///{missing}/records.db", "cannot be made"),
        ("postgresql://anna:hush@/x?host={missing}", "cannot be used"),
    ],
)
def test_what_cannot_be_reached_is_said_in_one_line_without_the_password(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(RecordsUnreachableError, match=said) as refused:
        SqlRecords(url.format(missing=tmp_path / "missing"))
    assert isinstance(refused.value, InputFault)
    assert "hush" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_drivers_own_words_are_kept_when_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(RecordsUnreachableError, match=r"premises\[postgres\]"):
        SqlRecords("postgresql://anna@localhost/x")
