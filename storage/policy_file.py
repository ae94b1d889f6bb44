"""The alert policy as a file, `alerts.yaml`: read whole, checked whole, every fault with its line."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from alerts.engine_rules import EngineRules, Flapping, Grouping, Inhibition, QuietHours
from alerts.escalation import cycle
from alerts.matching import Matcher
from alerts.policy import (
    ALL_DAYS,
    EVERYBODY,
    RESPONSE,
    Absence,
    Contact,
    DatedShift,
    Escalation,
    Lapse,
    PlannedTest,
    Policy,
    ResponseTimes,
    Roster,
    Route,
    Rung,
    Shift,
)
from alerts.rosters import first_hole
from sensors.alarms import Alarm, AlarmKind
from sensors.documents import (
    MAX_BYTES,
    DocumentFault,
    DocumentSyntaxError,
    MapNode,
    Place,
    parse_document,
)
from sensors.errors import InputFault
from sensors.fields import Fields, flag, local_date, one_among, one_of, whole, words
from sensors.hours import MINUTES_A_DAY
from sensors.verdicts import Severity
from storage.policy_words import WEEKDAYS, day_hours, lapse, shift_hours, span, time_of_day, weekdays
from storage.registry_file import decoded, fault_lines, placed_faults

K = TypeVar("K", Alarm, Severity)

VERSION = "1"


class PolicyFaultsError(InputFault):
    """A policy that cannot be used: one line per fault, `FILE:LINE:COLUMN: what, and what to do`."""

    def __init__(self, path: Path, faults: Iterable[DocumentFault]) -> None:
        """Keep the faults beside their text."""
        self.faults = tuple(faults)
        super().__init__("\n".join(fault_lines(path, self.faults)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a policy stands on: the channels of the settings by their names, and the site's time zone."""

    channels: tuple[str, ...]
    timezone: str


