"""faults.yaml: what is to be broken when, written by rule.

    - {rule: E03, subject: "building:a", start: 2026-01-05, end: 2026-01-20, severity: 1.3, mended: 2026-01-20}

A date is the local midnight that it begins with; a fault is there during [start, end), or until `mended` where that is
sooner. `days` may stand for `end`. `kind` is fault (the default, severity above 1, by default 1.5), near_miss (below 1,
by default 0.9) or confounder (something harmless that looks like the fault, where there is such a thing). `how` asks
for the second way to trip a rule that has two: {rule: D06, how: clock_drift, …}.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations
from zoneinfo import ZoneInfo

from sensors.catalogue import CATALOGUE
from sensors.documents import (
    DocumentFault,
    DocumentSyntaxError,
    ListNode,
    MapNode,
    Node,
    NodePath,
    locate,
    parse_document,
)
from sensors.errors import InputFault
from sensors.fields import Fields, number, one_of, whole, words
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Registry
from simulators.faults import Fault, FaultKind, with_length
from simulators.generators import FURTHER, GENERATORS, LOOK_ALIKES, NOT_SIMULATED, Generator
from simulators.places import has_both_sides, has_subject, openings_watched, shown_at
from simulators.truth import local_time

FAULT_SEVERITY, NEAR_MISS_SEVERITY = 1.5, 0.9
MOST_SEVERE = 10.0
MOST_FAULTS = 1000
NOBODY = Subject(SubjectKind.SITE, "")


class Written(StrEnum):
    """What an entry is meant as."""

    FAULT = "fault"
    NEAR_MISS = "near_miss"
    CONFOUNDER = "confounder"


class FaultFileError(InputFault):
    """A file of faults that cannot be used: the first thing that is wrong with it, in one line."""

    def __init__(self, name: str, root: Node | None, fault: DocumentFault, more: int = 0) -> None:
        """Name file, line and column."""
        place = fault.place or (locate(root, fault.path) if root is not None else None)
        where = f"{name}:{place.line}:{place.column}" if place else name
        others = f" (and {more} more)" if more else ""
        super().__init__(f"{where}: {fault.reason}{others}")


def read_faults(text: str, *, name: str, registry: Registry) -> tuple[Fault, ...]:
    """Return the faults of a file for a site. Raises FaultFileError."""
    try:
        document = parse_document(text)
    except DocumentSyntaxError as exc:
        raise FaultFileError(name, None, DocumentFault(path=(), reason=exc.reason, place=exc.place)) from exc
    found = list(document.faults)
    entries = tuple(_entries(document.root, registry, found))
    found += _contradictions(entries)
    if found:
        first = min(found, key=lambda fault: fault.place or locate(document.root, fault.path))
        raise FaultFileError(name, document.root, first, len(found) - 1)
    return tuple(entry.fault for entry in entries)


@dataclass(frozen=True, slots=True)
class _Entry:
    path: NodePath
    fault: Fault


def _entries(root: Node, registry: Registry, faults: list[DocumentFault]) -> Iterator[_Entry]:
    if not isinstance(root, ListNode):
        faults.append(DocumentFault(path=(), reason="write a list of entries like - {rule: E03, subject: …}"))
        return
    if len(root.items) > MOST_FAULTS:
        faults.append(DocumentFault(path=(MOST_FAULTS,), reason=f"more than {MOST_FAULTS} faults; leave some out"))
        return
    for position, item in enumerate(root.items):
        if not isinstance(item, MapNode):
            reason = "an entry must be a mapping like {rule: E03, subject: …}"
            faults.append(DocumentFault(path=(position,), reason=reason))
            continue
        before = len(faults)
        fields = Fields(item, (position,), faults, f"fault {position + 1}")
        fault = _Reader(fields, registry).fault()
        fields.finish()
        if fault is not None and len(faults) == before:
            yield _Entry((position,), fault)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one entry; what is wrong goes to the fields' faults."""

    fields: Fields
    registry: Registry

    def fault(self) -> Fault | None:
        fields, zone = self.fields, ZoneInfo(self.registry.site.timezone)
        moment = _moment(zone)
        kind = fields.optional("kind", one_of(Written)) or Written.FAULT
        rule = fields.required("rule", _rule, "")
        subject = fields.required("subject", Subject.parse, NOBODY)
        start = fields.required("start", moment, None)
        end, mended = fields.optional("end", moment), fields.optional("mended", moment)
        days, severity = fields.optional("days", whole), fields.optional("severity", number)
        how = fields.optional("how", words)
        generator = self._generator(rule, kind, how) if rule else None
        if generator is None or start is None or subject == NOBODY:
            return None
        self._check_subject(subject, generator)
        over = self._end(start, end, days, mended)
        return Fault(
            kind=generator.kind,
            subject=subject,
            start=start,
            end=over,
            mended=mended,
            severity=self._severity(kind, severity),
            near_miss=kind is not Written.FAULT,
            rule=rule,
        )

    def _generator(self, rule: str, kind: Written, how: str | None) -> Generator | None:
        if rule in NOT_SIMULATED:
            self.fields.fail(("rule",), f"{rule} cannot be simulated: {NOT_SIMULATED[rule]}")
            return None
        known = LOOK_ALIKES if kind is Written.CONFOUNDER else GENERATORS
        if rule not in known:
            self.fields.fail(("kind",), f"no confounder can be made for {rule}; there are some for {', '.join(known)}")
        return known.get(rule) if how is None else self._by(rule, kind, how)

    def _by(self, rule: str, kind: Written, how: str) -> Generator | None:
        """Return the way that is asked for by the name of its kind."""
        ways = [] if kind is Written.CONFOUNDER else [GENERATORS[rule], *([FURTHER[rule]] if rule in FURTHER else [])]
        found = next((each for each in ways if each.kind == how), None)
        if found is None:
            known = " or ".join(each.kind for each in ways)
            self.fields.fail(("how",), f"{how!r} is no way to this; " + (f"write {known}" if ways else "leave it out"))
        return found

    def _check_subject(self, subject: Subject, generator: Generator) -> None:
        if subject.kind is not generator.concerns:
            wanted = f"{generator.concerns}:ID"
            self.fields.fail(("subject",), f"{subject} is no {generator.concerns}; write {wanted}")
        elif not has_subject(self.registry, subject):
            self.fields.fail(("subject",), f"the registry has no {subject}")
        elif generator.shows and not shown_at(self.registry, subject).intersection(generator.shows):
            self.fields.fail(("subject",), f"no device at {subject} shows {' or '.join(generator.shows)}")
        elif generator.opening is not None and not openings_watched(self.registry, subject, generator.opening):
            self.fields.fail(("subject",), f"no contact watches a {generator.opening} of {subject}")

        elif generator.kind is FaultKind.PASSED_BACK and not has_both_sides(self.registry, subject):
            self.fields.fail(("subject",), f"{subject} has no readers on both sides: nobody can tell who came out")

    def _end(self, start: datetime, end: datetime | None, days: int | None, mended: datetime | None) -> datetime | None:
        if days is not None and days <= 0:
            self.fields.fail(("days",), f"{days} is no number of days; write 1 or more")
        if days is not None and end is not None:
            self.fields.fail(("days",), "stands beside end; keep one of them")
        over = start + timedelta(days=days) if days is not None and days > 0 else end
        for name, moment in (("end", over), ("mended", mended)):
            if moment is not None and moment <= start:
                self.fields.fail((name,), f"{name} does not lie after start")
        return over

    def _severity(self, kind: Written, written: float | None) -> float:
        if kind is Written.CONFOUNDER:
            return NEAR_MISS_SEVERITY
        severity = written if written is not None else FAULT_SEVERITY if kind is Written.FAULT else NEAR_MISS_SEVERITY
        if kind is Written.FAULT and not 1 < severity <= MOST_SEVERE:
            reason = f"a fault's severity lies above 1 and up to {MOST_SEVERE:g}; below 1 it is a near_miss"
            self.fields.fail(("severity",), reason)
        if kind is Written.NEAR_MISS and not 0 < severity < 1:
            self.fields.fail(("severity",), "a near miss has a severity between 0 and 1; above 1 it is a fault")
        return severity


