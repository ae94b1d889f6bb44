"""What becomes of a notice before it is routed: told now, or held back for a reason that a person can look up."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Hold(StrEnum):
    """Why people are not told now. What is held back still stands in the console, with the reason."""

    SETTLING = "settling"
    """It has not lasted long enough yet."""
    FLAPPING = "flapping"
    """It comes and goes; people were told so once."""
    SILENCED = "silenced"
    SHELVED = "shelved"
    OUT_OF_SERVICE = "out_of_service"
    SUPPRESSED = "suppressed"
    """Suppressed by design: something else explains it, which people were told of."""
    QUIET = "quiet"
    """Quiet hours; it is told when they end."""
    OVER = "over"
    """It ended while it was held back, or nobody had been told that it began: decided for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one notice now. `held` is None where people are to be told.

    `by` names what holds it: a silence's id, the alert that explains it. `look_again` is when to decide anew; None
    where it is decided for good. `drill` is the id of the exercise that it is told as a part of; `group` is the key of
    the others that it may be told together with, and `group_until` when that has waited long enough; without one
    nobody waits. `flapping` says that it comes and goes, and that nobody is told again until it stays quiet.
    """

    held: Hold | None = None
    by: str = ""
    look_again: datetime | None = None
    drill: str = ""
    group: str = ""
    group_until: datetime | None = None
    flapping: bool = False
