"""`python -m premises`."""

from premises.cli import main

main()
