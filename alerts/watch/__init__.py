"""Rules over events and readings: small state machines that run live, as things come in, and over the past alike."""