def _rule(text: str) -> str:
    rule = text.upper()
    if rule not in CATALOGUE:
        msg = f"{text!r} is no rule of the catalogue; write one such as E03"
        raise ValueError(msg)
    return rule


def _moment(zone: ZoneInfo) -> Callable[[str], datetime]:
    def parse(text: str) -> datetime:
        try:
            return local_time(text, zone)
        except ValueError as exc:
            msg = f"{text!r} is no date; write it like 2026-01-05, or 2026-01-05T08:30"
            raise ValueError(msg) from exc

    return parse


def _contradictions(entries: Sequence[_Entry]) -> Iterator[DocumentFault]:
    """Yield the entries that would break one thing in two ways at once."""
    for one, other in combinations(entries, 2):
        same = (one.fault.kind, one.fault.subject) == (other.fault.kind, other.fault.subject)
        if same and _overlap(one.fault, other.fault):
            reason = (
                f"fault {_number(other.path)}: {other.fault.kind} of "
                f"{other.fault.subject} is there already at that time by fault {_number(one.path)}; separate their days"
            )
            yield DocumentFault(path=other.path, reason=reason, other=one.path)


def _number(path: NodePath) -> int:
    return path[0] + 1 if isinstance(path[0], int) else 0


def _overlap(one: Fault, other: Fault) -> bool:
    (start, end), (other_start, other_end) = with_length(one).span, with_length(other).span
    return start < other_end and other_start < end
