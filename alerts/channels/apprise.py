"""The long tail of services by Apprise, an extra: `pip install premises[apprise]`.

Apprise says success to what a service took, which is less than ours: its DingTalk and others look at the HTTP status
alone, so a message refused with `errcode` in an answer of 200 counts as sent, and its DingTalk signature is escaped
twice. Where this program has a channel of its own, use that.
"""

import importlib
from dataclasses import dataclass, field
from typing import Any

from alerts.channels.exchange import channel_name
from alerts.dispatch import Answer, Delivery
from alerts.messages import Message


class AppriseMissingError(ValueError):
    """The extra is not installed, or the address is none that it knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseService:
    """A carrier. How long an attempt may take is Apprise's own: 4 s to connect, 4 s to read, by its defaults."""

    label: str
    url: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse an address that Apprise does not know, and a home without Apprise."""
        _service(self.url)

    @property
    def name(self) -> str:
        """Return `apprise:` with the label and a digest of the address."""
        return channel_name("apprise", self.label, self.url)

    def carry(self, message: Message) -> Answer:
        """Return DONE where Apprise says so; it tells no reason where it does not."""
        try:
            taken = bool(_service(self.url).notify(title=message.title, body=message.text))
        except (OSError, ValueError, TypeError) as exc:
            return Answer(delivery=Delivery.RETRY, detail=type(exc).__name__)
        return Answer(delivery=Delivery.DONE if taken else Delivery.RETRY, detail="taken" if taken else "not taken")


def _service(url: str) -> Any:  # noqa: ANN401 - the library is an extra, its types are not here
    try:
        library = importlib.import_module("apprise")
    except ImportError as exc:
        msg = "apprise is not installed; pip install 'premises[apprise]'"
        raise AppriseMissingError(msg) from exc
    service = library.Apprise()
    if not service.add(url):
        msg = "the address is none that Apprise knows; look at its list of services"
        raise AppriseMissingError(msg)
    return service
