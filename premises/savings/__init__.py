"""Savings as they are asked for: from plain CSV files, from the store of a running site, and for items of the plan."""
