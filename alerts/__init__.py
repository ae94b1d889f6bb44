"""Alerts: what a person must see now, who has seen it, and whether it is over."""
