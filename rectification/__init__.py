"""Rectification (整改): from a finding to an item, worked off, proven by readings, signed off."""
