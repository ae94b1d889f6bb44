-- Of the records received, those that came with QoS 0: what of them the way lost, nobody sends again.
ALTER TABLE books ADD COLUMN unassured INTEGER NOT NULL DEFAULT 0;
