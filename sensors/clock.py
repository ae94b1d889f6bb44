"""What says the time: passed in, so that a simulated month is as good as a real one."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """Return the present time, aware, UTC."""
        ...
