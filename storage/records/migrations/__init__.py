"""Alembic's folder: how the schema of the records came to be, one numbered file after another."""
