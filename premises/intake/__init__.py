"""Around the way in: how ingest fares, the fire panels' line, and what is done about the quarantine."""
