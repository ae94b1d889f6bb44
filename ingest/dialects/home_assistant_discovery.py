"""What Home Assistant's discovery says of entities: where each tells its state, what that is, and whose it is.

`PREFIX/COMPONENT/[NODE/]OBJECT/config` describes one entity, `PREFIX/device/[NODE/]OBJECT/config` all of a device under
`components`. Keys may be abbreviated, and `~` in a topic stands for the base topic.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

COMPONENTS: Final = frozenset({"sensor", "binary_sensor"})
"""The components that measure; the others are switched, set or shown."""

MOST_ENTITIES: Final = 500
"""How many entities one message may describe; the project's own choice."""

_LONG: Final[Mapping[str, str]] = MappingProxyType(
    {
        "stat_t": "state_topic",
        "val_tpl": "value_template",
        "unit_of_meas": "unit_of_measurement",
        "dev_cla": "device_class",
        "pl_on": "payload_on",
        "pl_off": "payload_off",
        "pl_avail": "payload_available",
        "pl_not_avail": "payload_not_available",
        "avty": "availability",
        "avty_t": "availability_topic",
        "obj_id": "object_id",
        "uniq_id": "unique_id",
        "dev": "device",
        "cmps": "components",
        "p": "platform",
    }
)
_LONG_OF_DEVICE: Final[Mapping[str, str]] = MappingProxyType(
    {"ids": "identifiers", "mdl": "model", "mdl_id": "model_id", "sn": "serial_number"}
)
_LONG_OF_AVAILABILITY: Final[Mapping[str, str]] = MappingProxyType(
    {**_LONG, "t": "topic", "avty_tpl": "value_template"}
)
_WHOLE_VALUE: Final = re.compile(r"\s*\{\{-?\s*value\s*-?\}\}\s*")
_STEP: Final = r"""\.[A-Za-z_]\w*|\[\s*'[^'\\]*'\s*\]|\[\s*"[^"\\]*"\s*\]"""
_OF_JSON: Final = re.compile(rf"\s*\{{\{{-?\s*value_json((?:{_STEP})+)\s*-?\}}\}}\s*")
_STEPS: Final = re.compile(_STEP)
_LONGEST: Final = 200


class Template(NamedTuple):
    """What a template takes of a payload: the keys on the way, none for the payload as text."""

    steps: tuple[str, ...]
    is_understood: bool = True


class Availability(NamedTuple):
    """A topic that says whether a device is there, by which key and words."""

    topic: str
    steps: tuple[str, ...]
    online: str
    offline: str


class Entity(NamedTuple):
    """One entity that measures. `device` is the name its gateway has for the device, `label` one for people."""

    key: str
    component: str
    name: str
    device: str
    label: str | None
    model: str | None
    topic: str
    template: Template
    written: str
    device_class: str
    unit: str
    on: object
    off: object
    availability: tuple[Availability, ...]


def is_discovery(levels: list[str]) -> bool:
    """Return whether a topic of these levels describes entities."""
    return levels[-1] == "config" and len(levels) in {4, 5}


def template(text: object) -> Template:
    """Return what a template takes; one with more in it than a way into the JSON is not understood."""
    if text is None or text == "":
        return Template(())
    if not isinstance(text, str) or len(text) > _LONGEST:
        return Template((), is_understood=False)
    if _WHOLE_VALUE.fullmatch(text):
        return Template(())
    found = _OF_JSON.fullmatch(text)
    if found is None:
        return Template((), is_understood=False)
    return Template(tuple(each.strip(".[] '\"\t") for each in _STEPS.findall(found[1])))


def entities(levels: list[str], document: Mapping[str, Any]) -> Iterator[Entity]:
    """Yield what a discovery message describes and measures."""
    said = _expanded(document)
    component, own = levels[1], "/".join(levels[1:-1])
    inner = said.get("components")
    if component != "device":
        found = _entity(own, component, levels[-2], said, levels)
        yield from () if found is None else (found,)
        return
    shared = {name: value for name, value in said.items() if name != "components"}
    for name, each in list(inner.items())[:MOST_ENTITIES] if isinstance(inner, dict) else ():
        if isinstance(each, dict):
            whole = {**shared, **_expanded(each, said.get("~"))}
            found = _entity(f"{own}/{name}", _text(whole.get("platform")), name, whole, levels)
            yield from () if found is None else (found,)


def _entity(key: str, component: str, name: str, said: Mapping[str, Any], levels: list[str]) -> Entity | None:
    topic = _text(said.get("state_topic"))
    if component not in COMPONENTS or not topic:
        return None
    described = said.get("device")
    device = _expanded(described, table=_LONG_OF_DEVICE) if isinstance(described, dict) else {}
    label = _text(device.get("name")) or None
    by_topic = levels[2] if len(levels) == 5 else levels[-2]  # noqa: PLR2004 - … with a node, which is the device
    return Entity(
        key=key,
        component=component,
        name=_text(said.get("object_id")) or _text(said.get("name")) or name,
        device=_first(device.get("identifiers")) or label or by_topic,
        label=label,
        model=_text(device.get("model_id")) or _text(device.get("model")) or None,
        topic=topic,
        template=template(said.get("value_template")),
        written=_text(said.get("value_template")),
        device_class=_text(said.get("device_class")),
        unit=_text(said.get("unit_of_measurement")),
        on=said.get("payload_on", "ON"),
        off=said.get("payload_off", "OFF"),
        availability=tuple(_availability(said)),
    )


def _availability(said: Mapping[str, Any]) -> Iterator[Availability]:
    several = said.get("availability")
    single = {**said, "topic": said.get("availability_topic"), "value_template": said.get("availability_template")}
    for each in several if isinstance(several, list) else [several if isinstance(several, dict) else single]:
        if not isinstance(each, dict):
            continue
        whole = _expanded(each, said.get("~"), _LONG_OF_AVAILABILITY)
        taken = template(whole.get("value_template"))
        if _text(whole.get("topic")) and taken.is_understood:
            online, offline = whole.get("payload_available", "online"), whole.get("payload_not_available", "offline")
            yield Availability(_text(whole.get("topic")), taken.steps, str(online), str(offline))


def _expanded(document: Mapping[str, Any], base: object = None, table: Mapping[str, str] = _LONG) -> dict[str, Any]:
    """Return the document with whole keys, and topics with what `~` stands for."""
    found = {table.get(name, name): value for name, value in document.items()}
    base = found.get("~", base)
    for name, value in found.items():
        if name.endswith("topic") and isinstance(value, str) and isinstance(base, str):
            found[name] = _with_base(value, base)
    return found


def _with_base(topic: str, base: str) -> str:
    if topic.startswith("~"):
        return base + topic[1:]
    return topic[:-1] + base if topic.endswith("~") else topic


def _first(identifiers: object) -> str:
    """Return the first of a device's identifiers, which may be one text."""
    return _text(identifiers[0] if isinstance(identifiers, list) and identifiers else identifiers)


def _text(value: object) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""
