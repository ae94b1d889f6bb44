"""The schema of the records: Alembic's numbered migrations, run by whoever opens the records first."""

from sqlalchemy import Connection, Engine, inspect, text

from storage.records.errors import RecordsTooNewError, RecordsUnreachableError
from storage.records.tables import METADATA

REVISIONS = tuple(f"{number:04}" for number in range(1, 16))
"""Every revision in `migrations/versions`, in order."""

HEAD_REVISION = REVISIONS[-1]

_VERSIONS = "alembic_version"
_ADVISORY_LOCK = 7_236_011_932
"""A number of our own, so that two who open a new database at once migrate it once."""


def bring_up(engine: Engine, place: str) -> None:
    """Bring the database to the newest schema, in one transaction.

    Raises RecordsTooNewError, RecordsUnreachableError.
    """
    with engine.connect() as connection, connection.begin():
        _wait_for_turn(connection)
        found = schema_revision(connection)
        if found is None:
            _refuse_foreign(connection, place)
        elif found not in REVISIONS:
            detail = (
                f"written by a newer Premises (schema {found}, this one knows {HEAD_REVISION}); "
                "install that version again, or restore the backup made before it"
            )
            raise RecordsTooNewError(place, detail)
        if found != HEAD_REVISION:
            _migrate(connection)


def schema_revision(connection: Connection) -> str | None:
    """Return the revision that a database is at, None for one that Premises has not made."""
    if not inspect(connection).has_table(_VERSIONS):
        return None
    revision: str | None = connection.execute(text(f"SELECT version_num FROM {_VERSIONS}")).scalar_one_or_none()  # noqa: S608 - our own constant
    return revision


def _wait_for_turn(connection: Connection) -> None:
    # SQLite's transaction has begun by taking the writer's place.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ADVISORY_LOCK})


def _refuse_foreign(connection: Connection, place: str) -> None:
    """Stay out of a database in which somebody else keeps tables of our names."""
    ours = set(inspect(connection).get_table_names()) & METADATA.tables.keys()
    if ours:
        detail = f"holds tables that Premises has not made ({', '.join(sorted(ours))}); name another database"
        raise RecordsUnreachableError(place, detail)


def _migrate(connection: Connection) -> None:
    # Imported here: it takes as long as everything else, and is needed once per schema.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "storage.records:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
