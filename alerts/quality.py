"""How good alarms are (G06): floods, points that chatter, alarms that stay, and how fast people answer. Pure.

Source of the limits: alarm practice of process plants, in the catalogue with its edition.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import fmean

from sensors.catalogue import CATALOGUE
from sensors.subjects import Subject, SubjectKind
from sensors.thresholds import CATALOGUED, OVERRIDDEN, LimitsOf
from sensors.topology import SiteId
from sensors.verdicts import Finding, Severity, Verdict

RULE = "G06"
MINUTE = timedelta(minutes=1)
FLOOD_WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One alert from its beginning; None where nobody has acknowledged it, or it is not over."""

    subject: Subject
    severity: Severity
    raised: datetime
    zone: str = ""
    acknowledged: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chatter:
    """A point that came again and again: `known` is when that could first be said, `peak` the most in one minute."""

    subject: Subject
    start: datetime
    end: datetime
    known: datetime
    peak: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one person was told: how much in all, how much within the fullest ten minutes, and how much may be."""

    told: int
    fullest: int
    most: int = int(CATALOGUE[RULE].parameter("flood_per_10_min"))

    @property
    def is_flood(self) -> bool:
        """Say whether that was more than a person can answer."""
        return self.fullest > self.most


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The alarms of [start, end). Means are None where nothing was acknowledged or ended."""

    start: datetime
    end: datetime
    alarms: int
    by_severity: Mapping[Severity, int]
    chattering: Sequence[Chatter]
    stale: Sequence[Episode]
    loads: Mapping[str, Load] = field(default_factory=dict)
    mean_acknowledge: timedelta | None = None
    mean_clear: timedelta | None = None
    limits: LimitsOf = CATALOGUED


def quality(
    episodes: Iterable[Episode],
    told: Mapping[str, Sequence[datetime]],
    *,
    start: datetime,
    end: datetime,
    site: SiteId,
    limits: LimitsOf = CATALOGUED,
) -> Quality:
    """Return how good the alarms of [start, end) were; `told` is when each person was told of something.

    `limits` are those of each subject; what one person may be told is the site's.
    """
    most = int(_flood_limit(limits, site))
    known = [each for each in episodes if each.raised < end]
    within = [each for each in known if start <= each.raised]
    return Quality(
        start=start,
        end=end,
        alarms=len(within),
        by_severity=Counter(each.severity for each in within),
        chattering=chattering(((each.subject, each.zone, each.raised) for each in within), limits),
        stale=[each for each in known if _stood(each, end) > timedelta(hours=_stale_h(limits, each.subject))],
        loads={person: _load([at for at in times if start <= at < end], most) for person, times in told.items()},
        limits=limits,
        mean_acknowledge=_mean(each.acknowledged - each.raised for each in within if each.acknowledged is not None),
        mean_clear=_mean(each.ended - each.raised for each in within if each.ended is not None),
    )


def chattering(onsets: Iterable[tuple[Subject, str, datetime]], limits: LimitsOf = CATALOGUED) -> list[Chatter]:
    """Return the points (subject and zone) that came so often in a minute, each spell once, in order."""
    points: defaultdict[tuple[Subject, str], list[datetime]] = defaultdict(list)
    for subject, zone, at in onsets:
        points[subject, zone].append(at)
    found = [
        chatter
        for (subject, _), times in points.items()
        for chatter in _spells(subject, sorted(times), int(limits.at(RULE, "chattering_per_min", subject)))
    ]
    return sorted(found, key=lambda each: (each.start, each.subject))


def findings(found: Quality, *, site: SiteId, heard: Collection[Subject]) -> list[Finding]:
    """Return the verdicts: of every subject that was heard of, and of the site as far as people were told.

    A subject with a fault of either kind is one finding, whatever its number of zones.
    """
    faults = _subject_faults(found)
    passed = [_verdict(found, subject, Verdict.PASS) for subject in sorted(set(heard) - set(faults))]
    return [*faults.values(), *passed, _flood(found, Subject(SubjectKind.SITE, site))]


