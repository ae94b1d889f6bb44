"""Opening what the home keeps, whichever stores the settings name, and copies of it."""
