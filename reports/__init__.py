"""Renders computed results; no formulas, no SQL."""
