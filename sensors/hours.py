"""Hours of the day as a registry writes them: `08:30-12:00,14:00-18:00`."""

import re
import unicodedata
from itertools import pairwise

Hours = tuple[tuple[int, int], ...]
"""Half-open spans of the local day in minutes since midnight, sorted, without overlap."""

MINUTES_A_DAY = 24 * 60

_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*[-–—~]\s*(\d{1,2}):(\d{2})")
_LAST_MINUTE = 59


class HoursError(ValueError):
    """Hours that cannot be read; the message says what to write instead."""

    def __init__(self, text: str, reason: str) -> None:
        """Quote what was given."""
        super().__init__(f"{text!r} {reason}; write hours like 08:30-12:00,14:00-18:00")


def parse_hours(text: str) -> Hours:
    """Return the spans of `HH:MM-HH:MM[,…]`, sorted; an empty text has none.

    A span may end at 24:00 and may not cross midnight. Raises HoursError.
    """
    # Chinese input methods type full-width colons and commas; NFKC folds them.
    parts = [part.strip() for part in unicodedata.normalize("NFKC", text).split(",")]
    if parts == [""]:
        return ()
    spans = tuple(sorted(_span(part, text) for part in parts))
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            raise HoursError(text, "has spans that overlap")
    return spans


def _span(part: str, text: str) -> tuple[int, int]:
    match = _SPAN.fullmatch(part)
    if match is None:
        raise HoursError(text, f"has no span of hours in {part!r}")
    start_hour, start_minute, end_hour, end_minute = map(int, match.groups())
    start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
    if max(start_minute, end_minute) > _LAST_MINUTE or end > MINUTES_A_DAY:
        raise HoursError(text, f"names a time that no day has in {part!r}")
    if start >= end:
        raise HoursError(text, f"ends before it starts in {part!r} (a span may not cross midnight: make it two)")
    return start, end
