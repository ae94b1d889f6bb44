"""What can go wrong with the records, in one line that says what to do."""

from sensors.errors import InputFault, NotNowError
from storage.errors import StoreError


class RecordsError(StoreError):
    """The records refused; nothing of the transaction was kept. `place` is the address without its password."""

    def __init__(self, place: str, detail: str) -> None:
        """Put the place before the detail."""
        super().__init__(f"{place}: {detail}")
        self.place = place


class RecordsBusyError(RecordsError, NotNowError):
    """Another transaction went on for too long."""


class RecordsUnreachableError(RecordsError, InputFault):
    """The database is away, full, broken or not ours."""


class RecordsAwayError(RecordsUnreachableError):
    """The database's server does not answer, or not to us; it may in a moment."""


class RecordsTooNewError(RecordsError, InputFault):
    """A newer Premises has been here."""


class RecordsRefusedError(RecordsError):
    """The database's own rules forbid the write: a key twice, a row that is missing, a text it cannot hold."""


class AuditSealedError(RecordsError):
    """Somebody tried to change or delete rows of the audit log."""
