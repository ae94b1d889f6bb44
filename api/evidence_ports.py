"""Where files of evidence are kept, as the API needs it."""

from typing import Protocol

from rectification.evidence import EvidenceGoneError, EvidenceRefusedError, PreparedFile


class EvidenceFiles(Protocol):
    """Files by their hash. Calls may block; the API makes them in its thread pool."""

    def prepare(self, content: bytes) -> PreparedFile:
        """Return what would be kept. Raises EvidenceRefusedError."""
        ...

    def put(self, file: PreparedFile) -> None:
        """Keep a file, in the transaction that names it. Raises NotNowError where it cannot be written."""
        ...

    def read(self, sha256: str) -> bytes:
        """Return the bytes of a file. Raises EvidenceGoneError."""
        ...

    def thumbnail(self, sha256: str) -> bytes:
        """Return the thumbnail of a picture, a JPEG. Raises EvidenceGoneError."""
        ...

    def discard(self, sha256: str) -> None:
        """Delete the bytes of a file, in a transaction that saw that no record names them."""
        ...


class NoEvidence:
    """Keeps nothing."""

    def prepare(self, content: bytes) -> PreparedFile:
        """Refuse every file."""
        msg = f"no files are kept here ({len(content)} bytes came)"
        raise EvidenceRefusedError(msg)

    def put(self, file: PreparedFile) -> None:
        """Keep nothing: nothing was prepared."""

    def read(self, sha256: str) -> bytes:
        """Have nothing."""
        raise EvidenceGoneError(sha256)

    def thumbnail(self, sha256: str) -> bytes:
        """Have nothing."""
        raise EvidenceGoneError(sha256)

    def discard(self, sha256: str) -> None:
        """Have nothing to delete."""
