"""Simulated buildings with physics and labelled faults. No I/O: readings, events, messages and text."""

from simulators.registry_yaml import registry_text

__all__ = ["registry_text"]
