"""What a rule is, as data: names, formula, needs, thresholds with their sources, and how it is proven mended."""

from dataclasses import dataclass
from enum import StrEnum

from sensors.events import EventType
from sensors.topology import Name
from sensors.verdicts import Severity


class Confidence(StrEnum):
    """How well a figure is known. UNSURE and HIGH want a look at the original before legal use."""

    STANDARD = "S"
    """Read in a published text."""
    HIGH = "H"
    """Recalled with confidence."""
    UNSURE = "U"
    """Recalled, unsure."""
    PROJECT = "P"
    """This project's own choice; it never carries a standard's number."""


class Family(StrEnum):
    """What a rule is about."""

    SPACE = "space"
    ENERGY = "energy"
    WATER = "water"
    AIR = "air"
    FIRE = "fire"
    ELECTRICAL = "electrical"
    DOORS = "doors"
    DATA = "data"


class Verification(StrEnum):
    """How it is decided that a fault is mended."""

    READINGS = "readings"
    """The rule passes on the readings of the whole window."""
    RECORD = "record"
    """A document, a test or a registry entry says so."""
    INSPECTION = "inspection"
    """A person looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a figure comes from. `standard` is a key of STANDARDS, None where no standard is meant."""

    text: str
    confidence: Confidence
    standard: str | None = None
    year: int | None = None

    def __post_init__(self) -> None:
        """Refuse a standard's name beside the project's own choice."""
        if self.confidence is Confidence.PROJECT and self.standard is not None:
            msg = f"{self.standard} must not stand beside the project's own choice {self.text!r}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One threshold or setting of a rule, in `unit`; a site may override the value."""

    name: str
    value: float
    unit: str
    source: Source
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What must be there before a rule can say anything; one thing missing makes it `not_applicable`.

    Each entry of `metrics` is a group of alternatives of which one suffices. `fields` are attributes of the
    registry, written `room.capacity`; `records` are what people or other systems enter, such as a duty log.
    """

    metrics: tuple[tuple[str, ...], ...] = ()
    events: tuple[EventType, ...] = ()
    fields: tuple[str, ...] = ()
    records: tuple[str, ...] = ()


class UnknownParameterError(KeyError):
    """A rule has no parameter of this name."""

    def __init__(self, spec: "RuleSpec", name: str) -> None:
        """Name the parameters that the rule has."""
        known = ", ".join(parameter.name for parameter in spec.parameters)
        super().__init__(f"rule {spec.id} has no parameter {name!r}; it has: {known}")
        self.name = name


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSpec:
    """One row of the catalogue.

    `severity` is the rule's own; a milder or graver tier is a parameter whose note says so.
    `basis` is what the rule itself rests on where no single figure carries that.
    `verification_window_days` is how long the readings must stay normal after mending: the project's own choice.
    """

    id: str
    name: Name
    family: Family
    core: bool
    severity: Severity
    formula: Name
    needs: Needs
    parameters: tuple[Parameter, ...]
    measure: Name
    verified_by: Verification
    verification_window_days: int
    basis: tuple[Source, ...] = ()

    def parameter(self, name: str) -> float:
        """Return the default value of a parameter, in its unit. Raises UnknownParameterError."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter.value
        raise UnknownParameterError(self, name)


OWN_CHOICE = Source(text="own choice of this project", confidence=Confidence.PROJECT)


def both(zh: str, en: str) -> Name:
    """Return a text in Chinese and English."""
    return Name(zh=zh, en=en)


def chosen(name: str, value: float, unit: str, note: str = "") -> Parameter:
    """Return a parameter that is the project's own choice."""
    return Parameter(name=name, value=value, unit=unit, source=OWN_CHOICE, note=note)


def cited(name: str, value: float, unit: str, source: Source, note: str = "") -> Parameter:
    """Return a parameter that rests on a source."""
    return Parameter(name=name, value=value, unit=unit, source=source, note=note)


COVERAGE = chosen(
    "coverage_pct",
    90,
    "%",
    "share of the expected samples, or of time within the heartbeat, below which the data is insufficient",
)
