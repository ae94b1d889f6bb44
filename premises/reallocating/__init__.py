"""Proposals to use rooms better: put together from a home, as JSON, and into the records."""
