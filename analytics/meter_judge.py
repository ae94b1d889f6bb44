"""One register read step by step: which readings to believe, and what each step that is not plain was.

Only the places where a register falls or leaps are looked at; between them every reading is believed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate, pairwise

NEAR = 8
"""Readings on either side within which a small excursion must be over. The project's own choice."""
FAR = 50
"""Falls and leaps that are looked through for the return from a long excursion. The project's own choice."""
SUPPORT = 5
"""Readings after a return of which one must stand at or above it. The project's own choice."""
SHORT_MS = 2 * 3_600_000
"""Up to here what flows is like just before and after; beyond, like the register's mean. The project's own choice."""
USUAL = 4.0
"""A step that goes so many times as fast as those around it is no rollover, but a register that began anew."""
ALIVE = 0.2
"""What counts on at this share of the mean rate is a register, and no excursion of one. The project's own choice."""
ROUND_TRIP = 0.05
"""A register that is back within this share of where it fell from never was at 0. The project's own choice."""
QUANTA = 3
"""A register that counts in large units may be so many of them off."""

# Where counters turn over, in the metric's unit: digits of a dial, and 16, 24, 31 and 32 bits of common units.
_DIGITS = tuple(10.0**power for power in range(4, 10))
_BITS = tuple(2.0**bits * unit for bits in (16, 24, 31, 32) for unit in (0.001, 0.01, 0.1, 1.0))
MODULI = tuple(sorted(_DIGITS + _BITS))


class StepKind(StrEnum):
    """What a step that is not plain was."""

    ROLLOVER = "rollover"
    RESET = "reset"
    REPLACEMENT = "replacement"
    JUMP = "jump"
    CLOCK = "clock"


class Excursion(StrEnum):
    """Why readings are not believed."""

    GLITCH = "glitch"
    SPIKE = "spike"
    STALE = "stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What is usual of a register, in its unit and milliseconds; `rolls_at` is where it is known to turn over.

    A step longer than `hold_ms` is a gap.
    """

    quantum: float
    noise: float
    limit_per_ms: float
    mean_per_ms: float
    hold_ms: float
    rolls_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step into a reading: its amount, None where only an estimate can be had, and the least it can have been."""

    kind: StepKind
    amount: float | None = None
    least: float = 0.0


@dataclass(slots=True)
class Judged:
    """What is not plain, by the reading's place in its series."""

    dropped: dict[int, Excursion] = field(default_factory=dict)
    steps: dict[int, Step] = field(default_factory=dict)
    raised: dict[int, float] = field(default_factory=dict)
    """Readings a little below the one before: the register stood still."""


def judge(times_ms: Sequence[int], values: Sequence[float], events: Iterable[int], scale: Scale) -> Judged:
    """Return what is not plain of a register; `events` are the places, in order, where it fell or leapt."""
    return _Register(times_ms, values, tuple(events), scale).judged()


