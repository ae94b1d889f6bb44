"""Happenings: what a panel or a door has to tell, before it has a sender."""

from dataclasses import dataclass

from sensors.events import EventState, EventType
from sensors.topology import Direction


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened, at UTC ms; `late_ms` is how long the word of it takes to get out."""

    time_ms: int
    type: EventType
    state: EventState
    zone: str = ""
    test: bool = False
    late_ms: int = 0
    direction: Direction | None = None
    """Which of a door's readers tells of it; None is all of them."""
    credential: str = ""
