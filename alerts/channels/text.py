"""Notices put into words and handed to what carries words: robots, SMS gateways, mail servers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from alerts.dispatch import Answer, Notice
from alerts.messages import Message, Wording


class Carrier(Protocol):
    """Brings a message to one address. `name` stays the same between runs and holds no secret."""

    @property
    def name(self) -> str:
        """Return the name under which deliveries are remembered."""
        ...

    def carry(self, message: Message) -> Answer:
        """Try once, within a bounded time; failures are answers, not exceptions."""
        ...


@dataclass(frozen=True, slots=True)
class TextChannel:
    """A channel of `alerts.dispatch` that tells notices in words, one by one or several at once."""

    carrier: Carrier
    wording: Wording

    @property
    def name(self) -> str:
        """Return the carrier's name."""
        return self.carrier.name

    def send(self, notice: Notice) -> Answer:
        """Tell one notice."""
        return self.carrier.carry(self.wording.message(notice))

    def send_together(self, notices: Sequence[Notice]) -> Answer:
        """Tell several in one message."""
        return self.carrier.carry(self.wording.digest(notices))
