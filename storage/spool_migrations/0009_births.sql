-- What gateways said of their values once, raw, and by which what comes later is read. A birth that comes again has a
-- higher `id`, so that the order is always that in which they came.
CREATE TABLE births (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    gateway TEXT NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    received_ms INTEGER NOT NULL,
    UNIQUE (gateway, topic)
);
