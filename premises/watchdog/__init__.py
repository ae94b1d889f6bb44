"""Watching the watcher: a heartbeat to somebody outside, test alerts by plan, and alarms about ourselves."""
