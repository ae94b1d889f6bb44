"""The part of Sparkplug B's protobuf that is read: payload, metrics, their properties. What else comes is skipped.

Written from the specification (Eclipse Sparkplug 3.0.0, chapter 6). The classes are made from descriptions at run time,
so that no generated code and no compiler is needed.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto

_PACKAGE = "premises.sparkplug"


class PropertyValue(Protocol):
    """The value of a property; `string_value` is empty for other kinds."""

    string_value: str


class PropertySet(Protocol):
    """Keys and values side by side."""

    keys: Sequence[str]
    values: Sequence[PropertyValue]


class Metric(Protocol):
    """A value. What is not there is 0 or empty; `HasField` tells whether it is."""

    name: str
    alias: int
    timestamp: int
    datatype: int
    is_historical: bool
    is_null: bool
    properties: PropertySet
    int_value: int
    long_value: int
    float_value: float
    double_value: float
    boolean_value: bool
    string_value: str

    def HasField(self, name: str, /) -> bool:  # noqa: N802 - protobuf's name
        """Say whether a field is there."""
        ...

    def WhichOneof(self, name: str, /) -> str | None:  # noqa: N802 - protobuf's name
        """Return which of the values is there."""
        ...


class Payload(Protocol):
    """A message."""

    timestamp: int
    metrics: Sequence[Metric]
    seq: int

    def HasField(self, name: str, /) -> bool:  # noqa: N802 - protobuf's name
        """Say whether a field is there."""
        ...


class UnreadableError(ValueError):
    """The bytes are no payload of Sparkplug B."""


class _Field(NamedTuple):
    """A field: its kind as protobuf calls it, or another message."""

    name: str
    number: int
    kind: str
    repeated: bool = False
    choice: bool = False


_VALUE = _Field("", 0, "", choice=True)
_MESSAGES: dict[str, tuple[_Field, ...]] = {
    "PropertyValue": (_Field("type", 1, "uint32"), _Field("string_value", 8, "string")),
    "PropertySet": (_Field("keys", 1, "string", repeated=True), _Field("values", 2, "PropertyValue", repeated=True)),
    "Metric": (
        _Field("name", 1, "string"),
        _Field("alias", 2, "uint64"),
        _Field("timestamp", 3, "uint64"),
        _Field("datatype", 4, "uint32"),
        _Field("is_historical", 5, "bool"),
        _Field("is_transient", 6, "bool"),
        _Field("is_null", 7, "bool"),
        _Field("properties", 9, "PropertySet"),
        _VALUE._replace(name="int_value", number=10, kind="uint32"),
        _VALUE._replace(name="long_value", number=11, kind="uint64"),
        _VALUE._replace(name="float_value", number=12, kind="float"),
        _VALUE._replace(name="double_value", number=13, kind="double"),
        _VALUE._replace(name="boolean_value", number=14, kind="bool"),
        _VALUE._replace(name="string_value", number=15, kind="string"),
        _VALUE._replace(name="bytes_value", number=16, kind="bytes"),
    ),
    "Payload": (
        _Field("timestamp", 1, "uint64"),
        _Field("metrics", 2, "Metric", repeated=True),
        _Field("seq", 3, "uint64"),
    ),
}


@cache
def payload_reader() -> Callable[[bytes], Payload]:
    """Return what makes a payload of bytes, raising UnreadableError. Loads protobuf, a tenth of a second."""
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - only where a gateway speaks Sparkplug

    parse = _parser()

    def read(raw: bytes) -> Payload:
        try:
            return parse(raw)
        except DecodeError as exc:
            raise UnreadableError(str(exc)[:200]) from exc

    return read


@cache
def rebirth() -> bytes:
    """Return the payload that asks a node for its birth: Node Control/Rebirth is true."""
    name = b"Node Control/Rebirth"
    metric = b"\x0a" + bytes([len(name)]) + name + b"\x20\x0b" + b"\x70\x01"
    return b"\x12" + bytes([len(metric)]) + metric


def _parser() -> Callable[[bytes], Payload]:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # noqa: PLC0415 - as above

    file = descriptor_pb2.FileDescriptorProto(name="premises/sparkplug.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        if any(each.choice for each in fields):
            message.oneof_decl.add(name="value")
        _describe(message, fields)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    made = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))
    return cast("Callable[[bytes], Payload]", made.FromString)


def _describe(message: "DescriptorProto", fields: Iterable[_Field]) -> None:
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Description  # noqa: PLC0415 - as above

    for each in fields:
        label = Description.LABEL_REPEATED if each.repeated else Description.LABEL_OPTIONAL
        field = message.field.add(name=each.name, number=each.number, label=label)
        if each.choice:
            field.oneof_index = 0
        if each.kind in _MESSAGES:
            field.type, field.type_name = Description.TYPE_MESSAGE, f".{_PACKAGE}.{each.kind}"
        else:
            field.type = Description.Type.Value(f"TYPE_{each.kind.upper()}")
