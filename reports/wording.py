"""Names and figures in a reader's words: subjects, values with units, sources, what is missing, evidence."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from reports.messages import Messages
from sensors.catalogue.model import Confidence, Source
from sensors.metrics import METRICS
from sensors.subjects import Subject, SubjectKind
from sensors.thresholds import Override
from sensors.topology import BuildingId, Circuit, CircuitId, DeviceId, Registry, Room, RoomId
from sensors.verdicts import Finding

MISSING: Mapping[str, str] = MappingProxyType(
    {
        "gross_area_m2": "missing.gross_area",
        "device.metrics": "missing.device_metrics",
        "site.calendar": "missing.calendar",
        "circuit of item total": "missing.total_circuit",
        "night and working-hours load on enough workdays": "missing.loads",
        "measured power beside known occupancy": "missing.power_and_occupancy",
        "CO2 while the room was known to be occupied": "missing.co2_occupied",
        "the same season last year": "missing.last_year",
        "device.gateway": "missing.device_gateway",
        "two devices with a reporting interval": "missing.intervals",
        "a reading of any device": "missing.any_reading",
        "a finding of its own: see E03": "missing.see_base_load",
        "device.heartbeat_s": "missing.heartbeat",
        "opening.rex_wired": "missing.rex_wired",
        "isolation_approvals": "missing.approvals",
        "a confirmed fire": "missing.confirmed_fire",
        "room.holders": "missing.holders",
        "person.rank": "missing.rank",
        "site.organ_level": "missing.organ_level",
        "room.usable_area_m2": "missing.usable_area",
        "a holder who has not left: see S08": "missing.see_not_vacated",
        "building.title_certificate": "missing.title_certificate",
        "building.land_certificate": "missing.land_certificate",
        "building.owner": "missing.owner",
        "room.tenure": "missing.tenure",
        "bookings": "missing.bookings",
        "bookings while it was known whether somebody was there": "missing.bookings_known",
        "room.capacity": "missing.capacity",
        "people_count of the building, or of enough of its rooms": "missing.building_people",
        "building.headcount": "missing.headcount",
        "temperature while the room was known to be occupied": "missing.temperature_occupied",
        "a day of the heated or cooled season": "missing.conditioned_season",
        "site.climate_zone": "missing.climate_zone",
        "site.altitude_m": "missing.altitude",
        "device.pressure_compensated": "missing.compensated",
        "presence at least every half hour": "missing.presence_often",
        "device.interval_s": "missing.device_interval",
        "device.lux_factor": "missing.lux_factor",
        "circuit.rated_a": "missing.rated_current",
        "light in the occupied room with the lights on": "missing.light_lit",
        "a metered lighting circuit of its own": "missing.own_lighting",
        "sound in the empty room with the air conditioning on": "missing.sound_empty",
        "hvac_on|a metered air conditioning circuit of its own": "missing.hvac_evidence",
        "CO2 while the head count was steady": "missing.co2_steady",
        "a finding of its own: see A01": "missing.see_high_co2",
        "phase voltages near 220 V": "missing.phase_voltages",
        "enough days of residual_current_ma": "missing.residual_days",
        "7 days of co2_ppm": "missing.co2_week",
        "a room that is empty at times": "missing.empty_at_times",
        "evidence of cooling": "missing.evidence_cooling",
        "evidence of heating": "missing.evidence_heating",
        "setpoint or temperature while the room was cooled": "missing.values_cooled",
        "setpoint or temperature while the room was heated": "missing.values_heated",
        "a contact on a window of the room": "missing.window_contact",
        "window and air conditioning known at the same time": "missing.window_and_plant",
        "active_power_w of a lighting circuit": "missing.lighting_power",
        "power of the lighting with the lights on for an hour": "missing.lighting_lit",
        "water at night, seven nights in a row": "missing.water_nights",
        "building.energy_class": "missing.energy_class",
        "a meter on the main circuit, or bills": "missing.meter_or_bills",
        "12 months of meters or bills": "missing.twelve_months",
        "a tariff in force": "missing.tariff",
        "registers over the whole window": "missing.registers_window",
        "registers over the same weeks last year": "missing.registers_last_year",
        "temperature_c outdoors": "missing.outdoor_temperature",
        "three days of load and weather": "missing.three_days_load",
        "enough weeks of load and weather before": "missing.weeks_load",
        "a model with a small enough error": "missing.model_error",
        "weather like it in the weeks before": "missing.weather_alike",
    }
)
"""Fixed texts of the rules about missing inputs, and the messages that say them."""

MISSING_OF: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"meter on circuit (?P<circuit>\S+)"), "missing.meter"),
    (re.compile(r"(?P<metrics>\S+) on circuit (?P<circuit>\S+)"), "missing.on_circuit"),
    (re.compile(r"circuits below (?P<circuit>\S+)"), "missing.below"),
    (re.compile(r"(?P<peers>\d+) peers of one class"), "missing.peers"),
    (re.compile(r"a circuit of its own for room (?P<room>\S+)"), "missing.own_circuit"),
    (re.compile(r"parent of circuit (?P<circuit>\S+)"), "missing.parent"),
    (re.compile(r"a verdict of its own: see room:(?P<room>\S+)"), "missing.see_room"),
    (re.compile(r"a word of gateway (?P<gateway>\S+): see G04"), "missing.gateway"),
    (re.compile(r"(?P<metrics>\S+) of (?P<at>\S+) looks like (?P<unit>[^:]+): check its unit"), "missing.unit"),
    (re.compile(r"the voltage of circuit (?P<circuit>\S+): see L0[56]"), "missing.voltage_above"),
    (re.compile(r"always-on circuit for room (?P<room>\S+)"), "missing.always_on_circuit"),
    (re.compile(r"(?P<days>\d+) workdays of (?P<metrics>\S+)"), "missing.workdays"),
    (re.compile(r"(?P<metrics>\S+) in room (?P<room>\S+)"), "missing.in_room"),
)
"""Texts of the rules that name something, and the messages that say them."""

ALTERNATIVES = "|"


@dataclass(frozen=True, slots=True)
class Wording:
    """Words things in one language, by the names of one registry."""

    messages: Messages
    registry: Registry

    def subject(self, subject: Subject) -> str:
        """Return the name of a subject; its id where the registry does not know it."""
        if subject.kind is SubjectKind.ROOM and subject.id in self.registry.rooms:
            return self.room(self.registry.rooms[RoomId(subject.id)])
        if subject.kind is SubjectKind.CIRCUIT and subject.id in self.registry.circuits:
            return self.circuit(self.registry.circuits[CircuitId(subject.id)])
        if subject.kind is SubjectKind.BUILDING and subject.id in self.registry.buildings:
            return self.registry.buildings[BuildingId(subject.id)].name.in_language(self.messages.language)
        if subject.kind is SubjectKind.DEVICE and subject.id in self.registry.devices:
            return self._device(DeviceId(subject.id))
        return subject.id

    def room(self, room: Room) -> str:
        """Return the name of a room, after its building's where the site has several."""
        name = room.name.in_language(self.messages.language)
        if len(self.registry.buildings) < 2:  # noqa: PLR2004 - one building needs no naming
            return name
        return f"{self.registry.buildings[room.building].name.in_language(self.messages.language)} {name}"

    def rooms(self, rooms: Iterable[Room]) -> str:
        """Return the names of rooms."""
        return self.messages.joined([self.room(room) for room in rooms])

    def subjects(self, subjects: Iterable[Subject]) -> str:
        """Return the names of subjects."""
        return self.messages.joined([self.subject(subject) for subject in subjects])

    def overrides(self, overrides: Iterable[Override]) -> list[str]:
        """Return what is overridden, for whom, by whom and why; nothing of restricted rooms."""
        return [self._override(each) for each in overrides if not self._is_restricted(each.subject)]

    def _override(self, override: Override) -> str:
        default, subject = override.catalogued, override.subject
        return self.messages.text(
            "overrides.row",
            rule=override.rule,
            parameter=override.parameter,
            subject=str(subject) if subject.kind is SubjectKind.SITE else self.subject(subject),
            value=f"{override.value:g}",
            default=f"{default.value:g}",
            unit=default.unit,
            by=override.by,
            since=override.since.isoformat(),
            why=override.why,
        )

    def _is_restricted(self, subject: Subject) -> bool:
        room = self.registry.rooms.get(RoomId(subject.id)) if subject.kind is SubjectKind.ROOM else None
        return room is not None and room.restricted

    def circuit(self, circuit: Circuit) -> str:
        """Return what a circuit feeds, and its id."""
        return f"{self.messages.text(f'item.{circuit.item}')} ({circuit.id})"

    def rooms_served(self, circuit: Circuit) -> str:
        """Return the names of the rooms behind a circuit, without restricted ones."""
        rooms = [self.registry.rooms[room] for room in circuit.serves]
        return self.rooms(room for room in rooms if not room.restricted)

    def _device(self, device: DeviceId) -> str:
        place = self.registry.devices[device].placements[-1:]
        where = [self._place(placement.room, placement.circuit) for placement in place]
        return " · ".join([device, *filter(None, where)])

    def _place(self, room: RoomId | None, circuit: CircuitId | None) -> str:
        if room is not None and not self.registry.rooms[room].restricted:
            return self.room(self.registry.rooms[room])
        return self.circuit(self.registry.circuits[circuit]) if circuit is not None else ""

    def value(self, value: float | None, unit: str) -> str:
        """Return a figure with its unit."""
        if value is None or unit == "%":
            return self.messages.text("unknown") if value is None else f"{self.messages.about(value)}%"
        if self.messages.has(f"unit.{unit}"):
            return self.messages.count(f"unit.{unit}", int(value), value=self.messages.about(value))
        return f"{self.messages.about(value)} {unit}".rstrip()

    def source(self, source: Source) -> str:
        """Return where a figure comes from, with the mark of how well it is known."""
        own = source.confidence is Confidence.PROJECT
        text = self.messages.text("source.own_choice") if own else source.text
        return f"{text} [{source.confidence.value}]"

    def sources(self, sources: Iterable[Source]) -> str:
        """Return where a rule comes from."""
        return self.messages.joined([self.source(source) for source in sources])

    def missing(self, finding: Finding) -> str:
        """Return what a finding says was absent or too thin."""
        return self.messages.joined([self.lacking(text) for text in finding.missing if text])

    def lacking(self, text: str) -> str:
        """Return one thing that a rule named as missing."""
        if text in MISSING:
            return self.messages.text(MISSING[text])
        for pattern, key in MISSING_OF:
            match = pattern.fullmatch(text)
            if match:
                return self.messages.text(key, **self._named(match.groupdict()))
        return self.metrics(text)

    def _named(self, parts: Mapping[str, str]) -> dict[str, str]:
        named = dict(parts)
        if "metrics" in parts:
            named["metrics"] = self.metrics(parts["metrics"])
        if "room" in parts:
            named["room"] = self._room_by_id(parts["room"])
        return named

    def _room_by_id(self, room: str) -> str:
        known = self.registry.rooms.get(RoomId(room))
        if known is None:
            return room
        return self.messages.text("room.restricted") if known.restricted else self.room(known)

    def metrics(self, text: str) -> str:
        """Return the names of metrics of which one suffices; other text as it is."""
        names = text.split(ALTERNATIVES)
        if not all(name in METRICS for name in names):
            return text
        return self.messages.text("list.or").join(self.metric(name) for name in names)

    def metric(self, name: str) -> str:
        """Return the name of a metric; its stored name where no message says it."""
        key = f"metric.{name}"
        return self.messages.text(key) if self.messages.has(key) else name

    def evidence(self, finding: Finding) -> str:
        """Return the evidence of a finding in one line."""
        return self.messages.joined([self._evidence(name, value) for name, value in finding.evidence.items()])

    def _evidence(self, name: str, value: float | str | None) -> str:
        key, shown = f"evidence.{name}", self._evidence_value(value)
        return self.messages.text(key, value=shown) if self.messages.has(key) else f"{name} {shown}"

    def _evidence_value(self, value: float | str | None) -> str:
        if value is None or isinstance(value, int | float):
            return self.messages.about(value)
        for key in (f"nights.{value.replace(' ', '_')}", f"word.{value}"):
            if self.messages.has(key):
                return self.messages.text(key)
        return self._time(value) or self.metrics(value)

    def _time(self, text: str) -> str | None:
        """Return a date or a time in ISO form as a reader's date, None for other text."""
        try:
            return self.messages.day(date.fromisoformat(text))
        except ValueError:
            pass
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            return None
        return self.messages.moment(time) if time.tzinfo else None
