"""Files of readings into the store, resumable, here or in the running server."""
