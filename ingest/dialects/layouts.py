"""Binary layouts written as text: `temperature i16/10, humidity u8/2` becomes a reader of bytes."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from struct import Struct
from typing import Any, NamedTuple

_FIELD = re.compile(
    r"(?P<name>[a-z][a-z0-9_]*)(\|(?P<low>\w+))? "
    r"(?P<type>[a-z]+\d*)(?P<be>be)?(/(?P<divisor>\d+))?( as (?P<meant>\w+))?"
)

_NUMBERS: Mapping[str, str] = {"u8": "B", "i8": "b", "u16": "H", "i16": "h", "u32": "I", "i32": "i", "f32": "f"}

_SKIP = "skip"

Convert = Callable[[Any], Any]
"""What is made of a field's number or bytes; it comes from our own tables, so its types are not worth naming."""


def _hexadecimal(raw: bytes) -> str:
    return raw.hex()


def _halves(raw: int) -> str:
    return f"v{raw >> 4}.{raw & 0x0F}"


def _hardware(raw: bytes) -> str:
    return f"v{raw[0]:x}.{raw[1] >> 4}"


def _firmware(raw: bytes) -> str:
    return f"v{raw[0]:x}.{raw[1]:x}"


def _versioned(raw: bytes) -> str:
    return f"v{raw[0]}.{raw[1]}"


def _dotted(raw: bytes) -> str:
    return ".".join(str(each) for each in raw)


def _backwards(raw: bytes) -> int:
    return int.from_bytes(raw, "big")


_WORDS: Mapping[str, tuple[str, Convert | None]] = {
    "halves": ("B", None),
    "ipso": ("B", _halves),
    "hardware": ("2s", _hardware),
    "firmware": ("2s", _firmware),
    "version": ("2s", _versioned),
}


class Value(NamedTuple):
    """A field: its name as the vendor has it, its value, and the name to look its target up by."""

    name: str
    value: Any
    meant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutField:
    """How a field is written. `faults` are numbers that say that there is no value, as words under another name.

    `words` are those of its numbers; `*` stands for any other. `bits` names its bits from the lowest; `regions` makes
    a truth of each bit, as many as the field of this name before it says. `low` is the field in the lower half of the
    byte, whose higher half this one then is.
    """

    name: str
    code: str
    convert: Convert | None = None
    divisor: int = 1
    meant: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    bits: Sequence[str] = ()
    regions: str = ""
    low: "LayoutField | None" = None

    @property
    def names(self) -> Sequence[str]:
        """Return the names of what it says."""
        return (self.name,) if self.low is None else (self.name, self.low.name)

    def values(self, raw: Any, before: Sequence[Value]) -> Sequence[Value]:  # noqa: ANN401 - see Convert
        """Return what the field says; almost always one value."""
        if self.low is not None:
            return (*replace(self, low=None).values(raw >> 4, before), *self.low.values(raw & 0x0F, before))
        if raw in self.faults:
            name, word = self.faults[raw]
            return (Value(name, word, name),)
        value = raw if self.convert is None else self.convert(raw)
        if self.regions:
            return _regions(value, next((each.value for each in before if each.name == self.regions), 0))
        if self.divisor != 1:
            value /= self.divisor
        if self.words:
            value = self.words.get(str(value), self.words.get("*", "unknown"))
        if self.bits:
            value = {name: "yes" if raw >> place & 1 else "no" for place, name in enumerate(self.bits)}
        return (Value(self.name, value, self.meant),)


def _numbered(found: Sequence[Value]) -> list[Value]:
    number, *others = found
    begin = f"{number.name}_{number.value}_"
    return [Value(begin + name, value, begin + meant) for name, value, meant in others]


def _regions(mask: int, count: int) -> Sequence[Value]:
    names = [f"region_{number + 1}" for number in range(min(count, 16))]
    return [Value(name, mask >> place & 1, name) for place, name in enumerate(names)]


@dataclass(frozen=True, slots=True)
class Layout:
    """Fields one after the other, little-endian."""

    struct: Struct
    fields: tuple[LayoutField, ...]
    numbered: bool = False
    """Whether the first field is a number that the names of the others begin with: `region_2_max_dwell`."""

    @property
    def size(self) -> int:
        """Return how many bytes it takes."""
        return self.struct.size

    def read(self, payload: bytes, offset: int) -> list[Value]:
        """Return the values; struct.error where the payload ends before."""
        found: list[Value] = []
        for each, raw in zip(self.fields, self.struct.unpack_from(payload, offset), strict=True):
            found += each.values(raw, found)
        return _numbered(found) if self.numbered else found


def parse_field(text: str) -> LayoutField:
    """Return the field of a text such as `temperature i16/10`. ValueError says what is wrong with it."""
    match = _FIELD.fullmatch(text.strip())
    if match is None:
        msg = f"{text.strip()!r} is no field; write NAME TYPE, such as temperature i16/10"
        raise ValueError(msg)
    name, divisor = match["name"], int(match["divisor"] or 1)
    code, convert = _coded(match["type"], backwards=match["be"] is not None)
    low = match["low"]
    if (low is not None) != (match["type"] == "halves"):
        msg = f"{text.strip()!r}: two halves of a byte are written as HIGH|LOW halves"
        raise ValueError(msg)
    return LayoutField(
        name=name,
        code=code,
        convert=convert,
        divisor=max(divisor, 1),
        meant=match["meant"] or name,
        low=None if low is None else LayoutField(name=low, code="", meant=low),
    )


def _coded(kind: str, *, backwards: bool) -> tuple[str, Convert | None]:
    if backwards and kind in {"u16", "u32"}:
        return f"{int(kind[1:]) // 8}s", _backwards
    if kind in _NUMBERS:
        return _NUMBERS[kind], None
    if kind in _WORDS:
        return _WORDS[kind]
    for prefix, convert in (("hex", _hexadecimal), ("dotted", _dotted)):
        length = kind.removeprefix(prefix)
        if kind.startswith(prefix) and length.isdigit() and 0 < int(length) <= 64:  # noqa: PLR2004 - longer than any
            return f"{length}s", convert
    if kind.startswith(_SKIP) and kind.removeprefix(_SKIP).isdigit():
        return f"{kind.removeprefix(_SKIP)}x", None
    known = ", ".join([*_NUMBERS, "u16be", "u32be", *_WORDS, "hex8", "dotted4", "skip1"])
    msg = f"{kind!r} is no type; one of {known}"
    raise ValueError(msg)


def layout_of(fields: Sequence[LayoutField], *, numbered: bool = False) -> Layout:
    """Return the reader of fields that follow each other."""
    said = tuple(each for each in fields if not each.code.endswith("x"))
    return Layout(Struct("<" + "".join(each.code for each in fields)), said, numbered)
