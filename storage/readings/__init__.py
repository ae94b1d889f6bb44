"""Stores of readings, each keeping `storage.ports.ReadingStore`; importing this package loads none of them."""
