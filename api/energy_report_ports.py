"""What the API and the pages need to have energy reports worked out and written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from api.messages import Language
from api.papers import Paper
from rectification.energy_reports import EnergyReport, ReportPeriod
from sensors.actors import Actor

if TYPE_CHECKING:
    from api.ports import RecordsTransaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """A report that is being worked out, or could not be; `done` is from 0 to 1, no `failure` while it goes on."""

    period: str
    part: str
    done: float
    failure: str = ""


class EnergyReportDesk(Protocol):
    """Works reports out in the background, and writes those that are locked."""

    def ask(self, period: ReportPeriod, *, reason: str, actor: Actor) -> None:
        """Have a version drafted. Raises what `may_draft` does, and MakingBusyError where one is being made."""
        ...

    def making(self) -> Sequence[Making]:
        """Return what is being worked out, or failed since the start."""
        ...

    def paper(self, tx: "RecordsTransaction", report: EnergyReport, form: Paper, language: Language, /) -> bytes:
        """Return a version as a file. Raises InputFault where this machine cannot make one of this form."""
        ...
