"""Overridden thresholds as a file, `thresholds.yaml` beside the registry: read whole, every fault with its place."""

import math
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

from sensors.catalogue import CATALOGUE
from sensors.catalogue.model import Parameter
from sensors.documents import MAX_BYTES, DocumentFault, DocumentSyntaxError, MapNode, Place, parse_document
from sensors.errors import InputFault
from sensors.fields import Fields, local_date, number, one_among, words
from sensors.subjects import Subject, SubjectKind
from sensors.thresholds import (
    FIXED,
    NO_OVERRIDES,
    OVERRIDABLE,
    Override,
    Overrides,
    is_laxer_than_standard,
    subjects_of,
)
from sensors.topology import Registry
from storage.registry_file import decoded, fault_lines, placed_faults

FILE = "thresholds.yaml"
SECTION = "thresholds"
_LONG_AGO = date(1990, 1, 1)
_COUNTED = frozenset({"d", "nights", "workdays", "uses", "bookings", "alarms", "people", "months", "intervals"})
"""Units that come in whole numbers."""
_MAY_BE_NEGATIVE = frozenset({"°C"})


class ThresholdFaultsError(InputFault):
    """A file of thresholds that cannot be used: one line per fault, `FILE:LINE:COLUMN: what, and what to do`."""

    def __init__(self, path: Path, faults: Iterable[DocumentFault]) -> None:
        """Keep the faults beside their text."""
        self.faults = tuple(faults)
        super().__init__("\n".join(fault_lines(path, self.faults)))


def load_thresholds(registry_path: Path, registry: Registry) -> Overrides:
    """Return what the file beside a registry overrides, nothing where there is none.

    Raises ThresholdFaultsError with every fault, InputFault where the file is not read.
    """
    path = registry_path.parent / FILE
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return NO_OVERRIDES
    except OSError as exc:
        msg = f"{path}: the thresholds cannot be read: {exc.strerror}; mend who may read it, or take it away"
        raise InputFault(msg) from exc
    overrides, faults = parse_thresholds(content, registry)
    if faults:
        raise ThresholdFaultsError(path, faults)
    return overrides


def parse_thresholds(content: bytes, registry: Registry) -> tuple[Overrides, list[DocumentFault]]:
    """Return what the bytes of a file override, and every fault in the file's order."""
    try:
        document = parse_document(decoded(content))
    except DocumentSyntaxError as exc:
        return NO_OVERRIDES, [DocumentFault(path=(), reason=exc.reason, place=exc.place)]
    if not isinstance(document.root, MapNode):
        reason = "must be a mapping that begins with `thresholds:`"
        return NO_OVERRIDES, [DocumentFault(path=(), reason=reason, place=Place(1, 1))]
    faults = list(document.faults)
    root = Fields(document.root, (), faults, "")
    rule, subject = one_among(OVERRIDABLE, "rule that can be overridden"), _subject(registry)
    entries = tuple(_override(fields, rule, subject) for _, fields in root.each(SECTION, "threshold"))
    root.finish()
    _refuse_repeats(entries, root)
    return Overrides(entries), placed_faults(document.root, faults)


def _override(fields: Fields, rule_of: Callable[[str], str], subject_of: Callable[[str], Subject]) -> Override:
    rule = fields.required("rule", rule_of, "")
    known = [each for each in CATALOGUE[rule].parameters if (rule, each.name) not in FIXED] if rule else []
    names = one_among([each.name for each in known], f"parameter of {rule} that can be overridden") if rule else words
    name = fields.required("parameter", names, "")
    parameter = next((each for each in known if each.name == name), None)
    override = Override(
        rule=rule,
        parameter=name,
        subject=fields.required("subject", subject_of, Subject(SubjectKind.SITE, "")),
        value=fields.required("value", number if parameter is None else _value_of(parameter), 0.0),
        by=fields.required("by", words, ""),
        why=fields.required("why", words, ""),
        since=fields.required("since", local_date, _LONG_AGO),
        beyond_standard=fields.optional("beyond_standard", words) or "",
    )
    if parameter is not None:
        _hold_to_standard(override, parameter, fields)
    return override


def _hold_to_standard(override: Override, parameter: Parameter, fields: Fields) -> None:
    """Refuse a safety limit that asks for less than its standard, unless somebody says why it may."""
    laxer = is_laxer_than_standard(override.rule, parameter, override.value)
    if override.value and laxer and not override.beyond_standard:
        fields.fail(
            ("value",),
            f"{override.value:g} asks for less than {parameter.source.text} ({parameter.value:g} {parameter.unit}), "
            "which is about safety; add `beyond_standard:` with why it may, and who approved it",
        )


def _subject(registry: Registry) -> Callable[[str], Subject]:
    known = frozenset(subjects_of(registry))

    def read(text: str) -> Subject:
        subject = Subject.parse(text)
        if subject not in known:
            msg = f"{text!r} is not in the registry; write KIND:ID of something that is, like site:{registry.site.id}"
            raise ValueError(msg)
        return subject

    return read


def _value_of(parameter: Parameter) -> Callable[[str], float]:
    """Return a reader of a value that can be meant in the parameter's unit."""
    low, high = _range(parameter)

    def read(text: str) -> float:
        value = number(text)
        if not low <= value <= high:
            between = f"from {low:g}" if math.isinf(high) else f"from {low:g} to {high:g}"
            msg = f"{text} is out of range; {parameter.name} is {between} {parameter.unit}"
            raise ValueError(msg)
        if parameter.unit in _COUNTED and not value.is_integer():
            msg = f"must be a whole number of {parameter.unit}, not {text}"
            raise ValueError(msg)
        return value

    return read


def _range(parameter: Parameter) -> tuple[float, float]:
    """Return what values a parameter may have: our own choice, meant to catch slips of the unit and of the point."""
    if parameter.unit in _MAY_BE_NEGATIVE:
        return -50.0, 150.0
    if parameter.value == 0:
        return 0.0, math.inf
    if parameter.name == "inferred_confidence_pct":
        return 50.0, 100.0
    high = 100.0 if parameter.unit == "%" and parameter.value <= 100 else parameter.value * 20  # noqa: PLR2004 - percent
    return parameter.value / 20, high


def _refuse_repeats(entries: Iterable[Override], root: Fields) -> None:
    first: dict[tuple[str, str, Subject], int] = {}
    for position, each in enumerate(entries):
        key = each.rule, each.parameter, each.subject
        if first.setdefault(key, position) != position:
            reason = f"{each.rule} {each.parameter} of {each.subject} stands twice; leave one"
            root.fail((SECTION, position), reason)
