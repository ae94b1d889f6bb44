"""What ingest needs from the durable spool that stands before every store."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from sensors.intake import Birth, Delivery, SpoolEntry


class NoRoomError(Exception):
    """What came cannot be kept now; it is not acknowledged, so the broker sends it again."""


class Spool(Protocol):
    """The write side of the spool, owned by one ingest process."""

    def commit(self, entries: Iterable[SpoolEntry]) -> None:
        """Make all entries durable in one transaction: data, quarantine, duplicate windows and the books.

        When this returns, a `kill -9` loses none of it. Raises SpoolFullError when there is no room.
        """
        ...

    def births(self) -> Mapping[str, Sequence[Birth]]:
        """Return what the messages of gateways are read by, by gateway, in the order in which it was said."""
        ...

    def seen(self, gateway: str, boot: str, seq: int) -> bool:
        """Say whether this sequence number was committed before, within a window of 65,536."""
        ...

    def seen_event(self, gateway: str, event_key: str) -> bool:
        """Say whether an event of this key was committed before."""
        ...

    def seen_delivery(self, delivery: Delivery) -> bool:
        """Say whether this very message was committed under this packet id in the broker's present session."""
        ...

    def forget_deliveries(self) -> None:
        """Forget all packet ids: the broker lost the session, so they start anew."""
        ...
