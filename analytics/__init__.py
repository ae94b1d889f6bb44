"""Rules, occupancy, meters: pure functions over frames."""
