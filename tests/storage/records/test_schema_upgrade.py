"""Records of every released schema are brought up to the present one, and keep what they hold."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import insert

from sensors.journal import ChangeKind
from storage.records import SqlRecords
from storage.records.engine import open_engine, parse_url
from storage.records.schema import HEAD_REVISION, REVISIONS, schema_revision
from storage.records.tables import CHANGES, METADATA
from tests.servers import postgres

THEN = datetime(2026, 1, 5, 8, tzinfo=UTC)


def make_old(url: str, revision: str) -> None:
    """Make a database of an older schema that holds a row."""
    engine = open_engine(parse_url(url))
    with engine.connect() as connection, connection.begin():
        config = Config()
        config.set_main_option("script_location", "storage.records:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.execute(insert(CHANGES).values(kind=ChangeKind.ALERT, subject="a-1", at=THEN))
        assert schema_revision(connection) == revision
    engine.dispose()


def assert_brought_up(url: str, revision: str) -> None:
    make_old(url, revision)
    with closing(SqlRecords(url)) as records, records.transaction() as tx:
        assert [(change.subject, change.at) for change in tx.changes(after=0)] == [("a-1", THEN)]
        tx.audit(actor_id="anna", action="upgraded", subject="records", at=THEN)
        assert tx.verify_audit() is None
        assert schema_revision(tx.connection) == HEAD_REVISION
        context = MigrationContext.configure(tx.connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_records_of_a_released_schema_are_brought_up_with_what_they_hold(tmp_path: Path, revision: str) -> None:
    assert_brought_up(f"sqlite:///{tmp_path / 'records.db'}", revision)


def test_the_oldest_records_in_postgresql_are_brought_up_too() -> None:
    server = postgres()
    database = server.new_database()
    try:
        assert_brought_up(server.address(database), REVISIONS[0])
    finally:
        server.drop(database)
