"""The processes of an installation and how they find, start, stop and ask each other."""
