"""What people write down about fire safety, and what the rules make of it."""
