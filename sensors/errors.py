"""The root of the errors that a person can mend."""


class InputFault(Exception):  # noqa: N818 - a fault in what was given, not in the program
    """What was given cannot be used. The message is one line that names the place and what to do.

    The command line prints it and exits with 2; an API answers it as a client's error.
    """


class NotNowError(Exception):
    """A part of the installation cannot answer at the moment; the same request may succeed later."""
