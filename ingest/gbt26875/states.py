"""What each part of a panel said last, so that a status becomes the edges of states.

After a start nothing is known of a part that spoke before: its first status is told whole. Changes count once the
spool has what they became (`keep`); until then they are only proposed, so that a failed commit swallows no edge.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

ALL: Final = 0xFFFF
_MOST_PARTS: Final = 50_000
"""Above this the oldest are forgotten, and told whole again: no site has so many detectors. Our own choice."""


@dataclass(frozen=True, slots=True)
class State:
    """The bits of a part, and which of them are known."""

    bits: int = 0
    known: int = 0

    def is_edge(self, bit: int, bits: int) -> bool:
        """Say whether a new status says something else of this bit, or the first thing."""
        return not self.known & bit or bool((self.bits ^ bits) & bit)

    def is_off(self, mask: int) -> bool:
        """Say whether all these bits are known not to be set."""
        return self.known & mask == mask and not self.bits & mask

    def after_reset(self, off: int) -> "State":
        """Return the state after a reset: these bits are off; of what else was on, nobody knows whether it still is."""
        doubtful = self.bits & ~off
        return State(bits=self.bits & ~off, known=(self.known & ~doubtful) | off)


NEW = State(bits=0, known=ALL)
"""A part that never spoke before: nothing of it was ever told as active."""

UNKNOWN = State()


class States:
    """The states by part; a part is a panel's gateway and the place in it."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._kept: dict[tuple[str, str], State] = {}
        self._proposed: dict[tuple[str, str], State] = {}

    def of(self, gateway: str, place: str) -> State | None:
        """Return what is known of a part, None where nothing is."""
        key = (gateway, place)
        return self._proposed.get(key) or self._kept.get(key)

    def propose(self, gateway: str, place: str, state: State) -> None:
        """Note what a part is in from now on, if the commit succeeds."""
        self._proposed[gateway, place] = state

    def reset(self, gateway: str, *, meant: Callable[[str], bool], off: int) -> None:
        """Note that a panel was reset, in all its parts that are meant."""
        for owner, place in {**self._kept, **self._proposed}:
            state = self.of(owner, place)
            if state is not None and owner == gateway and meant(place):
                self.propose(owner, place, state.after_reset(off))

    def keep(self) -> None:
        """Take what was proposed for true."""
        self._kept.update(self._proposed)
        self._proposed.clear()
        while len(self._kept) > _MOST_PARTS:
            del self._kept[next(iter(self._kept))]

    def drop(self) -> None:
        """Forget what was proposed."""
        self._proposed.clear()
