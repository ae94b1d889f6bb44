"""What runs by itself: the drain, the roll-ups, the analyses of the day, each in its place."""
