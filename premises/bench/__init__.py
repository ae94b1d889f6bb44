"""What Premises costs, measured against a reference in the same run: `premises bench`."""
