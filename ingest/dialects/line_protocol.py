"""Telegraf's line protocol over MQTT: `measurement,tag=x,tag=y field=1.5,other=2i 1795392000000000000`, line by line.

The device is the first tag there is of `device`, `device_id`, `sensor`, `id`, `name`, `host`, else the last level of
the topic. A field called `value` is what the measurement is called; the tag `unit` is the unit.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from ingest.dialects.decoded import Context, Decoded, DialectError, Outcome
from ingest.dialects.names import Names
from ingest.dialects.times import time_of

MOST_LINES: Final = 10_000
_DEVICE_TAGS: Final = ("device", "device_id", "sensor", "id", "name", "host")
_LONGEST_SHOWN: Final = 60
_WORDS_OF_TRUTH: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("t", "T", "true", "True", "TRUE"), True),
    **dict.fromkeys(("f", "F", "false", "False", "FALSE"), False),
}
_UNSAID: Final = r"(?:\\.|[^,= \\])+"
_KEY: Final = rf"(?P<key>{_UNSAID})"
_HEAD: Final = re.compile(r"(?P<name>(?:\\.|[^, \\])+)")
_TAG: Final = re.compile(rf",{_KEY}=(?P<value>{_UNSAID})")
_FIELD: Final = re.compile(rf'{_KEY}=(?:"(?P<text>(?:\\.|[^"\\])*)"|(?P<value>[^, "]+))')
_TIME: Final = re.compile(r"(?: +(?P<time>-?\d{1,20}))? *")
_ESCAPED: Final = re.compile(r"\\([,= \"\\])")


class _Line(NamedTuple):
    """A line taken apart."""

    measurement: str
    tags: Mapping[str, str]
    fields: Mapping[str, object]
    time: int | None


class LineProtocol:
    """Reads lines."""

    def __init__(self) -> None:
        """Read the maps."""
        self._names = Names()

    def forget(self) -> None:
        """Forget nothing: nothing is remembered."""

    def decode(self, topic: str, payload: bytes, context: Context) -> Decoded:
        """Return what a message says. Raises DialectError."""
        try:
            lines = payload.decode().splitlines()
        except UnicodeDecodeError as exc:
            raise DialectError(reason="not_text", detail="no UTF-8") from exc
        if not payload or len(lines) > MOST_LINES:
            reason = "empty_payload" if not payload else "no_records"
            raise DialectError(reason=reason, detail="lines were expected, not too many of them")
        out = Decoded()
        for index, text in enumerate(lines):
            stripped = text.strip()
            if not stripped or stripped.startswith("#"):
                continue
            line = _line(stripped)
            if line is None:
                detail = f"{stripped[:_LONGEST_SHOWN]!r} is no measurement,tag=… field=… time"
                out.problems.append(Outcome(f"line[{index}]", "not_a_line", detail))
            else:
                self._said(out, line, f"line[{index}]", topic, context)
        return out

    def _said(self, out: Decoded, line: _Line, path: str, topic: str, context: Context) -> None:
        name = next((line.tags[tag] for tag in _DEVICE_TAGS if tag in line.tags), topic.rpartition("/")[2])
        if not name:
            out.problems.append(Outcome(path, "no_device", f"no tag of {', '.join(_DEVICE_TAGS)}, nor a topic"))
            return
        device = context.device(name)
        context.hear(out, device, None, name)
        at = time_of(line.time, f"{path}.time", out, context)
        unit = line.tags.get("unit", "")
        for key, value in line.fields.items():
            quantity = line.measurement if key == "value" else key
            self._names.apply(out, quantity, unit, value, f"{path}.{key}", device, at, context)


def _line(text: str) -> _Line | None:
    """Return a line taken apart, None where it is none."""
    head = _HEAD.match(text)
    if head is None:
        return None
    place, tags, fields = head.end(), {}, {}
    while tag := _TAG.match(text, place):
        tags[_plain(tag["key"])], place = _plain(tag["value"]), tag.end()
    if text[place : place + 1] != " ":
        return None
    place += len(text[place:]) - len(text[place:].lstrip(" "))
    while said := _FIELD.match(text, place):
        fields[_plain(said["key"])] = _plain(said["text"]) if said["value"] is None else _value(said["value"])
        place = said.end()
        if text[place : place + 1] != ",":
            break
        place += 1
    end = _TIME.fullmatch(text, place)
    if not fields or end is None:
        return None
    return _Line(_plain(head["name"]), tags, fields, None if end["time"] is None else int(end["time"]))


def _value(word: str) -> object:
    """Return a value without the letter of its type; what is no number stays a text, for its target to judge."""
    if word in _WORDS_OF_TRUTH:
        return _WORDS_OF_TRUTH[word]
    return word[:-1] if word[-1] in "iu" and word[:-1].lstrip("-").isdigit() else word


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text
