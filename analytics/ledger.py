"""The ledger of faults: when each began, whether it still stands, what it cost, and what a person says of it.

A run of the analysis only tells how things look; the ledger turns that into periods, one row for each time a rule
found fault with a subject, open until the rule passes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from analytics.edges import Edges, FaultKey, edges, standing
from sensors.actors import Actor, Permission, system_actor
from sensors.catalogue import CATALOGUE
from sensors.clock import Clock
from sensors.ids import new_id
from sensors.readings import epoch_ms
from sensors.subjects import Subject
from sensors.topology import SiteId
from sensors.verdicts import Evidence, Finding, Severity, Verdict

ANALYSIS = system_actor("analysis")
"""Who opens, follows and ends findings."""


class Judgement(StrEnum):
    """What a person says of a finding: it is wrong, or it is right and put up with."""

    FALSE = "false"
    ACCEPTED = "accepted"


class FindingAction(StrEnum):
    """What happens to a finding. SEEN comes with every run and says only that the fault still stands."""

    OPEN = "open"
    SEEN = "seen"
    END = "end"
    JUDGE = "judge"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRecord:
    """One period in which a rule found fault with a subject: [started, ended), open while `ended` is None.

    `last_seen` is the end of the newest verdict that was a fault, `value` what that verdict measured, in `unit`.
    `energy_kwh` is what the whole period cost so far. `judged_until` ends an acceptance, None is for good.
    """

    id: str
    site: SiteId
    rule: str
    subject: Subject
    severity: Severity
    started: datetime
    last_seen: datetime
    ended: datetime | None = None
    value: float | None = None
    threshold: float | None = None
    unit: str = ""
    energy_kwh: float | None = None
    evidence: Evidence = field(default_factory=dict)
    item_id: str | None = None
    judged: Judgement | None = None
    judged_by: str | None = None
    judged_at: datetime | None = None
    judged_until: datetime | None = None

    def __post_init__(self) -> None:
        """Close the evidence against change."""
        object.__setattr__(self, "evidence", MappingProxyType(dict(self.evidence)))

    @property
    def key(self) -> FaultKey:
        """Return the rule and the subject."""
        return self.rule, self.subject

    def is_put_aside(self, now: datetime) -> bool:
        """Say whether a person has judged it false, or accepted it for a time that is not over."""
        if self.judged is None:
            return False
        return self.judged_until is None or now < self.judged_until


class FindingTransaction(Protocol):
    """One transaction over findings; what it does is durable together or not at all.

    Every write also adds a row to `changes`, and to the audit log unless the action is SEEN.
    """

    def finding(self, finding_id: str) -> FindingRecord | None:
        """Return a finding."""
        ...

    def open_findings(self) -> Sequence[FindingRecord]:
        """Return all findings that have not ended: at most one of a rule and subject."""
        ...

    def findings(self, *, open_only: bool = False, limit: int = 500) -> Sequence[FindingRecord]:
        """Return findings, those that began last first."""
        ...

    def findings_about(self, rule: str, subject: Subject) -> Sequence[FindingRecord]:
        """Return all findings of this rule about this subject, those that began last first."""
        ...

    def save_finding(self, record: FindingRecord, *, action: FindingAction, actor_id: str) -> None:
        """Insert or update a finding by its id."""
        ...


QUIET_FOR: Mapping[str, timedelta] = MappingProxyType({"A01": timedelta(days=3), "E05": timedelta(days=7)})
"""How long a rule that tells of spells must be quiet until its fault is over; between two spells it stands.

Other rules give a verdict for each day and carry their own hold time. The project's own choice.
"""


class UnknownFindingError(LookupError):
    """No finding has this id."""

    def __init__(self, finding_id: str) -> None:
        """Name the id."""
        super().__init__(f"no finding {finding_id!r}; look at the list of findings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a run changed: the findings that began, those that still stand, and those that ended."""

    new: tuple[FindingRecord, ...] = ()
    still: tuple[FindingRecord, ...] = ()
    ended: tuple[FindingRecord, ...] = ()

    @property
    def edges(self) -> Edges:
        """Return the same by rule and subject."""
        return Edges(
            new=frozenset(record.key for record in self.new),
            still=frozenset(record.key for record in self.still),
            ended=frozenset(record.key for record in self.ended),
        )


def record_run(tx: FindingTransaction, findings: Iterable[Finding], *, site: SiteId, at: datetime) -> Recorded:
    """Return what a run's verdicts changed in the ledger; the same run again changes nothing but `still`.

    `at` is the instant up to which the run judged. Only a pass, or a rule that no longer applies, ends a fault.
    """
    open_before = {record.key: record for record in tx.open_findings() if record.site == site}
    told = _by_key(findings)
    verdicts = standing(
        finding for key, each in told.items() for finding in each if _counts(finding, open_before.get(key), at)
    )
    changed = edges(open_before, verdicts)
    return Recorded(
        new=tuple(_open(tx, told[key], site=site, at=at) for key in sorted(changed.new)),
        still=tuple(_follow(tx, open_before[key], told[key]) for key in sorted(changed.still)),
        ended=tuple(_end(tx, open_before[key], told[key], at=at) for key in sorted(changed.ended)),
    )


def stale(records: Iterable[FindingRecord], *, at: datetime) -> tuple[FindingRecord, ...]:
    """Return the open findings of rules that tell of spells which were quiet for long enough to ask if it is over."""
    return tuple(
        record
        for record in records
        if record.ended is None and record.rule in QUIET_FOR and at - record.last_seen >= QUIET_FOR[record.rule]
    )


