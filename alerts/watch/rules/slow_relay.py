"""F02: what the panel told came late, by its own clock and what that is known to be off by."""

from dataclasses import replace
from datetime import timedelta

from alerts.watch.late import is_timed, late, timely
from alerts.watch.machine import SECOND_MS, Edges, Machine
from alerts.watch.model import Sample, Spell
from alerts.watch.site import Site
from sensors.alarms import Alarm
from sensors.events import Event, EventType
from sensors.subjects import Subject, SubjectKind
from sensors.verdicts import Severity


class SlowRelay(Machine):
    """Silent about a panel whose clock offset nobody knows: a wrong clock is not a slow line."""

    alarm = Alarm.RELAY_SLOW
    events = frozenset({EventType.FIRE, EventType.FAULT, EventType.ISOLATION, EventType.SUPERVISORY})
    metrics = frozenset({"clock_offset_s"})

    def on_sample(self, sample: Sample, _site: Site) -> Edges:
        """Note by how much a panel's clock is ahead."""
        spell = self.spells.get(sample.device) or Spell(key=sample.device, device=sample.device, since_ms=sample.at_ms)
        self.spells.put(replace(spell, value=sample.value))
        return ()

    def on_event(self, event: Event, at_ms: int, site: Site) -> Edges:
        """Hold the time on the way against the limit of what was told."""
        spell = self.spells.get(event.device)
        if spell is None or spell.value is None or not is_timed(event):
            return ()
        latency_ms = round((event.received - event.time) / timedelta(milliseconds=1) + spell.value * SECOND_MS)
        parameter = "fire_s" if event.type is EventType.FIRE else "status_s"
        limit = site.limit_ms(self.rule, parameter, SECOND_MS, event.device)
        if latency_ms > limit:
            return late(self, spell, at_ms, site, severity=Severity.ORANGE, latency_ms=latency_ms, limit_ms=limit)
        return timely(self, spell, at_ms, site)

    def subject(self, spell: Spell, _site: Site) -> Subject:
        """Return the panel."""
        return Subject(SubjectKind.DEVICE, spell.device)
