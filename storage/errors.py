"""What can go wrong with a store, in one line that says what to do."""

from pathlib import Path

from sensors.errors import InputFault, NotNowError


class StoreError(Exception):
    """The store refused; nothing of the transaction was kept."""


class StoreHeldError(StoreError, InputFault):
    """Another process owns the file."""

    def __init__(self, path: Path, holder: int | None) -> None:
        """Name the file and, where it is known, the process that holds it."""
        who = "another process" if holder is None else f"process {holder}"
        # A running Premises is asked to do the work, so who comes here met a short command or one that just starts.
        super().__init__(
            f"{path}: {who} holds this file, be it an analysis, an import or a Premises that is just starting; "
            "try again in a moment"
        )
        self.path = path
        self.holder = holder


class StoreUnreadableError(StoreError, InputFault):
    """The file is not a store of readings, or cannot be reached."""

    def __init__(self, path: Path, detail: str) -> None:
        """Name the file and what was found instead."""
        super().__init__(f"{path}: cannot be opened as a store of readings ({detail}); restore it or move it away")
        self.path = path


class SchemaTooNewError(StoreError, InputFault):
    """The file was written by a newer Premises."""

    def __init__(self, path: Path, *, found: int, known: int) -> None:
        """Name both versions."""
        super().__init__(
            f"{path}: written by a newer Premises (schema {found}, this one knows {known}); "
            "install that version again, or restore the backup made before it"
        )
        self.found = found
        self.known = known


class StoreFailedError(StoreError):
    """A query or an append failed in the store's engine."""

    def __init__(self, path: Path, detail: str) -> None:
        """Keep the engine's own words, in one line."""
        super().__init__(f"{path}: {detail}; check the disk's space and the file, then start again")
        self.path = path


class StoreAwayError(StoreError, NotNowError):
    """The store's server cannot be reached, or asks for patience; the same may succeed later."""

    def __init__(self, where: str, detail: str, *, retry_after_s: float | None = None) -> None:
        """Name the server, what came instead of an answer, and how long it asks to wait, where it says."""
        super().__init__(f"{where}: {detail}; what comes in waits in the spool until it answers again")
        self.retry_after_s = retry_after_s


class StoreDeniedError(StoreError, NotNowError):
    """The store's server answers, but does not let us in, or has no such place; a person must mend it."""

    def __init__(self, where: str, detail: str, *, status: int, advice: str) -> None:
        """Name the server, its words, the status and what to do."""
        super().__init__(f"{where}: {detail} ({status}); {advice}; what comes in waits in the spool until then")
        self.status = status


class StoreRefusedError(StoreError):
    """The store's server cannot take some or all of what one request held.

    `dropped` is how many records it says it left out, None where it does not say.
    """

    def __init__(self, words: str, *, dropped: int | None = None) -> None:
        """Keep the server's own words, in one line."""
        super().__init__(words)
        self.words = words
        self.dropped = dropped
