"""What every machine is made of: the inputs it wants, the spells it keeps, and how it speaks."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from alerts.alarms import ALARMS
from alerts.watch.model import Edge, Sample, Spell, is_graver
from alerts.watch.site import Site
from alerts.watch.spells import Spells, of_device
from sensors.alarms import Alarm
from sensors.events import Event, EventState, EventType
from sensors.subjects import Subject
from sensors.verdicts import Severity

SECOND_MS, MINUTE_MS, HOUR_MS = 1_000, 60_000, 3_600_000

Edges = Iterable[Edge]


class Machine:
    """One rule over time-ordered inputs. What it does not override it does not heed."""

    alarm: Alarm
    events: frozenset[EventType] = frozenset()
    metrics: frozenset[str] = frozenset()
    hears = False
    """Whether it wants to know of every sign of life of some devices."""

    def __init__(self) -> None:
        """Begin with nothing remembered."""
        self.spells = Spells()

    @property
    def rule(self) -> str:
        """Return the rule that this is about."""
        return ALARMS[self.alarm].rule

    def on_event(self, _event: Event, _at_ms: int, _site: Site) -> Edges:
        """Take in an event of one of `events`, no test."""
        return ()

    def on_sample(self, _sample: Sample, _site: Site) -> Edges:
        """Take in a reading of one of `metrics`."""
        return ()

    def heeds(self, _device: str, _site: Site) -> bool:
        """Say whether signs of life of a device matter."""
        return False

    def on_heard(self, _device: str, _at_ms: int, _until_ms: int, _site: Site) -> Edges:
        """Take in that a device was heard from one instant to another without a long break."""
        return ()

    def on_lost(self, _gateway: str, _at_ms: int, _site: Site) -> Edges:
        """Take in a gateway's last will, which the broker tells in its name."""
        return ()

    def on_back(self, _gateway: str, _at_ms: int, _site: Site) -> Edges:
        """Take in that a gateway speaks of itself."""
        return ()

    def on_facts(self, _at_ms: int, _site: Site) -> Edges:
        """Look at what people wrote down."""
        return ()

    def on_tick(self, _at_ms: int, _site: Site) -> Edges:
        """Look at what no spell waits for: live once a second, over the past at the end."""
        return ()

    def on_due(self, _spell: Spell, _at_ms: int, _site: Site) -> Edges:
        """Look at a spell that wanted to be looked at now."""
        return ()

    def loaded(self, _site: Site) -> None:
        """Take notice of the spells that were remembered."""

    def due_anew(self, spell: Spell, _site: Site) -> Spell:
        """Return a spell with the time at which to look at it, by the thresholds as they are now."""
        return spell

    def is_void(self, spell: Spell, site: Site) -> bool:
        """Say whether the registry no longer has what a spell is about."""
        return site.device(spell.device) is None

    # How it speaks.

    def subject(self, spell: Spell, site: Site) -> Subject:
        """Return what a spell is about."""
        return site.subject(spell.device, spell.since_ms)

    def tell(self, spell: Spell, severity: Severity, at_ms: int, site: Site, **told: object) -> Iterator[Edge]:
        """Yield that the rule objects, where it did not before or not so gravely, and remember it."""
        if is_graver(severity, spell.told):
            self.spells.put(replace(spell, told=severity))
            yield self._edge(spell, severity, at_ms, site, **told)
        else:
            self.spells.put(spell)

    def end(self, key: str, at_ms: int, site: Site) -> Iterator[Edge]:
        """Yield that a spell is over, where people were told of it, and forget it."""
        spell = self.spells.get(key)
        self.spells.drop(key)
        if spell is not None and spell.told is not None:
            yield self._edge(spell, None, at_ms, site)

    def untell(self, spell: Spell, at_ms: int, site: Site) -> Iterator[Edge]:
        """Yield that the rule objects no longer to a spell that goes on."""
        self.spells.put(replace(spell, told=None))
        if spell.told is not None:
            yield self._edge(spell, None, at_ms, site)

    def _edge(self, spell: Spell, severity: Severity | None, at_ms: int, site: Site, **told: object) -> Edge:
        return Edge(
            rule=self.rule,
            alarm=self.alarm,
            key=spell.key,
            subject=self.subject(spell, site),
            device=spell.device,
            zone=spell.zone,
            severity=severity,
            since_ms=spell.since_ms,
            at_ms=at_ms,
            overridden="" if severity is None else site.limits.told(self.rule, spell.device),
            **told,  # type: ignore[arg-type] # the fields of an edge by name
        )


class Lasting(Machine):
    """A state that a device tells from its beginning to its end, and that may last only so long."""

    def limit_ms(self, _spell: Spell, _site: Site) -> int:
        """Return how long it may last."""
        return 0

    def severity(self, _spell: Spell, _site: Site) -> Severity:
        """Return how grave it is then."""
        return ALARMS[self.alarm].severity

    def on_event(self, event: Event, at_ms: int, site: Site) -> Edges:
        """Begin a spell, or end those that are meant: an end without a zone ends all zones."""
        key = f"{event.device}|{event.zone}"
        if event.state is EventState.CLEARED:
            for spell in of_device(self.spells, event.device, event.zone):
                yield from self.end(spell.key, at_ms, site)
        elif self.spells.get(key) is None:
            spell = Spell(key=key, device=event.device, since_ms=at_ms, zone=event.zone)
            self.spells.put(self._due(spell, site))

    def due_anew(self, spell: Spell, site: Site) -> Spell:
        """Return a spell that nobody was told of yet, due at its limit."""
        return spell if spell.told is not None or spell.due_ms is None else self._due(spell, site)

    def on_due(self, spell: Spell, at_ms: int, site: Site) -> Edges:
        """Speak once it has lasted too long."""
        limit_ms = self.limit_ms(spell, site)
        lasted_s, limit_s = (at_ms - spell.since_ms) // SECOND_MS, limit_ms / SECOND_MS
        severity = self.severity(spell, site)
        return self.tell(spell, severity, at_ms, site, value=float(lasted_s), threshold=limit_s, unit="s")

    def _due(self, spell: Spell, site: Site) -> Spell:
        return replace(spell, due_ms=spell.since_ms + self.limit_ms(spell, site) + 1)