def load_policy(path: Path, ground: Ground) -> Policy:
    """Return the checked policy. Raises PolicyFaultsError with every fault, InputFault where the file is not read."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as exc:
        msg = f"{path}: the alert policy cannot be read: {exc.strerror}; mend who may read it, or take it away"
        raise InputFault(msg) from exc
    policy, faults = parse_policy(content, ground)
    if policy is None:
        raise PolicyFaultsError(path, faults)
    return policy


def parse_policy(content: bytes, ground: Ground) -> tuple[Policy | None, list[DocumentFault]]:
    """Return the policy of a file's bytes, or None with every fault in the file's order."""
    try:
        document = parse_document(decoded(content))
    except DocumentSyntaxError as exc:
        return None, [DocumentFault(path=(), reason=exc.reason, place=exc.place)]
    root = document.root
    if not isinstance(root, MapNode):
        reason = "must be a mapping that begins with `version: 1`"
        return None, [DocumentFault(path=(), reason=reason, place=Place(1, 1))]
    faults = list(document.faults)
    policy = _Reader(root, ground, faults).policy()
    return (None, placed_faults(root, faults)) if faults else (policy, [])


class _Reader:
    """Reads one file; names are looked up among the keys that stand in it."""

    def __init__(self, root: MapNode, ground: Ground, faults: list[DocumentFault]) -> None:
        self._root = Fields(root, (), faults, "")
        self._ground = ground
        self._contacts = _keys(root, "contacts")
        self._rosters = _keys(root, "rosters")
        self._contact = one_among((*self._contacts, EVERYBODY), "contact")
        self._target = one_among((*self._contacts, *self._rosters, EVERYBODY), "contact or roster")
        self._escalation = one_among(_keys(root, "escalations"), "escalation")

    def policy(self) -> Policy:
        root = self._root
        root.required("version", _version, VERSION)
        for name in sorted(set(self._contacts) & set(self._rosters)):
            root.fail(("rosters", name), f"{name!r} is a contact too; give one of them another name")
        contacts = {name: self._channels(name, fields) for name, fields in _entries(root, "contacts", "contact")}
        rosters = {name: self._roster(name, fields) for name, fields in _entries(root, "rosters", "roster")}
        escalations = {name: self._levels(name, each) for name, each in _entries(root, "escalations", "escalation")}
        loop = cycle(escalations)
        if loop:
            root.fail(("escalations", loop[0]), f"escalation goes round in a loop: {' → '.join(loop)}; break it")
        policy = Policy(
            channels=self._ground.channels,
            timezone=self._ground.timezone,
            default_contact=root.optional("default_contact", self._target) or EVERYBODY,
            contacts=contacts,
            rosters=rosters,
            escalations=escalations,
            routes=tuple(self._route(fields) for _, fields in root.each("routes", "route")),
            response=_response(root),
            engine=self._engine(),
            findings=frozenset(root.many("findings", one_of(Severity))),
            tests=tuple(self._test(fields) for _, fields in root.each("tests", "test")),
        )
        root.finish()
        return policy

    def _channels(self, name: str, fields: Fields) -> Contact:
        labels = sorted({label for channel in self._ground.channels for label in labels_of(channel)})
        wanted = fields.many("channels", one_among(labels, "channel of premises.toml"))
        if not fields.has("channels"):
            fields.fail((), "has no channels; name one at least")
        found = [channel for label in wanted for channel in self._ground.channels if label in labels_of(channel)]
        return Contact(name=name, channels=tuple(dict.fromkeys(found)))

    def _roster(self, name: str, fields: Fields) -> Roster:
        shifts = tuple(self._shift(each) for _, each in fields.each("shifts", f"roster {name}: shift"))
        hole = first_hole(shifts)
        if hole is not None:
            fields.fail((), f"nobody is on duty from {_moment(hole[0])} to {_moment(hole[1])}; add a shift")
        return Roster(
            name=name,
            shifts=shifts,
            exceptions=tuple(self._dated(each) for _, each in fields.each("exceptions", f"roster {name}: exception")),
            absences=tuple(self._absence(each) for _, each in fields.each("absences", f"roster {name}: absence")),
        )

    def _shift(self, fields: Fields) -> Shift:
        start, minutes = fields.required("hours", shift_hours, (0, MINUTES_A_DAY))
        return Shift(
            weekdays=fields.optional("days", weekdays) or ALL_DAYS,
            start=start,
            minutes=minutes,
            contacts=self._on_duty(fields),
        )

    def _dated(self, fields: Fields) -> DatedShift:
        start, minutes = fields.optional("hours", shift_hours) or (0, MINUTES_A_DAY)
        first, last = _dates(fields)
        return DatedShift(first=first, last=last, start=start, minutes=minutes, contacts=self._on_duty(fields))

    def _absence(self, fields: Fields) -> Absence:
        contact = fields.required("contact", self._contact, "")
        first, last = _dates(fields)
        return Absence(contact=contact, first=first, last=last)

    def _on_duty(self, fields: Fields) -> tuple[str, ...]:
        contacts = fields.many("contacts", self._contact)
        if not fields.has("contacts"):
            fields.fail((), "has no contacts; name who is on duty")
        return contacts

    def _levels(self, name: str, fields: Fields) -> Escalation:
        rungs = tuple(self._rung(each) for _, each in fields.each("levels", f"escalation {name}: level"))
        if not rungs:
            fields.fail((), "has no levels; add one like {to: [NAME]}")
        every, times = timedelta(0), 0
        repeat = fields.nested("repeat", f"escalation {name}: repeat") if fields.has("repeat") else None
        if repeat is not None:
            every, times = repeat.required("every", span, every), repeat.required("times", whole, times)
            repeat.finish()
        return Escalation(name=name, rungs=rungs, every=every, times=times)

    def _rung(self, fields: Fields) -> Rung:
        to = fields.many("to", self._target)
        following = fields.optional("escalation", self._escalation) or ""
        if fields.has("to") == fields.has("escalation"):
            fields.fail((), "needs either `to` or `escalation`")
        return Rung(after=fields.optional("after", lapse) or Lapse(), to=to, escalation=following)

    def _route(self, fields: Fields) -> Route:
        return Route(
            matcher=_matcher(fields),
            escalation=fields.required("escalation", self._escalation, ""),
            weekdays=fields.optional("days", weekdays) or ALL_DAYS,
            hours=fields.optional("hours", day_hours) or (),
            workday=fields.optional("workday", flag),
        )

    def _engine(self) -> EngineRules:
        root = self._root
        inhibitions = tuple(_inhibition(each) for _, each in root.each("inhibitions", "inhibition"))
        rules = EngineRules(zone=ZoneInfo(self._ground.timezone), quiet=_quiet(root))
        if inhibitions:
            rules = replace(rules, inhibitions=(*rules.inhibitions, *inhibitions))
        if not root.has("engine"):
            return rules
        fields = root.nested("engine", "engine")
        return rules if fields is None else _engine_figures(fields, rules)

    def _test(self, fields: Fields) -> PlannedTest:
        return PlannedTest(
            name=fields.required("name", words, ""),
            to=fields.required("to", self._target, ""),
            at=fields.required("at", time_of_day, time(9)),
            weekdays=fields.optional("days", weekdays) or ALL_DAYS,
            confirm=fields.optional("confirm", span) or timedelta(minutes=15),
        )


def labels_of(channel: str) -> tuple[str, ...]:
    """Return the names that a channel goes by: its whole name, and the one that its owner gave it."""
    return (channel, *channel.split(":")[1:2])


def _version(text: str) -> str:
    if text != VERSION:
        msg = f"must be {VERSION}, not {text!r}"
        raise ValueError(msg)
    return text


def _keys(root: MapNode, name: str) -> tuple[str, ...]:
    node = root.entries.get(name)
    return tuple(node.entries) if isinstance(node, MapNode) else ()


def _entries(root: Fields, name: str, label: str) -> Iterable[tuple[str, Fields]]:
    return root.entries(name, label) if root.has(name) else ()


def _dates(fields: Fields) -> tuple[date, date]:
    first = fields.required("from", local_date, date.min)
    last = fields.optional("to", local_date) or first
    if last < first:
        fields.fail(("to",), "to lies before from; put them the other way round")
    return first, last


def _matcher(fields: Fields) -> Matcher:
    return Matcher(
        kinds=frozenset(fields.many("kinds", one_of(AlarmKind))),
        severities=frozenset(fields.many("severities", one_of(Severity))),
        rules=frozenset(fields.many("rules", words)),
        buildings=frozenset(fields.many("buildings", words)),
        gateways=frozenset(fields.many("gateways", words)),
        subjects=frozenset(fields.many("subjects", words)),
        zones=frozenset(fields.many("zones", words)),
    )


def _response(root: Fields) -> Mapping[Severity, ResponseTimes]:
    found = dict(RESPONSE)
    for name, fields in _entries(root, "response", "response"):
        if name not in Severity.__members__.values():
            fields.fail((), f"{name!r} is no colour; write red, orange, yellow or blue")
            continue
        usual = RESPONSE[Severity(name)]
        found[Severity(name)] = ResponseTimes(
            acknowledge=fields.optional("acknowledge", lapse) or usual.acknowledge,
            verify=fields.optional("verify", lapse) or usual.verify,
            repair=fields.optional("repair", lapse) or usual.repair,
        )
    return found


def _quiet(root: Fields) -> QuietHours | None:
    if not root.has("quiet_hours"):
        return None
    fields = root.nested("quiet_hours", "quiet_hours")
    if fields is None:
        return None
    severities = frozenset(fields.many("severities", one_of(Severity)))
    if Severity.RED in severities:
        fields.fail(("severities",), "red is never quiet; take it out")
    quiet = QuietHours(
        hours=fields.required("hours", day_hours, ()),
        weekdays=fields.optional("days", weekdays) or frozenset(),
    )
    fields.finish()
    return replace(quiet, severities=severities) if severities else quiet


def _inhibition(fields: Fields) -> Inhibition:
    name = fields.required("name", words, "")
    cause, effect = (fields.nested(each, f"inhibition {name}: {each}") for each in ("cause", "effect"))
    found = Inhibition(
        name=name,
        cause=Matcher() if cause is None else _matcher(cause),
        effect=Matcher() if effect is None else _matcher(effect),
    )
    for each, matcher, key in ((cause, found.cause, "cause"), (effect, found.effect, "effect")):
        if each is not None:
            each.finish()
            if matcher.asks_nothing:
                fields.fail((key,), f"{key} asks nothing, so everything matches; name kinds, rules or subjects")
    same = fields.many("same", words)
    return replace(found, same=same) if same else found


def _engine_figures(fields: Fields, rules: EngineRules) -> EngineRules:
    found = replace(
        rules,
        settle={**rules.settle, **_spans(fields, "settle", list(Alarm))},
        clear_after=_or(fields.optional("clear_after", span), rules.clear_after),
        clear_after_of=_spans(fields, "clear_after_of", list(Alarm)),
        flapping=_flapping(fields),
        grouping=_grouping(fields),
    )
    fields.finish()
    return found


def _flapping(fields: Fields) -> Flapping:
    usual = Flapping()
    inner = fields.nested("flapping", "engine: flapping") if fields.has("flapping") else None
    if inner is None:
        return usual
    found = Flapping(
        raises=inner.optional("raises", whole) or usual.raises,
        within=_or(inner.optional("within", span), usual.within),
        quiet=_or(inner.optional("quiet", span), usual.quiet),
    )
    inner.finish()
    return found


def _grouping(fields: Fields) -> Grouping:
    usual = Grouping()
    inner = fields.nested("grouping", "engine: grouping") if fields.has("grouping") else None
    if inner is None:
        return usual
    found = Grouping(
        by=inner.many("by", words) or usual.by,
        wait={**usual.wait, **_spans(inner, "wait", list(Severity))},
        interval={**usual.interval, **_spans(inner, "interval", list(Severity))},
        repeat=_or(inner.optional("repeat", span), usual.repeat),
    )
    inner.finish()
    return found


def _spans(fields: Fields, name: str, kinds: Sequence[K]) -> dict[K, timedelta]:
    inner = fields.nested(name, f"{fields.label}: {name}") if fields.has(name) else None
    if inner is None:
        return {}
    found = {kind: inner.optional(kind.value, span) for kind in kinds}
    inner.finish()
    return {kind: each for kind, each in found.items() if each is not None}


def _or(found: timedelta | None, usual: timedelta) -> timedelta:
    return usual if found is None else found


def _moment(minute: int) -> str:
    day, rest = divmod(minute, MINUTES_A_DAY)
    return "sun 24:00" if day >= len(WEEKDAYS) else f"{WEEKDAYS[day]} {rest // 60:02}:{rest % 60:02}"
