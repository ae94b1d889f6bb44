"""What people are told of a notice, in Chinese or English: what, where, since when, what to do, and how to answer.

The texts stand here and not in a file: what says that it burns must not fail because a file cannot be read.
No person is named and no card number; of a room with one or two holders, or a restricted one, only the floor is said.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from alerts.alarms import ALARMS
from alerts.dispatch import Notice, NoticeKind
from sensors.signals import Signal
from sensors.subjects import SubjectKind
from sensors.topology import Building, BuildingId, Name, OpeningId, Registry, Room, RoomId
from sensors.verdicts import Severity

Language = Literal["zh", "en"]

SHORT_CHARS = 70
"""What one SMS holds in UCS-2, 3GPP TS 23.038; longer ones are paid twice and may arrive in pieces."""

LONGEST_ZONE = 24
PLACES_IN_DIGEST = 5

WORDS: Mapping[str, Name] = MappingProxyType(
    {
        "test": Name(zh="测试·", en="TEST "),
        "drill": Name(zh="演练·", en="DRILL "),
        "again": Name(zh="无人确认·", en="Unanswered: "),
        "flapping": Name(zh="反复·", en="Comes and goes: "),
        "cleared": Name(zh="已解除·", en="Over: "),
        "since": Name(zh="{time}起", en="since {time}"),
        "span": Name(zh="{time}至{end}", en="{time} to {end}"),
        "floor": Name(zh="{floor}层", en=" floor {floor}"),
        "zone": Name(zh="{zone}区", en=" zone {zone}"),
        "device": Name(zh="设备{device}", en="device {device}"),
        "comma": Name(zh="，", en=", "),
        "stop": Name(zh="。", en=". "),
        "doubtful": Name(zh="（存疑，请核实）", en=" (doubtful, check)"),
        "answer": Name(zh="回复{code}确认", en="Answer {code} to acknowledge"),
        "code": Name(zh="确认码{code}", en="Code to acknowledge: {code}"),
        "link": Name(zh="详情 {link}", en="More: {link}"),
        "digest": Name(zh="【汇总】{count}条告警", en="[Digest] {count} notices"),
        "rest": Name(zh="等", en=" and more"),
        "console": Name(zh="请到控制台逐条确认", en="Acknowledge each in the console"),
    }
)

COLOURS: Mapping[Severity, Name] = MappingProxyType(
    {
        Severity.RED: Name(zh="红", en="red"),
        Severity.ORANGE: Name(zh="橙", en="orange"),
        Severity.YELLOW: Name(zh="黄", en="yellow"),
        Severity.BLUE: Name(zh="蓝", en="blue"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notice, or several at once, in words. `short` is for an SMS; `key` is what repeats are told by."""

    key: str
    title: str
    text: str
    short: str
    severity: Severity
    code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Puts notices into words. `code` gives the one-time code of an alert, empty where nobody could answer by it."""

    language: Language
    registry: Callable[[], Registry]
    origin: str = ""
    code: Callable[[str], str] = lambda _: ""

    def message(self, notice: Notice) -> Message:
        """Return one notice in words."""
        signal, is_raised = notice.signal, notice.kind is not NoticeKind.CLEARED
        code = self.code(notice.alert_id) if is_raised else ""
        title = self._title(notice)
        facts = self._joined([f"{title}{self._place(signal)}", self._when(notice)]) + self._doubtful(signal)
        advice = [ALARMS[signal.event].advice.in_language(self.language)] if is_raised else []
        answer = [self._say("answer", code=code)] if code else []
        link = self._link(f"/alerts/{notice.alert_id}")
        return Message(
            key=notice.key,
            title=f"{title}{self._place(signal)}",
            text="\n".join([facts, *advice, *([self._say("code", code=code)] if code else []), *link]),
            short=self._short([facts, *advice, *answer], link),
            severity=signal.severity,
            code=code,
        )

    def digest(self, notices: Sequence[Notice]) -> Message:
        """Return several notices in one: how many of each colour, the first places, and where to look."""
        grave = sorted(notices, key=lambda each: list(Severity).index(each.signal.severity))
        title = self._say("digest", count=len(notices))
        colours = Counter(each.signal.severity for each in grave)
        told = [f"{COLOURS[colour].in_language(self.language)} {count}" for colour, count in colours.items()]
        first = [f"{self._title(each)}{self._place(each.signal)}" for each in grave[:PLACES_IN_DIGEST]]
        more = self._say("rest") if len(grave) > len(first) else ""
        head, console = self._joined([title, *told]), self._say("console")
        return Message(
            key=f"digest:{notices[0].key}:{len(notices)}",
            title=title,
            text="\n".join([head, *first, *([more] if more else []), console, *self._link("/alerts")]),
            short=self._short([head, first[0] + more, console], self._link("/alerts")),
            severity=grave[0].signal.severity,
        )

    def _short(self, parts: Sequence[str], link: Sequence[str]) -> str:
        """Return the parts as an SMS; the link goes in where there is room for it, what counts never goes out."""
        told = self._say("stop").join(parts)
        whole = " ".join([told, *link])
        return whole if len(whole) <= SHORT_CHARS or self.language == "en" else told

    def _title(self, notice: Notice) -> str:
        name = ALARMS[notice.signal.event].name.in_language(self.language)
        cleared = self._say("cleared") if notice.kind is NoticeKind.CLEARED else ""
        marks = {"drill": notice.drill, "test": notice.signal.test, "again": notice.level, "flapping": notice.flapping}
        told = "".join([*(self._say(mark) for mark, holds in marks.items() if holds), cleared, name])
        return f"【{told}】" if self.language == "zh" else f"[{told}] "

    def _place(self, signal: Signal) -> str:
        registry = self.registry()
        room = _room_of(signal, registry)
        building = registry.buildings.get(room.building) if room else _building_of(signal, registry)
        if room is None and building is None:
            return self._zone(signal) or self._say("device", device=_plain(str(signal.device)))
        named = "" if building is None else building.name.in_language(self.language)
        if room is None:
            return named + self._zone(signal)
        floor = self._say("floor", floor=room.floor)
        if room.is_personal or room.restricted:
            return named + floor
        space = "" if self.language == "zh" else " "
        return named + floor + space + room.name.in_language(self.language) + self._zone(signal)

    def _zone(self, signal: Signal) -> str:
        zone = _plain(signal.zone)
        return self._say("zone", zone=zone) if zone else ""

    def _when(self, notice: Notice) -> str:
        zone = ZoneInfo(self.registry().site.timezone)
        onset, at = notice.signal.time.astimezone(zone), notice.at.astimezone(zone)
        if notice.kind is NoticeKind.CLEARED:
            return self._say("span", time=_local(onset, at), end=at.strftime("%H:%M"))
        return self._say("since", time=_local(onset, at))

    def _doubtful(self, signal: Signal) -> str:
        return self._say("doubtful") if signal.doubts else ""

    def _link(self, path: str) -> list[str]:
        return [self._say("link", link=f"{self.origin}{path}")] if self.origin else []

    def _joined(self, parts: Sequence[str]) -> str:
        return self._say("comma").join(parts)

    def _say(self, word: str, **parameters: object) -> str:
        return WORDS[word].in_language(self.language).format(**parameters)


def _local(time: datetime, now: datetime) -> str:
    """Return the local time, with its day where that is not today."""
    return time.strftime("%H:%M") if time.date() == now.date() else time.strftime("%m-%d %H:%M")


def _room_of(signal: Signal, registry: Registry) -> Room | None:
    identifier = signal.parameters.get("room")
    if identifier is None and signal.subject.kind is SubjectKind.OPENING:
        opening = registry.openings.get(OpeningId(signal.subject.id))
        identifier = None if opening is None else opening.room
    return None if identifier is None else registry.rooms.get(RoomId(identifier))


def _building_of(signal: Signal, registry: Registry) -> Building | None:
    identifier = signal.parameters.get("building")
    return None if identifier is None else registry.buildings.get(BuildingId(identifier))


def _plain(text: str) -> str:
    """Return a device's own words without what could pass for more than words, cut to fit."""
    return "".join(character for character in text if character.isprintable())[:LONGEST_ZONE]
