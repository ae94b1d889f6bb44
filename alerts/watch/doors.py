"""Doors that may stand open only for so long."""

from collections.abc import Sequence
from dataclasses import replace

from alerts.watch.machine import SECOND_MS, Edges, Machine
from alerts.watch.model import GRAVITY, Sample, Spell, is_graver
from alerts.watch.site import Site
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Opening, OpeningId, OpeningKind
from sensors.verdicts import Severity

Tier = tuple[str, int, Severity]
"""A parameter of the rule and its unit in ms: so long may it be open; beyond that it is so grave."""

OPEN = "open"


class OpenDoor(Machine):
    """A spell lasts from the opening to the closing.

    Of a door whose contact reports in turn it is known to be open only from one report to another: then the second
    report decides, not a timer.
    """

    metrics = frozenset({OPEN})
    kind = OpeningKind.ACCESS
    tiers: Sequence[Tier] = ()

    def may_open(self, _opening: Opening, _sample: Sample, _site: Site) -> bool:
        """Say whether this opening of a door is another rule's matter."""
        return False

    def on_sample(self, sample: Sample, site: Site) -> Edges:
        """Begin, go on, or end."""
        opening = site.door(sample.device, sample.at_ms, self.kind)
        if opening is None:
            return
        spell = self.spells.get(opening.id)
        if sample.value <= 0:
            yield from self.end(opening.id, sample.at_ms, site)
        elif spell is not None:
            if site.is_sampled(sample.device):
                yield from self.look(spell, sample.at_ms, site)
        elif not self.may_open(opening, sample, site):
            self.spells.put(self._due(Spell(key=opening.id, device=sample.device, since_ms=sample.at_ms), site))

    def on_due(self, spell: Spell, at_ms: int, site: Site) -> Edges:
        """Look at a door that is still open."""
        return self.look(spell, at_ms, site)

    def look(self, spell: Spell, at_ms: int, site: Site) -> Edges:
        """Object as gravely as the door has been open for long."""
        open_ms = at_ms - spell.since_ms
        reached = [tier for tier in self._tiers(spell, site) if open_ms > tier[0]]
        spell = self._due(spell, site, after_ms=at_ms)
        if not reached:
            self.spells.put(spell)
            return
        may_ms, severity = max(reached, key=lambda tier: GRAVITY[tier[1]])
        told = {"value": open_ms / SECOND_MS, "threshold": may_ms / SECOND_MS, "unit": "s"}
        yield from self.tell(spell, severity, at_ms, site, **told)

    def is_void(self, spell: Spell, site: Site) -> bool:
        """Say whether the door is gone, or is of another kind now."""
        opening = site.registry.openings.get(OpeningId(spell.key))
        return opening is None or opening.kind is not self.kind or site.device(spell.device) is None

    def subject(self, spell: Spell, _site: Site) -> Subject:
        """Return the door."""
        return Subject(SubjectKind.OPENING, spell.key)

    def due_anew(self, spell: Spell, site: Site) -> Spell:
        """Return a spell with the next time at which it gets too long, or graver."""
        return spell if spell.due_ms is None and spell.told is None else self._due(spell, site)

    def _tiers(self, spell: Spell, site: Site) -> list[tuple[int, Severity]]:
        return [
            (site.limit_ms(self.rule, name, unit_ms, spell.device), severity) for name, unit_ms, severity in self.tiers
        ]

    def _due(self, spell: Spell, site: Site, after_ms: int | None = None) -> Spell:
        if site.is_sampled(spell.device):
            return replace(spell, due_ms=None)
        moments = [
            spell.since_ms + may_ms + 1
            for may_ms, severity in self._tiers(spell, site)
            if is_graver(severity, spell.told)
        ]
        later = [moment for moment in moments if after_ms is None or moment > after_ms]
        return replace(spell, due_ms=min(later, default=None))
