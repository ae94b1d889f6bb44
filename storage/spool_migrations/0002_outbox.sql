-- What is active as far as events told: one row for each thing that alerts, until it is cleared.
CREATE TABLE open_signals (
    mark TEXT PRIMARY KEY,
    alert_id TEXT NOT NULL,
    device TEXT NOT NULL,
    event TEXT NOT NULL,
    zone TEXT NOT NULL,
    test INTEGER NOT NULL,
    told_ms INTEGER NOT NULL,
    signal BLOB NOT NULL
) WITHOUT ROWID;

-- Notices, made in the same transaction as the event behind them. A raised or cleared alert is told once.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    alert_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    signal BLOB NOT NULL,
    projected INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX outbox_told_once ON outbox (kind, alert_id) WHERE kind IN ('raised', 'cleared');
CREATE INDEX outbox_to_project ON outbox (id) WHERE projected = 0;
CREATE INDEX outbox_by_alert ON outbox (alert_id);

-- A channel is told what happened since it was set up. Where it has no row for a notice, the notice is due.
CREATE TABLE channels (name TEXT PRIMARY KEY, after_id INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE sends (
    outbox_id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    state TEXT NOT NULL,
    due_ms INTEGER NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (outbox_id, channel)
) WITHOUT ROWID;
