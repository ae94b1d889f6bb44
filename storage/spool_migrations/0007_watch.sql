-- What the rules over events remember between runs: one row for each thing that lasts, by machine.
CREATE TABLE watch (
    machine TEXT NOT NULL,
    key TEXT NOT NULL,
    spell BLOB NOT NULL,
    PRIMARY KEY (machine, key)
) WITHOUT ROWID;