def _subject_faults(found: Quality) -> dict[Subject, Finding]:
    worst: dict[Subject, Chatter] = {}
    for chatter in found.chattering:
        if chatter.subject not in worst or chatter.peak > worst[chatter.subject].peak:
            worst[chatter.subject] = chatter
    faults = {each.subject: _stale_fault(found, each) for each in found.stale}
    return faults | {subject: _chattering_fault(found, chatter) for subject, chatter in worst.items()}


def _chattering_fault(found: Quality, chatter: Chatter) -> Finding:
    return _verdict(found, chatter.subject, Verdict.FAULT, value=chatter.peak, threshold=chatter.limit, unit="1/min")


def _stale_fault(found: Quality, episode: Episode) -> Finding:
    hours = _stood(episode, found.end) / timedelta(hours=1)
    limit_h = _stale_h(found.limits, episode.subject)
    return _verdict(found, episode.subject, Verdict.FAULT, value=round(hours, 1), threshold=limit_h, unit="h")


def _flood(found: Quality, site: Subject) -> Finding:
    fullest = max((load.fullest for load in found.loads.values()), default=0)
    most = int(_flood_limit(found.limits, SiteId(site.id)))
    verdict = Verdict.FAULT if fullest > most else Verdict.PASS if found.loads else Verdict.NOT_APPLICABLE
    return _verdict(found, site, verdict, value=fullest, threshold=most, unit="alarms")


def _flood_limit(limits: LimitsOf, site: SiteId) -> float:
    return limits.at(RULE, "flood_per_10_min", Subject(SubjectKind.SITE, site))


def _stale_h(limits: LimitsOf, subject: Subject) -> float:
    return limits.at(RULE, "stale_h", subject)


def _verdict(
    found: Quality,
    subject: Subject,
    verdict: Verdict,
    *,
    value: float | None = None,
    threshold: float | None = None,
    unit: str = "",
) -> Finding:
    is_fault = verdict is Verdict.FAULT
    overridden = found.limits.told_at(RULE, subject) if is_fault else ""
    return Finding(
        rule=RULE,
        subject=subject,
        verdict=verdict,
        start=found.start,
        end=found.end,
        value=value,
        threshold=threshold,
        unit=unit,
        severity=CATALOGUE[RULE].severity if is_fault else None,
        evidence={OVERRIDDEN: overridden} if overridden else {},
    )


def _spells(subject: Subject, times: Sequence[datetime], limit: int) -> Iterator[Chatter]:
    """Yield each spell: onsets of which so many at a time lie within one minute, joined where they overlap."""
    spell: list[int] = []
    for last in range(limit - 1, len(times)):
        first = last - limit + 1
        if times[last] - times[first] >= MINUTE:
            continue
        if spell and first > spell[-1]:
            yield _chatter(subject, times[spell[0] : spell[-1] + 1], limit)
            spell = []
        spell += range(spell[-1] + 1 if spell else first, last + 1)
    if spell:
        yield _chatter(subject, times[spell[0] : spell[-1] + 1], limit)


def _chatter(subject: Subject, times: Sequence[datetime], limit: int) -> Chatter:
    return Chatter(
        subject=subject,
        start=times[0],
        end=times[-1],
        known=times[limit - 1],
        limit=limit,
        peak=_fullest(times, MINUTE),
    )


def _load(times: Sequence[datetime], most: int) -> Load:
    return Load(told=len(times), fullest=_fullest(sorted(times), FLOOD_WINDOW), most=most)


def _fullest(times: Sequence[datetime], window: timedelta) -> int:
    """Return the most of these instants, given in order, that lie within one window."""
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most


def _stood(episode: Episode, now: datetime) -> timedelta:
    """Return how long it has stood by now; nothing where it is over."""
    return timedelta() if episode.ended is not None and episode.ended <= now else now - episode.raised


def _mean(spans: Iterable[timedelta]) -> timedelta | None:
    seconds = [span.total_seconds() for span in spans]
    return timedelta(seconds=fmean(seconds)) if seconds else None
