"""Adapters: spool and records in SQLite, readings in memory or DuckDB, the registry file."""
