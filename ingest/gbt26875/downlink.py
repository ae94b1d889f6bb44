"""What the centre asks of a panel: roll calls (查岗, type 91) and the setting of its clock (type 90).

A command is sent, and sent again three times where nobody confirms it within ten seconds (6.5). A roll call that was
confirmed waits for a person; what comes of it is an outcome, said once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from ingest.gbt26875.frames import Command, Frame
from ingest.gbt26875.units import UnitType

CONFIRM_S: Final = 10.0
REPEATS: Final = 3
"""6.5: a timeout of at most 10 s, three repeats."""

_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 86_400_000
_SEQ_END: Final = 0x1_0000


class Outcome(StrEnum):
    """How a roll call ended without an answer: nobody pressed the button, or the panel never confirmed it."""

    UNANSWERED = "unanswered"
    UNDELIVERED = "undelivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When to ask; 0 is never. Roll calls begin at whole multiples of the interval since 1970, UTC."""

    roll_call_minutes: int = 0
    answer_minutes: int = 10
    sets_clocks: bool = False


@dataclass(slots=True)
class Line:
    """What is known of the way to a panel: the addresses and version that it used last."""

    address: int
    centre: int
    version: bytes
    seq: int = 0


@dataclass(slots=True)
class _Asked:
    """A command on its way. `confirmed_ms` is set once the panel has it."""

    kind: UnitType
    frame: Frame
    asked_ms: int
    sent_ms: int
    sends: int = 1
    confirmed_ms: int | None = None

    def not_later_than(self, now_ms: int) -> None:
        """Let no time lie ahead of now: after a clock was set back they would last too long."""
        self.sent_ms = min(self.sent_ms, now_ms)
        if self.confirmed_ms is not None:
            self.confirmed_ms = min(self.confirmed_ms, now_ms)


@dataclass(frozen=True, slots=True)
class Send:
    """A frame for a panel."""

    address: int
    frame: Frame


@dataclass(frozen=True, slots=True)
class Ended:
    """A roll call of a panel that ended without an answer, and when it was asked."""

    address: int
    outcome: Outcome
    asked_ms: int


@dataclass(slots=True)
class Downlink:
    """The commands to all panels. For one thread."""

    schedule: Schedule
    addresses: Sequence[int] = ()
    """The panels that are asked: those of the settings."""
    _asked: dict[tuple[int, int], _Asked] = field(default_factory=dict)
    _slots: dict[UnitType, int] = field(default_factory=dict)

    def due(self, lines: Mapping[int, Line], label: bytes, now_ms: int) -> list[Send | Ended]:
        """Return what is to be sent now to panels with a line, and what ended; `label` is the time at the site."""
        return [*self._begun(lines, label, now_ms), *self._overdue(label, now_ms)]

    def call_roll(self, line: Line, label: bytes, now_ms: int) -> Send:
        """Return a roll call to send now."""
        data = bytes((UnitType.ROLL_CALL, 1, self.schedule.answer_minutes))
        return self._ask(line, UnitType.ROLL_CALL, data, label, now_ms)

    def set_clock(self, line: Line, label: bytes, now_ms: int) -> Send:
        """Return the setting of a panel's clock to send now."""
        return self._ask(line, UnitType.CLOCK, _clock(label), label, now_ms)

    def heard(self, frame: Frame, now_ms: int) -> None:
        """Note that a panel confirmed a command, or refused it; a refused one is sent again like an unheard one."""
        asked = self._asked.get((frame.source, frame.seq))
        if asked is None or asked.confirmed_ms is not None or frame.command != Command.CONFIRM:
            return
        asked.confirmed_ms = now_ms
        if asked.kind is not UnitType.ROLL_CALL:
            del self._asked[frame.source, frame.seq]

    def answered(self, address: int) -> None:
        """Note that somebody at a panel answered the roll call, all of them that are open."""
        self._asked = {
            key: each for key, each in self._asked.items() if key[0] != address or each.kind is not UnitType.ROLL_CALL
        }

    def _begun(self, lines: Mapping[int, Line], label: bytes, now_ms: int) -> Iterator[Send | Ended]:
        if self._begins(UnitType.ROLL_CALL, self.schedule.roll_call_minutes * _MINUTE_MS, now_ms):
            for address in self.addresses:
                line = lines.get(address)
                away = Ended(address, Outcome.UNDELIVERED, now_ms)
                yield away if line is None else self.call_roll(line, label, now_ms)
        if self._begins(UnitType.CLOCK, _DAY_MS * self.schedule.sets_clocks, now_ms):
            yield from [self.set_clock(lines[each], label, now_ms) for each in self.addresses if each in lines]

    def _begins(self, kind: UnitType, interval_ms: int, now_ms: int) -> bool:
        """Say whether a new interval has begun since this was asked last; the first look begins none."""
        if not interval_ms:
            return False
        slot = now_ms // interval_ms
        before = self._slots.get(kind, slot)
        self._slots[kind] = slot
        return slot > before

    def _overdue(self, label: bytes, now_ms: int) -> Iterator[Send | Ended]:
        for key, asked in list(self._asked.items()):
            asked.not_later_than(now_ms)
            over = self._outcome(asked, now_ms)
            if over is not None:
                del self._asked[key]
                if asked.kind is UnitType.ROLL_CALL:
                    yield Ended(key[0], over, asked.asked_ms)
            elif asked.confirmed_ms is None and now_ms - asked.sent_ms >= CONFIRM_S * 1000:
                asked.sends += 1
                asked.sent_ms = now_ms
                asked.frame = _renewed(asked, label)
                yield Send(key[0], asked.frame)

    def _outcome(self, asked: _Asked, now_ms: int) -> Outcome | None:
        if asked.confirmed_ms is not None:
            is_over = now_ms - asked.confirmed_ms >= self.schedule.answer_minutes * _MINUTE_MS
            return Outcome.UNANSWERED if is_over else None
        is_over = asked.sends > REPEATS and now_ms - asked.sent_ms >= CONFIRM_S * 1000
        return Outcome.UNDELIVERED if is_over else None

    def _ask(self, line: Line, kind: UnitType, data: bytes, label: bytes, now_ms: int) -> Send:
        frame = Frame(
            seq=line.seq,
            command=Command.CONTROL,
            source=line.centre,
            destination=line.address,
            label=label,
            data=data,
            version=line.version,
        )
        line.seq = (line.seq + 1) % _SEQ_END
        self._asked[line.address, frame.seq] = _Asked(kind=kind, frame=frame, asked_ms=now_ms, sent_ms=now_ms)
        return Send(line.address, frame)


def _renewed(asked: _Asked, label: bytes) -> Frame:
    """Return the command to send again: under the same number, with the time as it is now."""
    data = _clock(label) if asked.kind is UnitType.CLOCK else asked.frame.data
    return replace(asked.frame, label=label, data=data)


def _clock(label: bytes) -> bytes:
    return bytes((UnitType.CLOCK, 1)) + label
