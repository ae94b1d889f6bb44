"""Settings of what watches the watcher."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from premises.section import Section


class WatchdogSettings(Section):
    """How we watch ourselves. The heartbeat's address often holds a secret and stands in a file of its own."""

    heartbeat_url_file: Path | None = None
    heartbeat_s: Annotated[int, Field(ge=10, le=3_600)] = 60
    heartbeat_method: Literal["GET", "POST"] = "POST"
    silent_minutes: Annotated[int, Field(ge=0, le=10_080)] = 15
    """After so long without any message ingest counts as silent; 0 is never."""
    channel_failures: Annotated[int, Field(ge=1, le=1_000)] = 3
    channel_minutes: Annotated[int, Field(ge=0, le=1_440)] = 2
    records_minutes: Annotated[int, Field(ge=1, le=1_440)] = 3
    clock_s: Annotated[int, Field(ge=1, le=3_600)] = 60
    expects_ntp: bool = False
    """Whether it is an alarm that the system does not keep its clock right by itself."""