def judge(
    tx: FindingTransaction,
    finding_id: str,
    judgement: Judgement | None,
    *,
    actor: Actor,
    clock: Clock,
    until: datetime | None = None,
) -> FindingRecord:
    """Return the finding as the actor judges it; None takes a judgement back.

    Raises NotPermittedError, UnknownFindingError.
    """
    actor.must(Permission.JUDGE_FINDING)
    record = _existing(tx, finding_id)
    judged = replace(
        record,
        judged=judgement,
        judged_by=actor.id if judgement else None,
        judged_at=clock.now() if judgement else None,
        judged_until=until if judgement is Judgement.ACCEPTED else None,
    )
    tx.save_finding(judged, action=FindingAction.JUDGE, actor_id=actor.id)
    return judged


def link(tx: FindingTransaction, finding_id: str, item_id: str, *, actor: Actor) -> FindingRecord:
    """Return the finding tied to the item that is to mend it. Raises NotPermittedError, UnknownFindingError."""
    actor.must(Permission.MANAGE_ITEM)
    linked = replace(_existing(tx, finding_id), item_id=item_id)
    tx.save_finding(linked, action=FindingAction.LINK, actor_id=actor.id)
    return linked


def _existing(tx: FindingTransaction, finding_id: str) -> FindingRecord:
    record = tx.finding(finding_id)
    if record is None:
        raise UnknownFindingError(finding_id)
    return record


def _by_key(findings: Iterable[Finding]) -> dict[FaultKey, list[Finding]]:
    told: dict[FaultKey, list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: (finding.end, finding.start)):
        told.setdefault((finding.rule, finding.subject), []).append(finding)
    return told


def _counts(finding: Finding, before: FindingRecord | None, at: datetime) -> bool:
    """Say whether a verdict is about now: a spell long past is not, nor is a quiet day between two spells."""
    quiet_for = QUIET_FOR.get(finding.rule)
    if quiet_for is None:
        return True
    if finding.verdict is Verdict.FAULT:
        return at - finding.end < quiet_for
    if finding.verdict is Verdict.PASS and before is not None:
        return finding.end - max(finding.start, before.last_seen) >= quiet_for
    return True


def _open(tx: FindingTransaction, told: Sequence[Finding], *, site: SiteId, at: datetime) -> FindingRecord:
    faults = _last_period(told)
    latest = faults[-1]
    before = [record.ended for record in tx.findings_about(latest.rule, latest.subject) if record.ended is not None]
    record = FindingRecord(
        id=new_id(epoch_ms(at)),
        site=site,
        rule=latest.rule,
        subject=latest.subject,
        severity=_severity(latest),
        started=min(latest.end, max([faults[0].start, *before])),
        last_seen=latest.end,
        value=latest.value,
        threshold=latest.threshold,
        unit=latest.unit,
        energy_kwh=_sum(finding.energy_kwh for finding in faults),
        evidence=latest.evidence,
    )
    tx.save_finding(record, action=FindingAction.OPEN, actor_id=ANALYSIS.id)
    return record


def _follow(tx: FindingTransaction, record: FindingRecord, told: Sequence[Finding]) -> FindingRecord:
    faults = [finding for finding in told if finding.verdict is Verdict.FAULT and finding.end > record.started]
    if not faults or faults[-1].end < record.last_seen:
        return record
    latest = faults[-1]
    followed = replace(
        record,
        severity=_severity(latest),
        last_seen=latest.end,
        value=latest.value,
        threshold=latest.threshold,
        unit=latest.unit,
        energy_kwh=_energy(record, faults),
        evidence=latest.evidence,
    )
    if followed != record:
        tx.save_finding(followed, action=FindingAction.SEEN, actor_id=ANALYSIS.id)
    return followed


def _end(tx: FindingTransaction, record: FindingRecord, told: Sequence[Finding], *, at: datetime) -> FindingRecord:
    ended = replace(record, ended=max(record.last_seen, min(told[-1].start, at)))
    tx.save_finding(ended, action=FindingAction.END, actor_id=ANALYSIS.id)
    return ended


def _last_period(told: Sequence[Finding]) -> list[Finding]:
    """Return the faults at the end of what was told, back to where something else was said or it was quiet."""
    period: list[Finding] = []
    for finding in reversed(told):
        if finding.verdict is not Verdict.FAULT:
            if period:
                break
            continue
        quiet_for = QUIET_FOR.get(finding.rule, timedelta(0))
        if period and period[0].start - finding.end > quiet_for:
            break
        period.insert(0, finding)
    return period


def _energy(record: FindingRecord, faults: Sequence[Finding]) -> float | None:
    """Return the cost of the whole period: what the run says where it saw all of it, else what is new added on.

    A run that began after the period adds the share of its findings that lies behind what was known.
    """
    told = _sum(finding.energy_kwh for finding in faults)
    if told is None or record.energy_kwh is None or faults[0].start <= record.started:
        return told if told is not None else record.energy_kwh
    return record.energy_kwh + sum((each.energy_kwh or 0.0) * _share_after(each, record.last_seen) for each in faults)


def _share_after(finding: Finding, instant: datetime) -> float:
    length = finding.end - finding.start
    return max(timedelta(0), finding.end - max(finding.start, instant)) / length if length else 0.0


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _severity(finding: Finding) -> Severity:
    return finding.severity or CATALOGUE[finding.rule].severity
