"""Devices that must be heard from: one spell each, looked at when they have been silent for too long."""

from dataclasses import replace

from alerts.watch.machine import MINUTE_MS, Edges, Machine
from alerts.watch.model import Spell
from alerts.watch.site import Site
from sensors.subjects import Subject, SubjectKind

WRITTEN_EVERY_MS = MINUTE_MS
"""A sign of life is made durable at most so often: a restart may forget the newest."""


class Silence(Machine):
    """`last_ms` of a spell is when the device was last heard; `count` is 1 while its line is known to be lost."""

    hears = True

    def silent_ms(self, _device: str, _site: Site) -> int | None:
        """Return how long a device may be silent, None where nothing says how often it speaks."""
        return None

    def on_heard(self, device: str, at_ms: int, until_ms: int, site: Site) -> Edges:
        """Note the sign of life; an alert for silence or a lost line is over."""
        if not self.heeds(device, site):
            return
        spell = self.spells.get(device) or Spell(key=device, device=device, since_ms=at_ms)
        may_ms = self.silent_ms(device, site)
        heard_ms = max(until_ms, spell.last_ms or until_ms)
        due_ms = None if may_ms is None else heard_ms + may_ms + 1
        news = replace(spell, last_ms=heard_ms, since_ms=heard_ms, count=0, due_ms=due_ms)
        if spell.told is not None:
            yield from self.untell(spell, at_ms, site)
        stale = spell.last_ms is None or heard_ms - spell.last_ms >= WRITTEN_EVERY_MS or spell.told is not None
        self.spells.put(replace(news, told=None), durable=stale)

    def due_anew(self, spell: Spell, site: Site) -> Spell:
        """Return a spell that is due once its device is silent for too long."""
        may_ms = self.silent_ms(spell.device, site)
        if spell.due_ms is None or spell.last_ms is None or may_ms is None:
            return spell
        return replace(spell, due_ms=spell.last_ms + may_ms + 1)

    def subject(self, spell: Spell, _site: Site) -> Subject:
        """Return the device."""
        return Subject(SubjectKind.DEVICE, spell.device)
