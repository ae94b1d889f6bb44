"""Names and figures in the reader's words: subjects, people, alerts, values with units, sources, evidence."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from alerts.commands import facts_of
from alerts.model import Alert
from api.messages import Messages
from api.pages.views import Fact, Moment
from sensors.catalogue import CATALOGUE
from sensors.catalogue.model import Confidence, RuleSpec, Source
from sensors.subjects import Subject, SubjectKind
from sensors.topology import BuildingId, CircuitId, DeviceId, OpeningId, Registry, Room, RoomId
from sensors.verdicts import Evidence

SYSTEM = "system:"
MEASURE = re.compile(r"measure\.\w+|")
"""What stands in an item's measure where nobody has written one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Words things in one language, by the names of one registry; `person` names who an account is."""

    messages: Messages
    registry: Registry
    now: datetime
    person: Callable[[str], str | None]

    @property
    def language(self) -> str:
        """The language of the page."""
        return self.messages.language

    def moment(self, time: datetime) -> Moment:
        """Return a time in words and for machines."""
        return Moment(text=self.messages.moment(time), ago=self.messages.ago(time, self.now), iso=time.isoformat())

    def exact(self, time: datetime) -> Moment:
        """Return a time to the second, as an alarm's is wanted."""
        return Moment(text=self.messages.second(time), ago=self.messages.ago(time, self.now), iso=time.isoformat())

    def today(self) -> date:
        """Return the site's local date."""
        return self.now.astimezone(self.messages.zone).date()

    def site(self) -> str:
        """Return the name of the site."""
        return self.registry.site.name.in_language(self.language)

    def who(self, actor_id: str | None) -> str:
        """Return the name of an actor: a person's, or what a part of the program is called."""
        if actor_id is None:
            return ""
        key = f"actor.{actor_id.removeprefix(SYSTEM)}"
        if actor_id.startswith(SYSTEM):
            return self.messages.text(key) if self.messages.has(key) else self.messages.text("actor.program")
        return self.person(actor_id) or actor_id

    def room(self, room: Room) -> str:
        """Return the name of a room."""
        return room.name.in_language(self.language)

    def floor(self, room: Room) -> str:
        """Return the floor, after the building where there are several."""
        floor = self.messages.text("place.floor", floor=room.floor)
        if len(self.registry.buildings) < 2:  # noqa: PLR2004 - one building needs no naming
            return floor
        return f"{self.registry.buildings[room.building].name.in_language(self.language)} {floor}"

    def subject(self, subject: Subject) -> str:
        """Return the name of a subject; its id where the registry does not know it."""
        named: Mapping[SubjectKind, Callable[[str], str | None]] = {
            SubjectKind.ROOM: self._room_named,
            SubjectKind.CIRCUIT: self._circuit_named,
            SubjectKind.BUILDING: self._building_named,
            SubjectKind.DEVICE: self._device_named,
            SubjectKind.GATEWAY: str,
            SubjectKind.OPENING: self._opening_named,
            SubjectKind.SITE: self._site_named,
        }
        own = named[subject.kind](subject.id) if subject.kind in named else None
        return own or self._by_kind(subject)

    def _by_kind(self, subject: Subject) -> str:
        key = f"place.named.{subject.kind}"
        return self.messages.text(key, id=subject.id) if self.messages.has(key) else subject.id

    def url(self, subject: Subject) -> str | None:
        """Return the page of a subject, where it has one."""
        room = self.registry.rooms.get(RoomId(subject.id)) if subject.kind is SubjectKind.ROOM else None
        return None if room is None or room.restricted else f"/rooms/{room.id}"

    def is_personal(self, subject: Subject) -> bool:
        """Say whether figures about the subject tell when one or two people were there."""
        rooms = [] if subject.kind is SubjectKind.DEVICE else self.rooms_of(subject)
        return bool(rooms) and all(room.is_personal for room in rooms)

    def rooms_of(self, subject: Subject) -> list[Room]:
        """Return the room itself, or those that a circuit serves, or the one where a device is."""
        ids: Sequence[RoomId | None] = ()
        if subject.kind is SubjectKind.ROOM:
            ids = (RoomId(subject.id),)
        elif subject.kind is SubjectKind.CIRCUIT and subject.id in self.registry.circuits:
            ids = self.registry.circuits[CircuitId(subject.id)].serves
        elif subject.kind is SubjectKind.DEVICE and subject.id in self.registry.devices:
            ids = [place.room for place in self.registry.devices[DeviceId(subject.id)].placements[-1:]]
        return [self.registry.rooms[room] for room in ids if room is not None and room in self.registry.rooms]

    def _room_named(self, identifier: str) -> str | None:
        room = self.registry.rooms.get(RoomId(identifier))
        if room is None:
            return None
        return self.messages.text("place.restricted") if room.restricted else self.room(room)

    def _circuit_named(self, identifier: str) -> str | None:
        circuit = self.registry.circuits.get(CircuitId(identifier))
        if circuit is None:
            return None
        item = self.messages.text(f"circuit.{circuit.item}")
        served = [self._room_named(room) or room for room in circuit.serves]
        if not served:
            return self.messages.text("place.circuit", item=item, circuit=circuit.id)
        return self.messages.text("place.circuit_of", item=item, rooms=self.shortened(served))

    def shortened(self, names: list[str]) -> str:
        """Return the first three names, and how many more there are."""
        if len(names) <= 3:  # noqa: PLR2004 - as many as a line holds
            return self.messages.joined(names)
        return self.messages.count("place.and_more", len(names) - 2, names=self.messages.joined(names[:2]))

    def _building_named(self, identifier: str) -> str | None:
        building = self.registry.buildings.get(BuildingId(identifier))
        return None if building is None else building.name.in_language(self.language)

    def _site_named(self, identifier: str) -> str | None:
        return self.site() if identifier == self.registry.site.id else None

    def _opening_named(self, identifier: str) -> str | None:
        opening = self.registry.openings.get(OpeningId(identifier))
        if opening is None or opening.room is None:
            return None
        return self.messages.text("place.door_of", room=self._room_named(opening.room), door=identifier)

    def _device_named(self, identifier: str) -> str | None:
        rooms = self.rooms_of(Subject(SubjectKind.DEVICE, identifier))
        return self.messages.text("place.device_in", device=identifier, room=self.room(rooms[0])) if rooms else None

    def alert_title(self, alert: Alert) -> str:
        """Return what an alert is called."""
        facts = facts_of(alert)
        return self.rule(alert.rule) if facts is None else facts.name.in_language(self.language)

    def alert_place(self, alert: Alert) -> str:
        """Return where an alert is: zone, room or door, else the device that speaks."""
        room = self.registry.rooms.get(RoomId(alert.parameters.get("room", "")))
        parts = [alert.zone]
        if alert.subject.kind is SubjectKind.OPENING:
            parts.append(self.subject(alert.subject))
        elif room is not None and not room.restricted:
            parts.append(self.room(room))
        return " · ".join(filter(None, parts)) or self.subject(alert.subject)

    def doubt(self, reason: str) -> str:
        """Return what was wrong with a signal but not decisive."""
        key = f"doubt.{reason.partition(':')[0].strip()}"
        return self.messages.text(key) if self.messages.has(key) else self.messages.text("doubt.other", reason=reason)

    def rule(self, rule: str) -> str:
        """Return the name of a rule; its id where the catalogue does not know it."""
        spec = CATALOGUE.get(rule)
        return rule if spec is None else spec.name.in_language(self.language)

    def measure(self, rule: str, written: str = "") -> str:
        """Return the measure a person has written, else the catalogue's."""
        spec = CATALOGUE.get(rule)
        if spec is None or not MEASURE.fullmatch(written.strip()):
            return written
        return spec.measure.in_language(self.language)

    def value(self, value: float | None, unit: str) -> str:
        """Return a figure with its unit."""
        if value is None:
            return ""
        if unit == "ratio":
            return f"{self.messages.number(100 * value, 0)}%"
        if unit == "min" and value >= LONG_MIN:
            value, unit = value / 60, "h"
        shown = self.messages.number(value, 2 if abs(value) < 1 else 1)
        if unit == "%":
            return f"{shown}%"
        key = f"unit.{unit}"
        if self.messages.has(key):
            return self.messages.count(key, int(value), value=shown)
        return f"{shown} {unit}".rstrip()

    def sources(self, spec: RuleSpec) -> list[str]:
        """Return where the figures of a rule come from, each once."""
        sources = [*spec.basis, *(parameter.source for parameter in spec.parameters)]
        return list(dict.fromkeys(self._source(source) for source in sources))

    def _source(self, source: Source) -> str:
        own = source.confidence is Confidence.PROJECT
        text = self.messages.text("source.own_choice") if own else source.text
        return f"{text} [{source.confidence.value}]"

    def evidence(self, evidence: Evidence) -> list[Fact]:
        """Return the evidence of a finding, a name and a value each."""
        return [self._fact(name, value) for name, value in evidence.items() if value is not None]

    def _fact(self, name: str, value: float | str) -> Fact:
        key = f"evidence.{name}"
        named = self.messages.text(key) if self.messages.has(key) else name
        return Fact(name=named, value=self._told(value) if isinstance(value, str) else self.value(value, _unit(name)))

    def _told(self, text: str) -> str:
        for key in (f"nights.{text.replace(' ', '_')}", f"word.{text}"):
            if self.messages.has(key):
                return self.messages.text(key)
        try:
            return self.messages.day(date.fromisoformat(text))
        except ValueError:
            pass
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            return text
        return self.messages.moment(time) if time.tzinfo else text


LONG_MIN = 180
"""From here on hours say more than minutes."""

UNIT_ENDINGS = {"_kwh": "kWh", "_wm2": "W/m²", "_w": "W", "_h": "h", "_ppm": "ppm", "_pct": "%", "_m2": "m²"}
"""What the end of a name says of its unit, the longest first."""


def _unit(name: str) -> str:
    unit = next((unit for ending, unit in UNIT_ENDINGS.items() if name.endswith(ending)), "")
    return "h" if name == "hours" else unit
