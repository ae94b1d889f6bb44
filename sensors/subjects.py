"""Subjects: what a rule speaks about, written `room:a-201`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class SubjectKind(StrEnum):
    """The closed list of what can be judged."""

    ROOM = "room"
    DEVICE = "device"
    GATEWAY = "gateway"
    CIRCUIT = "circuit"
    OPENING = "opening"
    BUILDING = "building"
    SITE = "site"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """A thing in the registry that a verdict is about."""

    kind: SubjectKind
    id: str

    def __str__(self) -> str:
        """Return the written form, `room:a-201`."""
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the subject of its written form; ValueError says what is wrong with it."""
        kind, separator, identifier = text.partition(":")
        if not separator or not identifier or kind not in SubjectKind.__members__.values():
            kinds = ", ".join(SubjectKind)
            msg = f"{text!r} is not a subject; write KIND:ID with KIND one of {kinds}"
            raise ValueError(msg)
        return cls(SubjectKind(kind), identifier)
