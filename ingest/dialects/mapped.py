"""Generic JSON by a mapping: JMESPath says where devices, times and values are, a map of keys what they mean.

preset: neuron                 # or all of what follows
records: "@"                   # a record, or a list of them
when: cmd == 'log'             # records for which this is not true are left out
device: node                   # who speaks, below a record; else device_in_topic: 2, a level of the topic
samples: value                 # below a record: each of them has a time; the record itself where not written
time: timestamp                # below a sample
values: values                 # below a sample: values by key
errors: errors                 # below a sample: what went wrong, by key
personal: [username, uid]      # names and numbers of people, at any depth: only ever kept as digests
credential: uid                # below a sample: the card that an event is about
keys:
  tag0: {metric: co2_ppm, device: aq1}
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from ingest.dialects.decoded import At, Context, Decoded, DialectError, Outcome
from ingest.dialects.device_map import DeviceMapError, keys_of, parse_fields, target_of
from ingest.dialects.expressions import Expression, expression
from ingest.dialects.libraries import library
from ingest.dialects.names import METRIC_NAMES
from ingest.dialects.paths import apply_value, parsed
from ingest.dialects.targets import Target
from ingest.dialects.times import time_of
from ingest.native_fields import shown
from sensors.credentials import DIGEST, CredentialKey
from sensors.fields import Fields, whole, words
from sensors.topology import DeviceId

MOST_RECORDS = 10_000
_PRESETS = "presets"


def _nothing(value: Any) -> Any:  # noqa: ANN401 - any JSON
    del value


def _itself(value: Any) -> Any:  # noqa: ANN401 - any JSON
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a key means, and the device it belongs to where it is not the record's."""

    target: Target
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonMapping:
    """A checked mapping."""

    records: Expression = _itself
    when: Expression | None = None
    device: Expression = _nothing
    device_level: int | None = None
    samples: Expression = _itself
    time: Expression = _nothing
    values: Expression = _itself
    errors: Expression = _nothing
    personal: frozenset[str] = frozenset()
    credential: Expression = _nothing
    keys: Mapping[str, Key] = field(default_factory=dict)


class Mapped:
    """Reads any JSON by a mapping."""

    def __init__(self, mapping: JsonMapping) -> None:
        """Read by this mapping; keys it does not have are looked for among what many gateways call alike."""
        self._mapping = mapping
        common = library("json").common
        self._common: Mapping[str, Target] = {**METRIC_NAMES, **({} if common is None else common.keys)}

    def forget(self) -> None:
        """Forget nothing: nothing is remembered."""

    def clean(self, payload: bytes, key: CredentialKey | None) -> bytes:
        """Return the payload with digests of the personal data that the mapping names; nothing of what is no JSON."""
        personal = self._mapping.personal
        if not personal:
            return payload
        try:
            return orjson.dumps(_cleaned(parsed(payload), personal, key))
        except (DialectError, TypeError, RecursionError):  # the last two: nested too deep to be written again
            return b""

    def decode(self, topic: str, payload: bytes, context: Context) -> Decoded:
        """Return what a message says. Raises DialectError."""
        document = parsed(payload)
        found = self._mapping.records(document)
        records = found if isinstance(found, list) else [found]
        if found is None or len(records) > MOST_RECORDS:
            raise DialectError(reason="no_records", detail="the mapping finds no records in this message")
        out = Decoded()
        several = isinstance(found, list) and len(records) > 1
        for index, record in enumerate(records):
            self._read(out, record, f"[{index}]." if several else "", topic, context)
        return out

    def _read(self, out: Decoded, record: object, path: str, topic: str, context: Context) -> None:
        mapping = self._mapping
        if not isinstance(record, dict):
            out.problems.append(Outcome(path.rstrip("."), "not_an_object", f"{shown(record)} is no record"))
            return
        if mapping.when is not None and not mapping.when(record):
            out.ignored.append(Outcome(path.rstrip("."), "not_telemetry", "the mapping leaves such messages out"))
            return
        name = self._name(record, topic)
        samples = mapping.samples(record)
        samples = samples if isinstance(samples, list) else [samples]
        several = len(samples) > 1
        for index, sample in enumerate(samples):
            if isinstance(sample, dict):
                self._sample(out, sample, f"{path}[{index}]." if several else path, name, context)
            else:
                out.problems.append(Outcome(path.rstrip("."), "not_an_object", f"{shown(sample)} is no sample"))

    def _name(self, record: Mapping[str, Any], topic: str) -> str | None:
        name = self._mapping.device(record)
        if isinstance(name, str) and name:
            return name
        level, levels = self._mapping.device_level, topic.split("/")
        return None if level is None or level >= len(levels) else levels[level] or None

    def _sample(self, out: Decoded, sample: Mapping[str, Any], path: str, name: str | None, context: Context) -> None:
        mapping, events_before = self._mapping, len(out.events)
        at = time_of(mapping.time(sample), f"{path}time", out, context)
        values, errors = mapping.values(sample), mapping.errors(sample)
        speaker = None if name is None else context.device(name)
        if speaker is not None:
            context.hear(out, speaker)
        for key, value in values.items() if isinstance(values, dict) else ():
            self._value(out, key, value, path, speaker, at, context)
        for key, code in errors.items() if isinstance(errors, dict) else ():
            if code:
                detail = f"the gateway could not read it: {shown(code)}"
                out.problems.append(Outcome(f"{path}{key}", "gateway_error", detail))
        card = mapping.credential(sample)
        if len(out.events) > events_before and isinstance(card, str) and DIGEST.fullmatch(card):
            out.events[events_before:] = [replace(each, credential=card) for each in out.events[events_before:]]
        if not isinstance(values, dict) and not isinstance(errors, dict):
            out.problems.append(Outcome(path.rstrip("."), "no_values", "the mapping finds no values here"))

    def _value(
        self, out: Decoded, key: str, value: object, path: str, speaker: DeviceId | None, at: At, context: Context
    ) -> None:
        mapping = self._mapping
        known = mapping.keys.get(key)
        if key in mapping.personal:
            out.ignored.append(Outcome(path + key, "personal", "personal data is not kept"))
            return
        device = speaker if known is None or known.device is None else context.device(known.device)
        if device is None:
            out.problems.append(Outcome(path + key, "no_device", "the mapping finds no device for it"))
            return
        if known is not None:
            known.target.apply(out, value, path + key, device, at, context)
        else:
            apply_value(out, self._common, key, value, path, device, at, context)


