"""What `premises doctor` looks at, part by part, and what it says."""
