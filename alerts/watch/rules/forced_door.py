"""D02: a door that opens without a card or the exit button: told by its controller, or seen by its contact."""

from dataclasses import replace

from alerts.watch.machine import SECOND_MS, Edges, Machine
from alerts.watch.model import Sample, Spell
from alerts.watch.site import Site
from sensors.alarms import Alarm
from sensors.events import Event, EventState, EventType
from sensors.subjects import Subject, SubjectKind
from sensors.topology import OpeningKind
from sensors.verdicts import Severity

LATE_MS = 3 * SECOND_MS
"""A card's message may come so long after the contact's. Our own choice."""
SHUT, OPEN, FORCED = 0, 1, 2
"""What `count` of a spell says: the contact's last word, or that the controller itself says forced."""


class DoorForced(Machine):
    """Derived only where the exit request is wired: elsewhere it may have been somebody leaving."""

    alarm = Alarm.FORCED
    events = frozenset({EventType.FORCED})
    metrics = frozenset({"open"})

    def on_event(self, event: Event, at_ms: int, site: Site) -> Edges:
        """Take the controller's word, which alerts by itself."""
        opening = site.door(event.device, at_ms, OpeningKind.ACCESS)
        if opening is None or not opening.rex_wired:
            return
        if event.state is EventState.CLEARED:
            yield from self.end(opening.id, at_ms, site)
        elif not site.is_released(opening.id, event.device, at_ms):
            spell = self.spells.get(opening.id) or Spell(key=opening.id, device=event.device, since_ms=at_ms)
            since_ms = at_ms if spell.told is None else spell.since_ms
            spell = replace(spell, since_ms=since_ms, due_ms=None, count=FORCED)
            yield from self.tell(spell, Severity.ORANGE, at_ms, site, spoken=True)

    def on_sample(self, sample: Sample, site: Site) -> Edges:
        """Look, a little later, at a door that opened; a spell of a door that is shut only says so."""
        opening = site.door(sample.device, sample.at_ms, OpeningKind.ACCESS)
        if opening is None or not opening.rex_wired:
            return
        before = self.spells.get(opening.id)
        if before is not None and before.count == FORCED:
            return
        if sample.value <= 0:
            yield from self.end(opening.id, sample.at_ms, site)
            self.spells.put(Spell(key=opening.id, device=sample.device, since_ms=sample.at_ms, last_ms=sample.at_ms))
        elif before is not None and before.count == SHUT:
            self._opened(before, sample, site)

    def _opened(self, before: Spell, sample: Sample, site: Site) -> None:
        """Note that it opened, at some time since the contact last said it was shut."""
        shut_ms = before.last_ms if site.is_sampled(sample.device) and before.last_ms is not None else sample.at_ms
        due_ms = sample.at_ms + LATE_MS
        self.spells.put(replace(before, since_ms=sample.at_ms, last_ms=shut_ms, count=OPEN, due_ms=due_ms))

    def on_due(self, spell: Spell, at_ms: int, site: Site) -> Edges:
        """Object unless somebody was let through, or a fire released the door."""
        opening = site.opening(spell.device, spell.since_ms)
        passed_ms = site.passed_ms.get(spell.key)
        earliest_ms = (spell.last_ms or spell.since_ms) - _grant_ms(spell.device, site)
        passed = passed_ms is not None and passed_ms >= earliest_ms
        if opening is not None and not passed and not site.is_released(opening.id, spell.device, at_ms):
            yield from self.tell(spell, Severity.ORANGE, at_ms, site, doubts=("derived_from_contact",))

    def is_void(self, spell: Spell, site: Site) -> bool:
        """Say whether the door is gone."""
        return spell.key not in site.registry.openings or site.device(spell.device) is None

    def subject(self, spell: Spell, _site: Site) -> Subject:
        """Return the door."""
        return Subject(SubjectKind.OPENING, spell.key)


def passed_lately(sample: Sample, opening: str, site: Site) -> bool:
    """Say whether somebody was let through a door before it was seen open; where reports come in turn, since two."""
    device = site.device(sample.device)
    before_ms = 0 if device is None or device.interval_s is None else round(device.interval_s * SECOND_MS)
    passed_ms = site.passed_ms.get(opening)
    return passed_ms is not None and passed_ms >= sample.at_ms - _grant_ms(sample.device, site) - before_ms


def _grant_ms(device: str, site: Site) -> int:
    return site.limit_ms("D02", "grant_window_s", SECOND_MS, device)
