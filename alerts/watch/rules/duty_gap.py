"""F07: nobody answers roll calls, nobody writes into the duty log, or too few are on duty."""

from dataclasses import replace

from alerts.watch.machine import HOUR_MS, MINUTE_MS, Edges, Machine
from alerts.watch.model import Spell
from alerts.watch.site import Site
from sensors.alarms import Alarm
from sensors.events import Event, EventType
from sensors.readings import epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.verdicts import Severity

SILENCE_MS = 15 * MINUTE_MS
"""A panel silent for longer tells nothing of who is there. Our own choice."""
ANSWERED = frozenset({"", "answered"})
"""What a roll call's `zone` says where somebody answered; else it names how it ended."""
ANSWERS, LOG, TOO_FEW = "answers", "log", "staff"


class DutyGap(Machine):
    """Each of the two is watched from its first entry on: a site may call, may keep a log, or both."""

    alarm = Alarm.DUTY_GAP
    events = frozenset({EventType.ROLL_CALL})
    hears = True

    def __init__(self) -> None:
        """Begin with nobody heard."""
        super().__init__()
        self._heard_until_ms: dict[str, int] = {}

    def heeds(self, device: str, site: Site) -> bool:
        """Say whether this panel is called, and known to speak by itself."""
        spell, known = self.spells.get(ANSWERS), site.device(device)
        calls = spell is not None and spell.device == device
        return calls and known is not None and bool(known.interval_s or known.heartbeat_s)

    def on_heard(self, device: str, at_ms: int, until_ms: int, site: Site) -> Edges:
        """Begin anew after a silence of the panel: who was there meanwhile nobody could tell (F08)."""
        if site.device(device) is not None:
            self._heard_until_ms[device] = max(until_ms, self._heard_until_ms.get(device, until_ms))
        spell = self.spells.get(ANSWERS)
        if spell is not None and self.heeds(device, site):
            heard_ms = spell.last_ms or spell.since_ms
            if spell.told is None and at_ms - heard_ms > SILENCE_MS:
                spell = replace(spell, since_ms=at_ms, due_ms=at_ms + _gap_ms(site) + 1)
            self.spells.put(replace(spell, last_ms=max(until_ms, heard_ms)), durable=False)
        return ()

    def on_event(self, event: Event, at_ms: int, site: Site) -> Edges:
        """Take an answered roll call for somebody's presence."""
        if event.zone in ANSWERED:
            yield from self._present(ANSWERS, event.device, at_ms, at_ms, site)

    def on_facts(self, at_ms: int, site: Site) -> Edges:
        """Look at the newest entry of the log."""
        rounds = [each for each in site.facts.rounds() if epoch_ms(each.at) <= at_ms]
        if not rounds:
            return
        newest_ms = epoch_ms(rounds[-1].at)
        known, place = self.spells.get(LOG), site.registry.site.id
        if known is None or known.since_ms < newest_ms:
            yield from self._present(LOG, place, newest_ms, at_ms, site)
            yield from self._staffed(len(set(rounds[-1].staff)), newest_ms, at_ms, site)

    def on_due(self, spell: Spell, at_ms: int, site: Site) -> Edges:
        """Object to a gap, unless the panel itself is silent."""
        if self.heeds(spell.device, site) and at_ms - (spell.last_ms or spell.since_ms) > SILENCE_MS:
            return ()
        hours, limit_h = (at_ms - spell.since_ms) / HOUR_MS, _gap_ms(site) / HOUR_MS
        return self.tell(spell, Severity.ORANGE, at_ms, site, value=round(hours, 2), threshold=limit_h, unit="h")

    def due_anew(self, spell: Spell, site: Site) -> Spell:
        """Return a spell that is due once the gap is too long."""
        return spell if spell.due_ms is None else replace(spell, due_ms=spell.since_ms + _gap_ms(site) + 1)

    def is_void(self, spell: Spell, site: Site) -> bool:
        """Say that a log has no device."""
        return spell.key == ANSWERS and site.device(spell.device) is None

    def subject(self, _spell: Spell, site: Site) -> Subject:
        """Return the site: it has one fire control room."""
        return Subject(SubjectKind.SITE, site.registry.site.id)

    def _present(self, key: str, device: str, since_ms: int, at_ms: int, site: Site) -> Edges:
        yield from self.end(key, at_ms, site)
        due_ms = since_ms + _gap_ms(site) + 1
        # over the past a panel is heard once, from its first word to its last before a silence
        heard_ms = self._heard_until_ms.get(device)
        spell = Spell(key=key, device=device, zone=key, since_ms=since_ms, due_ms=due_ms, last_ms=heard_ms)
        self.spells.put(spell)

    def _staffed(self, people: int, since_ms: int, at_ms: int, site: Site) -> Edges:
        least = site.limits.value(self.rule, "staff", site.registry.site.id)
        if people >= least:
            yield from self.end(TOO_FEW, at_ms, site)
            return
        spell = self.spells.get(TOO_FEW) or Spell(
            key=TOO_FEW, device=site.registry.site.id, zone=TOO_FEW, since_ms=since_ms
        )
        yield from self.tell(spell, Severity.ORANGE, at_ms, site, value=float(people), threshold=least, unit="people")


def _gap_ms(site: Site) -> int:
    """Return how long nobody need show that somebody is there: the site has one fire control room."""
    return site.limit_ms("F07", "gap_h", HOUR_MS, site.registry.site.id)
