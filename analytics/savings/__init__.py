"""Savings against an adjusted baseline (IPMVP option C): terms, models, intervals, events; no I/O."""
