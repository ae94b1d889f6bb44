"""All machines over one stream of inputs in order of time: live as things come in, or over what is stored."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from alerts.watch.machine import Machine
from alerts.watch.model import Edge, Sample, Spell
from alerts.watch.rules.heat import HeatDetected
from alerts.watch.site import Site
from sensors.events import Event, EventState, EventType
from sensors.thresholds import Overrides
from sensors.topology import Registry

PASSES = frozenset({EventType.GRANTED, EventType.EXIT_REQUEST})

OF_HEAT_DETECTORS = HeatDetected.metrics
"""What matters only of devices that are declared so: a site is full of thermometers."""

BACK_MS = 60_000
"""What a gateway sent before it was lost may still come for so long. Our own choice."""

Row = tuple[str, str]
"""The name of a machine and the key of a spell."""


class Watcher:
    """Owns the machines and what they remember. For one thread at a time."""

    def __init__(self, machines: Mapping[str, Callable[[], Machine]], site: Site) -> None:
        """Make the machines; nothing is remembered yet."""
        self.site = site
        self._machines = {name: make() for name, make in machines.items()}
        self._by_event: defaultdict[EventType, list[Machine]] = defaultdict(list)
        self._by_metric: defaultdict[str, list[Machine]] = defaultdict(list)
        for machine in self._machines.values():
            for kind in machine.events:
                self._by_event[kind].append(machine)
            for metric in machine.metrics:
                self._by_metric[metric].append(machine)
        self._hearing = [machine for machine in self._machines.values() if machine.hears]
        self.metrics = frozenset(self._by_metric)
        self.events = frozenset(self._by_event) | PASSES

    def load(self, rows: Iterable[tuple[str, Spell]]) -> None:
        """Take in what was remembered before; what a machine of another version remembered is left out."""
        for name, spell in rows:
            if name in self._machines:
                self._machines[name].spells.load([spell])
        for machine in self._machines.values():
            machine.loaded(self.site)
        self._look_anew()
        self.keep()

    def hold(self, overrides: Overrides) -> None:
        """Judge by these thresholds from now on: what waits is looked at when they say.

        What people were told of stands until its own state ends it.
        """
        self.site.hold(overrides)
        self._look_anew()

    def _look_anew(self) -> None:
        for machine in self._machines.values():
            for spell in machine.spells.all():
                anew = machine.due_anew(spell, self.site)
                if anew is not spell:
                    machine.spells.put(anew, durable=False)

    def heeds(self, device: str) -> bool:
        """Say whether signs of life of a device matter to any rule."""
        return any(machine.heeds(device, self.site) for machine in self._hearing)

    @property
    def heeded(self) -> int:
        """Return how many devices are listened for so far; a panel may be known by nothing but what it says."""
        return sum(len(machine.spells) for machine in self._hearing)

    def is_interested(self, device: str) -> bool:
        """Say whether the readings of a device can matter to any rule, as the registry describes it."""
        known = self.site.device(device)
        if known is None:
            return False
        at_door = any(place.opening is not None for place in known.placements)
        wanted = self.metrics if known.heat_detector else self.metrics - OF_HEAT_DETECTORS
        return at_door or not known.metrics or not wanted.isdisjoint(known.metrics) or self.heeds(device)

    # Inputs.

    def event(self, event: Event, at_ms: int) -> Iterator[Edge]:
        """Yield what an event changes; a test changes nothing."""
        yield from self.advance(at_ms)
        if event.type is not EventType.OFFLINE or event.state is EventState.CLEARED:
            yield from self._heard(event.device, at_ms, at_ms)
        if event.test:
            return
        if event.type in PASSES and (opening := self.site.opening(event.device, at_ms)) is not None:
            self.site.passed_ms[opening.id] = max(at_ms, self.site.passed_ms.get(opening.id, at_ms))
        for machine in self._by_event.get(event.type, ()):
            yield from machine.on_event(event, at_ms, self.site)

    def sample(self, sample: Sample) -> Iterator[Edge]:
        """Yield what a reading changes."""
        yield from self.advance(sample.at_ms)
        for machine in self._by_metric.get(sample.metric, ()):
            yield from machine.on_sample(sample, self.site)

    def heard(self, device: str, at_ms: int, until_ms: int | None = None) -> Iterator[Edge]:
        """Yield what a sign of life changes, or unbroken ones from one instant to another."""
        yield from self.advance(at_ms)
        yield from self._heard(device, at_ms, at_ms if until_ms is None else until_ms)

    def status(self, gateway: str, at_ms: int, *, lost: bool) -> Iterator[Edge]:
        """Yield what a gateway's status changes."""
        for machine in self._machines.values():
            take_in = machine.on_lost if lost else machine.on_back
            yield from take_in(gateway, at_ms, self.site)

    def is_back(self, gateway: str, at_ms: int) -> bool:
        """Say whether what comes from a gateway now shows that it is no longer lost, whatever its status says."""
        machine = self._machines.get("G04")
        spell = None if machine is None else machine.spells.get(gateway)
        return spell is not None and at_ms - spell.since_ms > BACK_MS

    def facts(self, at_ms: int) -> Iterator[Edge]:
        """Yield what the site's facts change."""
        for machine in self._machines.values():
            yield from machine.on_facts(at_ms, self.site)

    def tick(self, at_ms: int) -> Iterator[Edge]:
        """Yield what time alone changes."""
        yield from self.advance(at_ms)
        for machine in self._machines.values():
            yield from machine.on_tick(at_ms, self.site)
        yield from self.advance(at_ms)

    def advance(self, until_ms: int) -> Iterator[Edge]:
        """Yield what falls due up to an instant, in order."""
        while (machine := self._first_due(until_ms)) is not None:
            due_ms = machine.spells.next_due_ms
            spell = machine.spells.take_due(until_ms)
            if spell is None or due_ms is None:
                return
            yield from machine.on_due(spell, due_ms, self.site)

    def use(self, registry: Registry, at_ms: int) -> Iterator[Edge]:
        """Yield the ends of what the altered registry no longer has."""
        for machine in self._machines.values():
            for spell in machine.spells.all():
                if spell.told is not None and _is_gone(machine, spell, self.site, registry):
                    yield from machine.end(spell.key, at_ms, self.site)
        self.site.use(registry)
        for machine in self._machines.values():
            for spell in machine.spells.all():
                if machine.is_void(spell, self.site):
                    machine.spells.drop(spell.key)
            machine.loaded(self.site)
        self._look_anew()

    # What belongs to a commit.

    def changes(self) -> dict[Row, Spell | None]:
        """Return what must become durable; None is forgotten."""
        return {
            (name, key): spell
            for name, machine in self._machines.items()
            for key, spell in machine.spells.changes().items()
        }

    def keep(self) -> None:
        """Take all changes for durable."""
        for machine in self._machines.values():
            machine.spells.keep()

    def undo(self) -> None:
        """Take back all changes since the last `keep`."""
        for machine in self._machines.values():
            machine.spells.undo()
            machine.loaded(self.site)

    def standing(self) -> int:
        """Return how many spells people were told of."""
        return sum(spell.told is not None for m in self._machines.values() for spell in m.spells.all())

    def _first_due(self, until_ms: int) -> Machine | None:
        due = [
            (due_ms, index, machine)
            for index, machine in enumerate(self._machines.values())
            if (due_ms := machine.spells.next_due_ms) is not None and due_ms <= until_ms
        ]
        return min(due, default=(0, 0, None), key=lambda each: each[:2])[2]

    def _heard(self, device: str, at_ms: int, until_ms: int) -> Iterator[Edge]:
        for machine in self._hearing:
            yield from machine.on_heard(device, at_ms, until_ms, self.site)


def _is_gone(machine: Machine, spell: Spell, site: Site, registry: Registry) -> bool:
    """Say whether a spell is about something that another registry does not have."""
    return machine.is_void(spell, Site(registry, live=site.live, facts=site.facts, overrides=site.overrides))
