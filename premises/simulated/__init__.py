"""Simulated buildings in the real thing: into a home's store, or live over MQTT."""