def _cleaned(document: Any, personal: frozenset[str], key: CredentialKey | None) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(document, dict):
        return {
            name: _digested(each, key) if name in personal else _cleaned(each, personal, key)
            for name, each in document.items()
        }
    return [_cleaned(each, personal, key) for each in document] if isinstance(document, list) else document


def _digested(value: object, key: CredentialKey | None) -> str | None:
    if isinstance(value, str) and DIGEST.fullmatch(value):
        return value
    return None if key is None or not isinstance(value, str | int) else key.digest(str(value))


def mapped_by_preset(name: str) -> Callable[[], Mapped]:
    """Return what makes decoders by a mapping that comes with Premises."""

    def make() -> Mapped:
        return Mapped(_preset(name))

    return make


def mapped_by_file(path: Path) -> Mapped:
    """Return a decoder by the mapping of a file. Raises DeviceMapError with every fault."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        msg = f"{path}: the mapping cannot be read: {exc}"
        raise DeviceMapError(msg) from exc
    return Mapped(parse_json_mapping(str(path), text))


def parse_json_mapping(name: str, text: str) -> JsonMapping:
    """Return the checked mapping of a file's text. Raises DeviceMapError with every fault."""
    return parse_fields(name, text, _mapping)


def _preset(name: str) -> JsonMapping:
    file = resources.files(__package__) / _PRESETS / f"{name}.yaml"
    return parse_json_mapping(file.name, file.read_text(encoding="utf-8"))


def _presets() -> list[str]:
    folder = resources.files(__package__) / _PRESETS
    return sorted(each.name.removesuffix(".yaml") for each in folder.iterdir() if each.name.endswith(".yaml"))


def _mapping(fields: Fields) -> JsonMapping:
    base = fields.optional("preset", _preset_of) or JsonMapping()
    found = {
        name: read
        for name in ("records", "when", "device", "samples", "time", "values", "errors", "credential")
        if (read := fields.optional(name, expression)) is not None
    }
    level = fields.optional("device_in_topic", _level)
    personal = fields.many("personal", words)
    keys = keys_of(fields, lambda inner: Key(device=inner.optional("device", words), target=target_of(inner)))
    return replace(
        base,
        **found,
        device_level=base.device_level if level is None else level,
        personal=base.personal | frozenset(personal),
        keys=MappingProxyType({**base.keys, **keys}),
    )


def _level(text: str) -> int:
    return -1 if text == "last" else whole(text)


def _preset_of(text: str) -> JsonMapping:
    if text not in _presets():
        msg = f"{text!r} is no preset; one of {', '.join(_presets())}"
        raise ValueError(msg)
    return _preset(text)
