"""What the alert pages ask beside the records: who is called when, what is held back, what never arrived."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from alerts.decisions import Hold
from alerts.dispatch import NoticeKind
from alerts.escalation import monday_to_friday
from alerts.policy import Policy, tell_everybody


class CallState(StrEnum):
    """How one call stands. SPARED: somebody had answered, or the alert was over, before it was made."""

    PLANNED = "planned"
    TRYING = "trying"
    ARRIVED = "arrived"
    FAILED = "failed"
    SPARED = "spared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One telling of an alert over one channel. `level` counts from 0; `why` says by whose name it was chosen.

    `due` is when it is to be made, or made again, or was made last. `number` is what it is tried again by.
    """

    number: int
    alert_id: str
    kind: NoticeKind
    channel: str
    level: int
    state: CallState
    due: datetime
    attempts: int = 0
    why: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What was decided of an alert's beginning: held back, by what and until when; part of an exercise; flapping.

    `held` is None where people were told; `until` None where it is held for good.
    """

    held: Hold | None = None
    by: str = ""
    until: datetime | None = None
    drill: str = ""
    flapping: bool = False


class AlertDesk(Protocol):
    """The deliveries of the home, whoever makes them. Calls may block."""

    def policy(self) -> Policy:
        """Return who is told of what, as it stands."""
        ...

    def is_workday(self, day: date) -> bool:
        """Say whether a local day is worked."""
        ...

    def tellings(self, alert_ids: Collection[str]) -> Mapping[str, Telling]:
        """Return what was decided of these alerts; those that nothing is known of are left out."""
        ...

    def calls(self, alert_id: str) -> Sequence[Call]:
        """Return every call of an alert, planned ones included, in the order in which they are due."""
        ...

    def undelivered(self, *, limit: int = 100) -> Sequence[Call]:
        """Return the calls that were given up, the newest first."""
        ...

    def retry(self, numbers: Collection[int] | None = None) -> int:
        """Make calls that were given up once more, all where no numbers are given; return how many."""
        ...

    def told(self, *, since: datetime, until: datetime) -> Mapping[str, Sequence[datetime]]:
        """Return when each contact was told that an alert began; a channel stands for whom no contact is named."""
        ...


class NoDeliveries:
    """Where nobody is told of anything."""

    def policy(self) -> Policy:
        """Return what holds without a file."""
        return tell_everybody(())

    def is_workday(self, day: date) -> bool:
        """Take Monday to Friday for worked."""
        return monday_to_friday(day)

    def tellings(self, alert_ids: Collection[str]) -> Mapping[str, Telling]:  # noqa: ARG002 - the port's
        """Know of none."""
        return {}

    def calls(self, alert_id: str) -> Sequence[Call]:  # noqa: ARG002 - the port's
        """Know of none."""
        return ()

    def undelivered(self, *, limit: int = 100) -> Sequence[Call]:  # noqa: ARG002 - the port's
        """Know of none."""
        return ()

    def retry(self, numbers: Collection[int] | None = None) -> int:  # noqa: ARG002 - the port's
        """Try nothing."""
        return 0

    def told(self, *, since: datetime, until: datetime) -> Mapping[str, Sequence[datetime]]:  # noqa: ARG002 - the port's
        """Know of nobody."""
        return {}
