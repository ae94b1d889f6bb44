"""Papers that the console hands out, as whoever makes them gives them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from alerts.logs.sheet import SheetReader
from api.messages import Language
from sensors.accounts import Account

Paper = Literal["html", "docx", "xlsx", "pdf"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePaper:
    """A file. `policy` is the Content-Security-Policy under which a page of its own style may show."""

    content: bytes
    media_type: str
    policy: str = ""


class NamedReader(SheetReader, Protocol):
    """What a sheet is made from: the logs, and the names of those who wrote them."""

    def accounts(self) -> Sequence[Account]:
        """Return all accounts."""
        ...


class DutySheets(Protocol):
    """Makes the duty sheet of a local day."""

    def __call__(self, tx: NamedReader, day: date, form: Paper, language: Language, /) -> MadePaper:
        """Return the file. Raises InputFault where this machine cannot make one of this form."""
        ...
