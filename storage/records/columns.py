"""How values of the vocabulary lie in columns that every SQL database has: text and whole numbers."""

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

from alerts.matching import MATCHED, Matcher
from rectification.plans import Phase, PlanPhase
from sensors.actors import Limit, Role
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.scopes import Scope
from sensors.subjects import Subject

NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""A number that the database counts up by itself; SQLite does that for its INTEGER only."""


class UtcMs(TypeDecorator[datetime]):
    """An aware time as UTC milliseconds; what is finer is cut off."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the milliseconds."""
        return None if value is None else epoch_ms(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the time."""
        return None if value is None else from_epoch_ms(value)


class Written(TypeDecorator[Any]):
    """A value as text: `write` gives the text, `read` the value again."""

    impl = Text
    cache_ok = True

    def __init__(self, read: Callable[[str], object], write: Callable[[Any], str] = str) -> None:
        """Keep both ways."""
        super().__init__()
        self.read = read
        self.write = write

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the text."""
        return None if value is None else self.write(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> object:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the value."""
        return None if value is None else self.read(value)


def canonical_json(value: object) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, characters as they are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def subject_column() -> Written:
    """Return a column type for a subject, `room:a-201`."""
    return Written(Subject.parse)


def words_column() -> Written:
    """Return a column type for a tuple of texts."""
    return Written(lambda text: tuple(json.loads(text)), canonical_json)


def mapping_column() -> Written:
    """Return a column type for a flat mapping."""
    return Written(json.loads, lambda mapping: canonical_json(dict(mapping)))


def roles_column() -> Written:
    """Return a column type for a set of roles."""
    return Written(lambda text: frozenset(map(Role, json.loads(text))), lambda roles: canonical_json(sorted(roles)))


def limits_column() -> Written:
    """Return a column type for a set of limits, `["viewer@building:a"]`."""
    return Written(
        lambda text: frozenset(map(Limit.parse, json.loads(text))),
        lambda limits: canonical_json(sorted(map(str, limits))),
    )


def scopes_column() -> Written:
    """Return a column type for a set of scopes; those that this version does not know open nothing."""
    return Written(_scopes, lambda scopes: canonical_json(sorted(scopes)))


_KNOWN_SCOPES = frozenset(scope.value for scope in Scope)


def _scopes(text: str) -> frozenset[Scope]:
    return frozenset(Scope(word) for word in json.loads(text) if word in _KNOWN_SCOPES)


def matcher_column() -> Written:
    """Return a column type for a matcher: what it asks for, as lists."""
    return Written(_matcher, lambda matcher: canonical_json(_asked(matcher)))


def _asked(matcher: Matcher) -> dict[str, list[str]]:
    asked = {name: sorted(getattr(matcher, name)) for name in MATCHED}
    return {name: values for name, values in asked.items() if values}


def _matcher(text: str) -> Matcher:
    asked: dict[str, list[str]] = json.loads(text)
    fields: dict[str, Any] = {name: frozenset(map(MATCHED[name], values)) for name, values in asked.items()}
    return Matcher(**fields)


def weekdays_column() -> Written:
    """Return a column type for a set of weekdays."""
    return Written(lambda text: frozenset(json.loads(text)), lambda days: canonical_json(sorted(days)))


def hours_column() -> Written:
    """Return a column type for spans of the day."""
    return Written(lambda text: tuple((start, end) for start, end in json.loads(text)), canonical_json)


def phases_column() -> Written:
    """Return a column type for the phases of a plan."""
    return Written(
        lambda text: tuple(map(_phase, json.loads(text))), lambda phases: canonical_json(list(map(_told, phases)))
    )


def _told(phase: PlanPhase) -> dict[str, str]:
    days = {name: day.isoformat() for name, day in (("first", phase.first), ("last", phase.last)) if day is not None}
    return {"phase": phase.phase.value, "text": phase.text, **days}


def _phase(told: dict[str, str]) -> PlanPhase:
    return PlanPhase(
        phase=Phase(told["phase"]), first=_day(told.get("first")), last=_day(told.get("last")), text=told["text"]
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
