"""Ways to people: the one place in the domain that does I/O."""
