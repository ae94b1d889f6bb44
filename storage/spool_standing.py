"""What people said of alerts beforehand, mirrored beside the spool: it holds until its own end, records or not."""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from pydantic import TypeAdapter

from alerts.standing import Drill, OutOfService, Shelf, Silence, Standing
from sensors.readings import from_epoch_ms

NOTHING = b"[]"


def changed_standing(db: sqlite3.Connection, standing: Standing) -> Mapping[str, bytes]:
    """Return what differs from what lies there, by name; nearly always nothing does."""
    kinds = {
        "silences": _silences().dump_json(tuple(standing.silences)),
        "drills": _drills().dump_json(tuple(standing.drills)),
        "shelves": _shelves().dump_json(tuple(standing.shelves)),
        "out_of_service": _out_of_service().dump_json(tuple(standing.out_of_service)),
    }
    return {name: body for name, body in kinds.items() if body != _body(db, name)}


def write_standing(db: sqlite3.Connection, changed: Mapping[str, bytes]) -> None:
    """Put in what differs, within the caller's transaction."""
    db.executemany("INSERT OR REPLACE INTO standing VALUES (?, ?)", list(changed.items()))


def read_standing(db: sqlite3.Connection) -> Standing:
    """Return what stands. Raises ValueError where what lies there cannot be read."""
    seen = db.execute("SELECT alert_id, at_ms FROM acknowledged").fetchall()
    acknowledged = {alert_id: from_epoch_ms(at_ms) for alert_id, at_ms in seen}
    return replace(read_beforehand(db), acknowledged=acknowledged)


def read_beforehand(db: sqlite3.Connection) -> Standing:
    """Return what stands without the alerts that a person has seen, which may be thousands. Raises ValueError."""
    kept = {name: body for name, body in db.execute("SELECT name, body FROM standing") if body != NOTHING}
    return Standing(
        silences=_silences().validate_json(kept.get("silences", NOTHING)),
        drills=_drills().validate_json(kept.get("drills", NOTHING)),
        shelves=_shelves().validate_json(kept.get("shelves", NOTHING)),
        out_of_service=_out_of_service().validate_json(kept.get("out_of_service", NOTHING)),
    )


def _body(db: sqlite3.Connection, name: str) -> bytes:
    row = db.execute("SELECT body FROM standing WHERE name = ?", (name,)).fetchone()
    return NOTHING if row is None else bytes(row[0])


@cache
def _silences() -> TypeAdapter[tuple[Silence, ...]]:
    return TypeAdapter(tuple[Silence, ...])


@cache
def _drills() -> TypeAdapter[tuple[Drill, ...]]:
    return TypeAdapter(tuple[Drill, ...])


@cache
def _shelves() -> TypeAdapter[tuple[Shelf, ...]]:
    return TypeAdapter(tuple[Shelf, ...])


@cache
def _out_of_service() -> TypeAdapter[tuple[OutOfService, ...]]:
    return TypeAdapter(tuple[OutOfService, ...])
