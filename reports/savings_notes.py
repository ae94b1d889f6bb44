"""What reading a file or a store found that a number should be read with: codes and parameters, worded elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class NoteCode(StrEnum):
    """What was passed over, put together or taken for granted."""

    BLANK_TIMES = "blank_times"
    CLOCK_CHANGE = "clock_change"
    REPEATED_ROWS = "repeated_rows"
    SUMMED_TO_HOURS = "summed_to_hours"
    ZONE_INFERRED = "zone_inferred"
    UNMETERED_CIRCUITS = "unmetered_circuits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One remark; it allows a number."""

    code: NoteCode
    params: Mapping[str, str | int | float] = field(default_factory=dict)
