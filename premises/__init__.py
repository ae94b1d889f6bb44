"""The composition root: settings, wiring, command line. Only it chooses implementations."""
