"""Home Assistant's MQTT discovery: what devices say of themselves for it tells what their own topics mean.

The discovery is retained, so it is heard again at each connection. It is kept all the same, for what waited at the
broker over a restart comes before it. Subscribe to its topics and to those of the states.
What a state means is its device class, else its name and its unit, as with other formats that name their own values.
"""

from collections.abc import Mapping
from typing import Any, Final

from ingest.dialects.decoded import MOST_KEPT, Context, Decoded, DeviceStatus, DialectError, Outcome
from ingest.dialects.families import Family, device_at
from ingest.dialects.home_assistant_discovery import (
    COMPONENTS,
    Availability,
    Entity,
    entities,
    is_discovery,
)
from ingest.dialects.names import Names, in_unit
from ingest.dialects.paths import parsed, parsed_object
from ingest.dialects.presence import OFFLINE, ONLINE
from ingest.dialects.targets import ReadingTarget, Target, as_word
from sensors.intake import Birth
from sensors.topology import DeviceId

_NO_VALUE: Final = frozenset({"None", "unknown", "unavailable", ""})
"""What Home Assistant itself takes for no state."""


class HomeAssistant:
    """Reads the states of whatever was described."""

    def __init__(self) -> None:
        """Know no entity yet."""
        self._classes = Family("home_assistant")
        self._names = Names()
        self._is_arranged = True
        self._by_key: dict[str, Entity] = {}
        self._keys_of: dict[str, list[str]] = {}
        self._by_topic: dict[str, list[Entity]] = {}
        self._targets: dict[tuple[str, str], Target | None] = {}
        self._first: dict[tuple[str, str], str] = {}

    def forget(self) -> None:
        """Forget nothing: descriptions hold, and states are not remembered."""

    def decode(self, topic: str, payload: bytes, context: Context) -> Decoded:
        """Return what a message says. Raises DialectError."""
        levels = topic.split("/")
        if is_discovery(levels):
            out = self._describe(levels, payload)
            out.births.append(context.birth(topic, payload))
            return out
        out = Decoded()
        self._arrange()
        described = self._by_topic.get(topic)
        if described is None:
            out.ignored.append(Outcome("", "not_telemetry", "no discovery that was heard speaks of this topic"))
            return out
        self._state(out, topic, described, payload, context)
        return out

    def recall(self, birth: Birth) -> None:
        """Know again what was described. Raises DialectError."""
        self._describe(birth.topic.split("/"), birth.payload)

    def _describe(self, levels: list[str], payload: bytes) -> Decoded:
        self._is_arranged = False
        own = "/".join(levels[1:-1])
        for key in self._keys_of.pop(own, ()):
            self._by_key.pop(key, None)
        out = Decoded()
        if not payload:
            out.ignored.append(Outcome("", "not_telemetry", "an entity was taken away"))
        else:
            self._learn(out, own, levels, parsed_object(payload))
        return out

    def _learn(self, out: Decoded, own: str, levels: list[str], document: Mapping[str, Any]) -> None:
        found = list(entities(levels, document))
        if len(self._by_key) + len(found) > MOST_KEPT * 10:
            self._by_key.clear()
            self._keys_of.clear()
        self._by_key.update({each.key: each for each in found})
        self._keys_of[own] = [each.key for each in found]
        out.notes += [_not_understood(each) for each in found if not each.template.is_understood]
        kinds = " or ".join(sorted(COMPONENTS))
        told = f"{len(found)} entities were learnt" if found else f"no {kinds} with a topic for its state"
        out.ignored.append(Outcome("", "not_telemetry", told))

    def _arrange(self) -> None:
        """Put changed entities in order by topic; what several of a device measure belongs to the first."""
        if self._is_arranged:
            return
        self._is_arranged = True
        self._by_topic.clear()
        self._targets.clear()
        self._first.clear()
        for entity in self._by_key.values():
            for topic in {entity.topic, *(each.topic for each in entity.availability)}:
                self._by_topic.setdefault(topic, []).append(entity)

    def _state(self, out: Decoded, topic: str, described: list[Entity], payload: bytes, context: Context) -> None:
        text = payload.decode(errors="replace")
        document: Any = None
        if any(each.template.steps for each in described if each.topic == topic):
            document = parsed(payload)
        for entity in described:
            if entity.topic == topic:
                self._value(out, entity, _taken(document, entity.template.steps, text), context)
        self._availabilities(out, topic, described, text, context)

    def _value(self, out: Decoded, entity: Entity, raw: object, context: Context) -> None:
        path = ".".join(entity.template.steps) or entity.name
        if not entity.template.is_understood:
            out.ignored.append(_not_understood(entity)._replace(path=path))
            return
        owner = context.device(entity.device)
        target = self._target(entity, owner, context)
        if target is None:
            out.ignored.append(Outcome(path, "unknown_key", "neither its device class nor its name is known"))
            return
        context.hear(out, owner, entity.model, entity.label or entity.device)
        own = device_at(entity.device, entity.name, context)
        first = self._measured_first(entity, target)
        if own is None and first != entity.key:
            detail = f"{first} measures it already; give {entity.device}/{entity.name} a device of its own"
            out.ignored.append(Outcome(path, "second_sensor", detail))
            return
        target.apply(out, _meant(entity, raw), path, own or owner, context.receipt, context)

    def _measured_first(self, entity: Entity, target: Target) -> str:
        if not isinstance(target, ReadingTarget):
            return entity.key
        return self._first.setdefault((entity.device, target.metric), entity.key)

    def _target(self, entity: Entity, owner: DeviceId, context: Context) -> Target | None:
        key = (context.models.get(owner) or "", entity.key)
        if key not in self._targets:
            self._targets[key] = self._look(entity, owner, context)
        return self._targets[key]

    def _look(self, entity: Entity, owner: DeviceId, context: Context) -> Target | None:
        by_class = self._classes.keys(owner, context).get(f"{entity.component}.{entity.device_class}")
        if by_class is not None:
            return in_unit(by_class, entity.unit)
        return self._names.target(entity.name, entity.unit, owner, context)

    @staticmethod
    def _availabilities(out: Decoded, topic: str, described: list[Entity], text: str, context: Context) -> None:
        told: set[str] = set()
        for entity in described:
            for each in entity.availability:
                state = _presence(each, text) if each.topic == topic and entity.device not in told else None
                if state is not None:
                    told.add(entity.device)
                    out.statuses.append(DeviceStatus(context.device(entity.device), state))


def _presence(availability: Availability, text: str) -> str | None:
    said = text
    if availability.steps:
        try:
            said = as_word(_taken(parsed(text.encode()), availability.steps, text))
        except DialectError:
            return None
    return {availability.online: ONLINE, availability.offline: OFFLINE}.get(said)


def _taken(document: object, steps: tuple[str, ...], text: str) -> object:
    """Return what lies at the end of the steps, None where nothing does."""
    if not steps:
        return text
    for step in steps:
        if not isinstance(document, dict):
            return None
        document = document.get(step)
    return document


def _meant(entity: Entity, raw: object) -> object:
    """Return a value as its map knows it: on and off of what is one or the other, nothing where there is none."""
    if raw is None or (isinstance(raw, str) and raw in _NO_VALUE):
        return None
    if entity.component == "binary_sensor":
        word = as_word(raw)
        return {as_word(entity.off): "off", as_word(entity.on): "on"}.get(word, raw)
    return raw


def _not_understood(entity: Entity) -> Outcome:
    detail = f"{entity.written[:80]!r} is more than a way into the JSON; what {entity.name} says is left out"
    return Outcome(entity.key, "not_understood", detail)