class _Register:
    def __init__(self, times_ms: Sequence[int], values: Sequence[float], events: tuple[int, ...], scale: Scale) -> None:
        self._times = times_ms
        self._values = values
        self._events = events
        self._scale = scale
        self._gained = self._plain_gains()
        self._found = Judged()
        self._restarted = 0
        """Where the register last began anew."""
        self._settled = 0
        """Every reading up to this place has been judged, and this one is believed."""

    def judged(self) -> Judged:
        for position, at in enumerate(self._events):
            if at > self._settled:
                self._settled = at
                later = self._events[position + 1 : position + 1 + FAR]
                if self._values[at] < self._level(at - 1):
                    self._fall(at, later)
                else:
                    self._leap(at, later)
        return self._found

    def _plain_gains(self) -> Sequence[float]:
        """Return how much plain steps have added up to by each reading."""
        events = frozenset(self._events)
        steps = enumerate(pairwise(self._values), start=1)
        gains = (0.0 if at in events else after - before for at, (before, after) in steps)
        return tuple(accumulate(gains, initial=0.0))

    def _is_alive(self, start: int, end: int) -> bool:
        """Say whether the readings from start until before end count on as a register does."""
        span_ms = self._times[end - 1] - self._times[start]
        gained = self._gained[end - 1] - self._gained[start]
        return end - start > NEAR and gained > ALIVE * self._scale.mean_per_ms * span_ms > 0

    def _level(self, at: int) -> float:
        return self._found.raised.get(at, self._values[at])

    def _possible(self, start: int, end: int) -> float:
        span_ms = self._times[end] - self._times[start]
        return self._scale.limit_per_ms * span_ms + QUANTA * self._scale.quantum

    def _expected(self, start: int, end: int) -> float:
        """Return what may have flowed: at the rate of the readings around for a short time, else at the mean."""
        span_ms = self._times[end] - self._times[start]
        rates = self._rates_around(start, end)
        rate = sum(rates) / len(rates) if rates and span_ms <= SHORT_MS else self._scale.mean_per_ms
        return rate * span_ms

    def _rates_around(self, start: int, end: int) -> list[float]:
        return [*self._rate(start - NEAR, start), *self._rate(end, end + NEAR)]

    def _rate(self, start: int, end: int) -> list[float]:
        first, last = max(start, 0), min(end, len(self._values) - 1)
        if first >= last:
            return []
        rate = (self._values[last] - self._values[first]) / (self._times[last] - self._times[first])
        return [rate] if 0 <= rate <= self._scale.limit_per_ms else []

    def _fall(self, at: int, later: Sequence[int]) -> None:
        before, now = self._level(at - 1), self._values[at]
        if before - now <= self._scale.noise:
            self._stand_still(at, before)
            return
        back = self._far_return(at, later) or self._round_trip(at)
        if back is not None:
            self._drop(range(at, back), Excursion.GLITCH)
            return
        if now > self._possible(at - 1, at) and self._small_excursion(at):
            return
        self._begin_anew(at, self._rollover(at) or self._restart(at))

    def _begin_anew(self, at: int, step: Step) -> None:
        self._found.steps[at] = step
        self._restarted = at

    def _stand_still(self, at: int, level: float) -> None:
        place = at
        while place < len(self._values) and level - self._scale.noise <= self._values[place] < level:
            self._found.raised[place] = level
            place += 1
        self._settled = place - 1

    def _far_return(self, at: int, later: Sequence[int]) -> int | None:
        """Return where the register leaps back to where it would be had nothing happened."""
        for place in later:
            if self._continues(at - 1, place) and self._is_supported(place):
                return None if self._is_alive(at, place) else place
        return None

    def _continues(self, start: int, end: int) -> bool:
        gain = self._values[end] - self._level(start)
        return -self._scale.noise <= gain <= self._possible(start, end)

    def _is_supported(self, at: int) -> bool:
        following = self._values[at + 1 : at + 1 + SUPPORT]
        floor = self._values[at] - self._scale.noise
        return not following or any(value >= floor for value in following)

    def _round_trip(self, at: int) -> int | None:
        """Return where the register is soon back from next to nothing in one step, however little is known of it."""
        before = self._level(at - 1)
        for place in range(at + 1, min(at + 1 + NEAR, len(self._values))):
            returned = before <= self._values[place] <= before * (1 + ROUND_TRIP)
            if returned and self._values[place - 1] <= before / 2:
                return place
        return None

    def _small_excursion(self, at: int) -> bool:
        """Drop the fewer readings where the register was soon back up, or had been as low just before."""
        back = next((p for p in range(at + 1, min(at + NEAR, len(self._values))) if self._continues(at - 1, p)), None)
        back = None if back is not None and self._climbs(at, back) else back
        low = next((p for p in range(at - 2, max(at - 2 - NEAR, -1), -1) if self._goes_on(p, at)), None)
        if low is not None and (back is None or at - 1 - low <= back - at):
            self._drop(range(low + 1, at), Excursion.SPIKE)
            self._settled = at
            return True
        if back is not None:
            self._drop(range(at, back), Excursion.GLITCH)
        return back is not None

    def _climbs(self, start: int, end: int) -> bool:
        """Say whether the register gets there step by step, as one does that was set back, and not at one leap."""
        steps = [after - before for before, after in pairwise(self._values[start : end + 1])]
        return len(steps) > 2 and max(steps) < sum(steps) / 2  # noqa: PLR2004 - of two steps one is half or more

    def _goes_on(self, start: int, end: int) -> bool:
        return start not in self._found.dropped and self._continues(start, end)

    def _drop(self, places: range, why: Excursion) -> None:
        for place in places:
            self._found.steps.pop(place, None)
            self._found.dropped[place] = why
        self._settled = places.stop

    def _rollover(self, at: int) -> Step | None:
        before, now = self._level(at - 1), self._values[at]
        moduli = MODULI if self._scale.rolls_at is None else (self._scale.rolls_at,)
        amounts = [modulus - before + now for modulus in moduli if modulus > before]
        if not amounts or min(amounts) > self._usually_at_most(at):
            return None
        return Step(kind=StepKind.ROLLOVER, amount=min(amounts))

    def _usually_at_most(self, at: int) -> float:
        """Return how much a rollover may hide: more, and the register more likely began anew near its end."""
        span_ms = self._times[at] - self._times[at - 1]
        possible = self._possible(at - 1, at)
        margin = QUANTA * self._scale.quantum
        if self._scale.rolls_at is not None:
            return possible
        rates = self._rates_around(at - 1, at)
        rate = max(rates) if rates and span_ms <= SHORT_MS else self._scale.mean_per_ms
        return min(possible, USUAL * rate * span_ms + margin)

    def _restart(self, at: int) -> Step:
        """Return a reset where the register may have begun at 0, else a replacement.

        What a reset register shows has flowed since; it is all that flowed where it is about what was to be expected.
        """
        now, expected = self._values[at], self._expected(at - 1, at)
        if now > min(self._possible(at - 1, at), max(USUAL * expected, QUANTA * self._scale.quantum)):
            return Step(kind=StepKind.REPLACEMENT)
        is_gap = self._times[at] - self._times[at - 1] > self._scale.hold_ms
        is_all = 2 * now >= expected and not is_gap
        return Step(kind=StepKind.RESET, amount=now if is_all else None, least=now)

    def _leap(self, at: int, later: Sequence[int]) -> None:
        back = next((place for place in later if self._is_back(at, place)), None)
        if back is not None and not self._is_alive(at, back):
            self._drop(range(at, back), Excursion.SPIKE)
            return
        stuck = self._stuck_since(at)
        if stuck is not None:
            self._drop(range(stuck + 1, at), Excursion.STALE)
            self._settled = at
            return
        self._begin_anew(at, self._clock_change(at) or Step(kind=StepKind.JUMP))

    def _clock_change(self, at: int) -> Step | None:
        """Return the step where a clock was set back: two runs lay over each other, and the higher one goes on."""
        for place in range(at - 1, max(at - 1 - NEAR, -1), -1):
            if self._found.dropped.get(place) is Excursion.SPIKE and self._continues(place, at):
                return Step(kind=StepKind.CLOCK, amount=self._values[at] - self._level(at - 1))
        return None

    def _is_back(self, at: int, place: int) -> bool:
        return self._values[place] < self._values[at] and self._continues(at - 1, place) and self._is_supported(place)

    def _stuck_since(self, at: int) -> int | None:
        """Return since when the register repeated one value, where its leap is what may have flowed since."""
        first = at - 1
        while first > self._restarted and self._values[first - 1] == self._values[at - 1]:
            first -= 1
        said_thrice = at - 1 - first >= 2  # noqa: PLR2004 - the third time makes it so
        return first if said_thrice and self._continues(first, at) else None
