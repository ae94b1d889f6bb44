"""The account of each gateway in the spool, and what is known of the gateways themselves."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sensors.intake import Book, BootNumbers, Gap, GatewayState, GatewayStatus, Ignored
from storage.spool_entries import SHARES, Gathered


def add_to_books(
    db: sqlite3.Connection, gathered: Mapping[str, Gathered], gaps: Iterable[Gap] = (), *, live: bool = True
) -> None:
    """Add what one commit brought, and the numbers that it shows to be missing, to the account of each gateway.

    What does not come now from the gateway itself (`live`) is no sign of life.
    """
    missing: Counter[str] = Counter()
    for gap in gaps:
        missing[gap.gateway] += gap.missing
    db.executemany(
        "INSERT INTO books (gateway, received, accepted, duplicate, quarantined, missing, unassured,"
        " last_received_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (gateway) DO UPDATE SET received = received + excluded.received,"
        " accepted = accepted + excluded.accepted, duplicate = duplicate + excluded.duplicate,"
        " quarantined = quarantined + excluded.quarantined, missing = missing + excluded.missing,"
        " unassured = unassured + excluded.unassured,"
        " last_received_ms = coalesce(excluded.last_received_ms, last_received_ms)",
        [
            (
                gateway,
                each.received,
                each.accepted,
                each.duplicate,
                each.quarantined,
                missing[gateway],
                each.unassured,
                each.heard_ms if live else None,
            )
            for gateway, each in gathered.items()
        ],
    )


def add_ignored(db: sqlite3.Connection, ignored: Sequence[Ignored]) -> None:
    """Count what was left out on purpose, by gateway and reason."""
    if not ignored:
        return
    records: Counter[tuple[str, str]] = Counter()
    for each in ignored:
        records[each.gateway, each.reason] += each.records
    db.executemany(
        "INSERT INTO ignored VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET records = records + excluded.records",
        [(*key, count) for key, count in records.items()],
    )


def write_statuses(db: sqlite3.Connection, gathered: Mapping[str, Gathered]) -> None:
    """Remember the last status of each gateway; a retained copy of the one that is known keeps its time."""
    for gateway, each in gathered.items():
        for status in each.statuses:
            db.execute(
                "INSERT INTO statuses VALUES (?, ?, ?, ?, ?) ON CONFLICT (gateway) DO UPDATE SET"
                " state = excluded.state, boot = excluded.boot, interval_s = excluded.interval_s,"
                " received_ms = excluded.received_ms"
                " WHERE NOT (? AND state = excluded.state AND boot IS excluded.boot)",
                (gateway, status.state, status.boot, status.interval_s, status.received_ms, status.retained),
            )


def read_books(db: sqlite3.Connection) -> dict[str, Book]:
    """Return the account of each gateway."""
    spooled = dict(db.execute(f"SELECT gateway, sum(records) FROM ({SHARES}) GROUP BY gateway"))  # noqa: S608 - our own text
    ignored: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for gateway, reason, records in db.execute("SELECT gateway, reason, records FROM ignored"):
        ignored[gateway][reason] = records
    query = "SELECT gateway, received, accepted, duplicate, quarantined, stored, dropped, missing, unassured FROM books"
    return {
        row[0]: Book(
            gateway=row[0],
            received=row[1],
            accepted=row[2],
            duplicate=row[3],
            quarantined=row[4],
            stored=row[5],
            dropped=row[6],
            missing=row[7],
            unassured=row[8],
            ignored=ignored[row[0]],
            spooled=spooled.get(row[0], 0),
        )
        for row in db.execute(query + " ORDER BY gateway")
    }


def read_gateways(db: sqlite3.Connection) -> list[GatewayState]:
    """Return what is known of each gateway, by name."""
    boots: defaultdict[str, list[BootNumbers]] = defaultdict(list)
    for gateway, *numbers in db.execute(
        "SELECT gateway, boot, first, top, missing FROM seq_windows ORDER BY touched_ms DESC"
    ):
        boots[gateway].append(BootNumbers(boot=numbers[0], first=numbers[1], newest=numbers[2], missing=numbers[3]))
    rows = db.execute(
        "SELECT gateway, last_received_ms, missing, state, boot, interval_s, received_ms"
        " FROM books LEFT JOIN statuses USING (gateway) ORDER BY gateway"
    )
    return [
        GatewayState(
            gateway=gateway,
            last_received_ms=heard_ms,
            missing=missing,
            status=_status(*status) if status[0] is not None else None,
            boots=tuple(boots[gateway]),
        )
        for gateway, heard_ms, missing, *status in rows
    ]


def _status(state: str, boot: str | None, interval_s: float | None, received_ms: int) -> GatewayStatus:
    return GatewayStatus(state=state, boot=boot, interval_s=interval_s, received_ms=received_ms)
