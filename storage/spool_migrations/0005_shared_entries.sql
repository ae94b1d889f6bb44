-- The readings of one commit and site share an entry. Where several gateways brought them, `shares` says how many each,
-- as a JSON object in the order in which they lie; `gateway` is then empty. Entries of before keep their form.
ALTER TABLE entries ADD COLUMN shares TEXT;

-- The bits of the chunk that holds `top`, which nearly every commit changes; NULL in a window of before, whose chunks all
-- lie in seq_chunks.
ALTER TABLE seq_windows ADD COLUMN newest BLOB;
