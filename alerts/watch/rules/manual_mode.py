"""F06: smoke control or sprinklers left in manual; gas only where nobody is in the room that it would flood."""

import re
from dataclasses import replace

from alerts.watch.machine import MINUTE_MS, Edges, Lasting
from alerts.watch.model import Sample, Spell
from alerts.watch.site import Site
from sensors.alarms import Alarm
from sensors.events import EventType
from sensors.subjects import Subject, SubjectKind
from sensors.verdicts import Severity

OCCUPANCY_UNKNOWN = "occupancy_unknown"
_GAS = re.compile(r"\b13\.\d+|gas|气体", re.IGNORECASE)
"""A system of type 13 (GB/T 26875.3, table 4: gas suppression), or a zone, device or model that says so."""


class ManualMode(Lasting):
    """While people are in a room its gas suppression must be manual: the clock runs from when the room is empty."""

    alarm = Alarm.MANUAL_MODE
    events = frozenset({EventType.MANUAL_MODE})
    metrics = frozenset({"people_count", "presence", "motion"})

    def __init__(self) -> None:
        """Know of no room yet who is in it."""
        super().__init__()
        self._empty_since: dict[str, int | None] = {}

    def limit_ms(self, spell: Spell, site: Site) -> int:
        """Return how long it may be manual."""
        parameter = "gas_manual_min" if is_gas(spell.device, spell.zone, site) else "manual_min"
        return site.limit_ms(self.rule, parameter, MINUTE_MS, spell.device)

    def due_anew(self, spell: Spell, site: Site) -> Spell:
        """Return a spell that is due at its limit; of gas once its room is empty for so long."""
        empty_ms = self._empty_since.get(_room(spell, site))
        if spell.told is not None or spell.due_ms is None:
            return spell
        return replace(spell, due_ms=max(empty_ms or 0, spell.since_ms) + self.limit_ms(spell, site) + 1)

    def on_sample(self, sample: Sample, site: Site) -> Edges:
        """Note since when a room is empty; where people come in, gas in manual is as it must be."""
        place = site.place(sample.device, sample.at_ms)
        if place is None or place.room is None:
            return
        empty = sample.value <= 0
        if not empty or self._empty_since.get(place.room) is None:
            self._empty_since[place.room] = sample.at_ms if empty else None
            yield from self._gas_in(place.room, sample.at_ms, site)

    def on_due(self, spell: Spell, at_ms: int, site: Site) -> Edges:
        """Speak, of gas only once its room has been empty for long enough, or nobody knows."""
        room = _room(spell, site)
        if not is_gas(spell.device, spell.zone, site):
            yield from super().on_due(spell, at_ms, site)
        elif room not in self._empty_since:
            yield from self.tell(spell, Severity.RED, at_ms, site, doubts=(OCCUPANCY_UNKNOWN,))
        elif (since_ms := self._empty_since[room]) is not None:
            due_ms = max(since_ms, spell.since_ms) + self.limit_ms(spell, site) + 1
            if at_ms < due_ms:
                self.spells.put(replace(spell, due_ms=due_ms))
            else:
                yield from super().on_due(spell, at_ms, site)

    def subject(self, spell: Spell, _site: Site) -> Subject:
        """Return the device that tells of it."""
        return Subject(SubjectKind.DEVICE, spell.device)

    def _gas_in(self, room: str, at_ms: int, site: Site) -> Edges:
        for spell in self.spells.all():
            if is_gas(spell.device, spell.zone, site) and _room(spell, site) == room:
                if self._empty_since[room] is None:
                    yield from self.untell(replace(spell, due_ms=None), at_ms, site)
                else:
                    due_ms = max(at_ms, spell.since_ms) + self.limit_ms(spell, site) + 1
                    self.spells.put(replace(spell, due_ms=due_ms))


def is_gas(device: str, zone: str, site: Site) -> bool:
    """Say whether this is gas suppression."""
    known = site.device(device)
    return any(_GAS.search(text) for text in (zone, device, (known.model or "") if known else ""))


def _room(spell: Spell, site: Site) -> str:
    place = site.place(spell.device, spell.since_ms)
    return "" if place is None else place.room or ""
