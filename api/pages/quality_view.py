"""The quality of alarms as its page shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from alerts.policy import EVERYBODY
from alerts.precision import RulePrecision
from alerts.quality import Chatter, Episode, Quality
from api.pages.desk import Desk
from api.pages.response_views import CHANNELS, channel_name
from api.pages.views import Moment
from sensors.catalogue import CATALOGUE
from sensors.verdicts import Severity

RECOMMENDED_PCT: Mapping[Severity, int] = MappingProxyType({Severity.RED: 5, Severity.ORANGE: 15})
"""How many of all alarms should be so grave, in percent. Source: ISA-18.2."""
MILD_PCT = 100 - sum(RECOMMENDED_PCT.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityRow:
    """How many alarms were of one severity."""

    severity: Severity
    count: int
    share: str
    recommended: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRow:
    """What one contact was told."""

    who: str
    told: int
    fullest: int
    is_flood: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatterRow:
    """A point that came again and again."""

    subject: str
    start: Moment
    end: Moment
    peak: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleRow:
    """An alert that stands too long."""

    subject: str
    severity: Severity
    since: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionRow:
    """How often a rule was right by people's word; `precision` is empty where nobody said anything."""

    rule: str
    told: int
    right: int
    false: int
    precision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityPage:
    """The page; means are empty where nothing was acknowledged or ended."""

    first: str
    last: str
    today: str
    alarms: int
    acknowledge: str
    clear: str
    severities: Sequence[SeverityRow]
    loads: Sequence[LoadRow]
    chattering: Sequence[ChatterRow]
    stale: Sequence[StaleRow]
    rules: Sequence[PrecisionRow]


def quality_page(desk: Desk, found: Quality, rules: Sequence[RulePrecision], days: tuple[date, date]) -> QualityPage:
    """Return the quality of some days in words."""
    loads = sorted(found.loads.items(), key=lambda each: (-each[1].fullest, -each[1].told, each[0]))
    return QualityPage(
        first=days[0].isoformat(),
        last=days[1].isoformat(),
        today=desk.wording.today().isoformat(),
        alarms=found.alarms,
        acknowledge=_span(desk, found.mean_acknowledge),
        clear=_span(desk, found.mean_clear),
        severities=[_severity(desk, found, severity) for severity in Severity],
        loads=[
            LoadRow(who=_who(desk, who), told=load.told, fullest=load.fullest, is_flood=load.is_flood)
            for who, load in loads
        ],
        chattering=[_chatter(desk, each) for each in found.chattering],
        stale=[_stale(desk, each) for each in found.stale],
        rules=[_precision(desk, each) for each in rules],
    )


def _precision(desk: Desk, found: RulePrecision) -> PrecisionRow:
    share = "" if found.precision_pct is None else f"{found.precision_pct:.0f} %"
    own = desk.messages.text("quality.of_ourselves")
    name = f"{found.rule} {desk.wording.rule(found.rule)}" if found.rule in CATALOGUE else own
    return PrecisionRow(rule=name, told=found.told, right=found.right, false=found.false, precision=share)


def _severity(desk: Desk, found: Quality, severity: Severity) -> SeverityRow:
    count = found.by_severity.get(severity, 0)
    share = f"{100 * count / found.alarms:.0f} %" if found.alarms else ""
    own = RECOMMENDED_PCT.get(severity)
    recommended = desk.messages.text("quality.mild", share=MILD_PCT) if own is None else f"{own} %"
    return SeverityRow(severity=severity, count=count, share=share, recommended=recommended)


def _who(desk: Desk, who: str) -> str:
    """Return a contact by the name that the site gave it, or the channel that told everybody."""
    kind = who.partition(":")[0]
    if kind not in CHANNELS:
        return who
    return f"{desk.messages.text(f'calls.why.{EVERYBODY}')} · {channel_name(desk, who)}"


def _chatter(desk: Desk, chatter: Chatter) -> ChatterRow:
    exact = desk.wording.exact
    subject = desk.wording.subject(chatter.subject)
    return ChatterRow(subject=subject, start=exact(chatter.start), end=exact(chatter.end), peak=chatter.peak)


def _stale(desk: Desk, episode: Episode) -> StaleRow:
    return StaleRow(
        subject=desk.wording.subject(episode.subject),
        severity=episode.severity,
        since=desk.wording.exact(episode.raised),
    )


def _span(desk: Desk, span: timedelta | None) -> str:
    """Return a length of time in the unit that fits it; empty where there is none."""
    if span is None:
        return ""
    seconds = span.total_seconds()
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{desk.messages.number(seconds / length)} {unit}"
    return f"{seconds:.0f} s"
