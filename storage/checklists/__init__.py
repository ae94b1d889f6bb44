"""The checklists that come with the program, as a file that one can read and copy from."""
