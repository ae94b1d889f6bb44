-- Numbers that never came, between the first and the highest seen of a boot; the sum in the books outlives the boots.
-- What was missing before this version cannot be known: such boots are counted from their highest number on.
ALTER TABLE seq_windows ADD COLUMN first INTEGER NOT NULL DEFAULT 0;
ALTER TABLE seq_windows ADD COLUMN missing INTEGER NOT NULL DEFAULT 0;
UPDATE seq_windows SET first = top;
ALTER TABLE books ADD COLUMN missing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE books ADD COLUMN last_received_ms INTEGER;

-- What a gateway, or the broker in its name, last said of it.
CREATE TABLE statuses (
    gateway TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    boot TEXT,
    interval_s REAL,
    received_ms INTEGER NOT NULL
) WITHOUT ROWID;
