CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;

-- Ids are never used twice (AUTOINCREMENT): a store remembers how far it drained by the last one.
CREATE TABLE entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    gateway TEXT NOT NULL,
    received_ms INTEGER NOT NULL,
    readings INTEGER NOT NULL,
    events INTEGER NOT NULL,
    reading_data BLOB,
    event_data BLOB
);
CREATE INDEX entries_with_readings ON entries (id) WHERE readings > 0;

CREATE TABLE books (
    gateway TEXT PRIMARY KEY,
    received INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0,
    duplicate INTEGER NOT NULL DEFAULT 0,
    quarantined INTEGER NOT NULL DEFAULT 0,
    stored INTEGER NOT NULL DEFAULT 0,
    dropped INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE ignored (
    gateway TEXT NOT NULL,
    reason TEXT NOT NULL,
    records INTEGER NOT NULL,
    PRIMARY KEY (gateway, reason)
) WITHOUT ROWID;

CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_ms INTEGER NOT NULL,
    gateway TEXT NOT NULL,
    topic TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    records INTEGER NOT NULL,
    paths TEXT NOT NULL,
    size INTEGER NOT NULL,
    payload BLOB NOT NULL
);
CREATE INDEX quarantine_by_reason ON quarantine (reason, gateway);

-- A boot's sequence numbers as bits, in chunks, so that a commit writes only what it touched.
CREATE TABLE seq_windows (
    gateway TEXT NOT NULL,
    boot TEXT NOT NULL,
    top INTEGER NOT NULL,
    touched_ms INTEGER NOT NULL,
    PRIMARY KEY (gateway, boot)
) WITHOUT ROWID;
CREATE TABLE seq_chunks (
    gateway TEXT NOT NULL,
    boot TEXT NOT NULL,
    chunk INTEGER NOT NULL,
    bits BLOB NOT NULL,
    PRIMARY KEY (gateway, boot, chunk)
) WITHOUT ROWID;

CREATE TABLE event_keys (
    gateway TEXT NOT NULL,
    key TEXT NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (gateway, key)
) WITHOUT ROWID;
CREATE INDEX event_keys_by_age ON event_keys (received_ms);

CREATE TABLE deliveries (
    packet_id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL,
    number INTEGER NOT NULL
);
