-- Levels are written when they fall due, not all of them with the first word: `from_ms` is when people were first to be
-- told, from which levels are counted, and `climb_ms` when the next is due, 0 where none is.
ALTER TABLE outbox ADD COLUMN from_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN climb_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_to_climb ON outbox (urgent DESC, climb_ms) WHERE climb_ms > 0;

-- What is looked for comes out of an index in its order, however much waits behind it.
DROP INDEX outbox_to_plan;
CREATE INDEX outbox_new ON outbox (urgent DESC, id) WHERE plan = 'new';
CREATE INDEX outbox_held ON outbox (look_ms) WHERE plan = 'held';
DROP INDEX tellings_due;
CREATE INDEX tellings_due ON tellings (channel, urgent DESC, level, outbox_id, due_ms) WHERE state IN ('waiting', 'retry');
DROP INDEX tellings_by_alert;
CREATE INDEX tellings_by_alert ON tellings (alert_id, channel, outbox_id, level);
CREATE INDEX tellings_dead ON tellings (id) WHERE state = 'dead';
