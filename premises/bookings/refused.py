"""A file of bookings that is not taken."""

from collections.abc import Sequence

from ingest.csv_records import TableFault
from sensors.errors import InputFault


class BookingsRefusedError(InputFault):
    """A file of bookings with something wrong in it; the message has a line for each fault, up to `SHOWN`."""

    SHOWN = 20

    def __init__(self, faults: Sequence[TableFault]) -> None:
        """Tell the faults by their rows."""
        lines = [str(fault) for fault in faults[: self.SHOWN]]
        if len(faults) > self.SHOWN:
            lines.append(f"and {len(faults) - self.SHOWN} more")
        super().__init__("\n".join(lines))
        self.faults = tuple(faults)
