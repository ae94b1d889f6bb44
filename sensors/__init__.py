"""The vocabulary of Premises: what is measured, where, and what is said about it. No I/O."""
