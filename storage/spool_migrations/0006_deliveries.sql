-- What is planned to be sent to whom and when, and what was said of alerts beforehand.

-- What is red and no test goes before all others. In doubt it is.
ALTER TABLE open_signals ADD COLUMN urgent INTEGER NOT NULL DEFAULT 1;
UPDATE open_signals SET urgent = 0
    WHERE test = 1 OR instr(CAST(signal AS TEXT), '"severity":"red"') = 0;

-- `plan` is new, planned or held; a held notice is looked at again at `look_ms`, `held` and `held_by` say why it waits.
-- `told_ms` is when it was decided to tell people, 0 where nobody is told; `joined` is what it may share a message with,
-- which goes out at `join_ms`.
ALTER TABLE outbox ADD COLUMN urgent INTEGER NOT NULL DEFAULT 1;
ALTER TABLE outbox ADD COLUMN plan TEXT NOT NULL DEFAULT 'new';
ALTER TABLE outbox ADD COLUMN look_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN held TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN held_by TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN drill TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN flapping INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN mark TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN told_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN joined TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN join_ms INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET plan = 'planned', told_ms = at_ms,
    urgent = (instr(CAST(signal AS TEXT), '"severity":"red"') > 0),
    mark = CASE WHEN json_valid(CAST(signal AS TEXT)) THEN json_extract(CAST(signal AS TEXT), '$.mark') ELSE '' END;
CREATE INDEX outbox_by_mark ON outbox (mark, at_ms);
CREATE INDEX outbox_by_joined ON outbox (joined, join_ms) WHERE joined <> '';
CREATE INDEX outbox_to_plan ON outbox (plan, look_ms) WHERE plan <> 'planned';
DROP INDEX outbox_to_project;
CREATE INDEX outbox_to_project ON outbox (urgent DESC, id) WHERE projected = 0;

-- One telling of a notice over one channel. `level` counts from 0, which is told at once; `state` is waiting, retry,
-- done, dead or stopped.
CREATE TABLE tellings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    outbox_id INTEGER NOT NULL,
    alert_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    level INTEGER NOT NULL,
    urgent INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    attempts INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    UNIQUE (outbox_id, channel, level)
);
CREATE INDEX tellings_due ON tellings (channel, due_ms) WHERE state IN ('waiting', 'retry');
CREATE INDEX tellings_by_alert ON tellings (alert_id, channel);

-- What waited before goes on waiting, and what was sent or given up stays known.
INSERT INTO tellings (outbox_id, alert_id, channel, level, urgent, due_ms, state, attempts, reason, detail)
    SELECT o.id, o.alert_id, c.name, 0, o.urgent, iif(coalesce(s.due_ms, 0) = 0, o.at_ms, s.due_ms), coalesce(s.state, 'waiting'),
        coalesce(s.attempts, 0), 'everybody', coalesce(s.detail, '')
    FROM channels c JOIN outbox o ON o.id > c.after_id AND o.kind IN ('raised', 'cleared')
    LEFT JOIN sends s ON s.outbox_id = o.id AND s.channel = c.name
    ORDER BY o.id;
DROP TABLE sends;
DROP TABLE channels;

-- What stands in the records, kept here so that it holds while they are away.
CREATE TABLE standing (name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE acknowledged (alert_id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;
