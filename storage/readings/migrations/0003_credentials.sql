-- A keyed digest of the card or code that an event of a door names; empty where it names none.
ALTER TABLE events ADD COLUMN credential VARCHAR DEFAULT '';
