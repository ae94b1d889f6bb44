"""Papers of rectification (ledger, plan, closing sheet) made from the records, and an edited ledger taken in."""
