"""The machines, one rule a file."""
