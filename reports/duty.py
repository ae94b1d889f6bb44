"""The duty sheet (值班记录表) as a paper in one language."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.commands import facts_of
from alerts.logs.sheet import DutySheet, SheetAlarm
from reports.messages import Language, Messages
from reports.paper import Column, Paper, PaperTable
from sensors.logs import DutyEntry, DutyKind, IsolationAction, KeptIsolation
from sensors.subjects import Subject
from sensors.topology import DeviceId, Registry
from sensors.verdicts import Verdict

Namer = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    """One sheet being put into words; `who` names accounts."""

    sheet: DutySheet
    registry: Registry
    messages: Messages
    who: Namer
    now: datetime

    def text(self, key: str, **parameters: object) -> str:
        return self.messages.text(key, **parameters)

    def clock(self, time: datetime | None) -> str:
        """Return a time of the sheet's day as HH:MM, with its date where it lies on another."""
        if time is None:
            return self.text("duty.none")
        local = time.astimezone(self.messages.zone)
        return f"{local:%H:%M}" if local.date() == self.sheet.day else f"{local:%m-%d %H:%M}"

    def people(self, names: tuple[str, ...]) -> str:
        return self.text("duty.separator").join(names) or self.text("duty.nobody")

    def place(self, subject: Subject, zone: str) -> str:
        device = self.registry.devices.get(DeviceId(subject.id))
        named = subject.id if device is None else device.id
        return f"{named} {zone}".strip()


def duty_paper(sheet: DutySheet, *, registry: Registry, language: Language, who: Namer, now: datetime) -> Paper:
    """Return the paper of a day; `who` gives the name of an account."""
    messages = Messages(language, ZoneInfo(registry.site.timezone))
    own = _Sheet(sheet=sheet, registry=registry, messages=messages, who=who, now=now)
    return Paper(
        language=language,
        title=own.text("duty.title"),
        facts=(
            (own.text("duty.site"), registry.site.name.in_language(language)),
            (own.text("duty.day"), sheet.day.isoformat()),
            (own.text("duty.first_shift"), own.people(sheet.on_duty)),
            (own.text("duty.printed"), f"{now.astimezone(messages.zone):%Y-%m-%d %H:%M}"),
        ),
        tables=(_shifts(own), _rounds(own), _alarms(own), _isolations(own)),
        remarks=(_judged(own), own.text("duty.remark")),
        signatures=(own.text("duty.sign_leaving"), own.text("duty.sign_coming"), own.text("duty.sign_head")),
    )


def _columns(own: _Sheet, *heads: tuple[str, int]) -> list[Column]:
    return [Column(head=own.text(head), width_pct=width) for head, width in heads]


def _shifts(own: _Sheet) -> PaperTable:
    changes = [each for each in own.sheet.entries if each.kind is DutyKind.HAND_OVER]
    return PaperTable(
        title=own.text("duty.shifts"),
        columns=_columns(own, ("duty.time", 12), ("duty.leaving", 22), ("duty.coming", 22), ("duty.stands", 44)),
        rows=[
            (own.clock(each.at), own.people(each.present), own.people(each.relief), _noted(own, each))
            for each in changes
        ],
        empty=own.text("duty.no_shifts"),
    )


def _rounds(own: _Sheet) -> PaperTable:
    rounds = [each for each in own.sheet.entries if each.kind is DutyKind.ROUND]
    panel = {True: own.text("duty.panel_normal"), False: own.text("duty.panel_abnormal"), None: own.text("duty.none")}
    return PaperTable(
        title=own.text("duty.rounds"),
        columns=_columns(
            own, ("duty.time", 12), ("duty.present", 24), ("duty.panel", 12), ("duty.seen", 38), ("duty.writer", 14)
        ),
        rows=[
            (
                own.clock(each.at),
                own.people(each.present),
                panel[each.panel_normal],
                _noted(own, each),
                own.who(each.entered_by),
            )
            for each in rounds
        ],
        empty=own.text("duty.no_rounds"),
    )


def _noted(own: _Sheet, entry: DutyEntry) -> str:
    """Return what was written, with marks where it was written afterwards or corrects another entry."""
    marks = [own.text("duty.late", time=own.clock(entry.entered))] if entry.is_late else []
    marks += [own.text("duty.corrects")] if entry.corrects else []
    return " ".join((entry.note or own.text("duty.none"), *marks))


def _alarms(own: _Sheet) -> PaperTable:
    return PaperTable(
        title=own.text("duty.alarms"),
        columns=_columns(
            own, ("duty.time", 12), ("duty.what", 16), ("duty.place", 22), ("duty.acknowledged", 12), ("duty.found", 38)
        ),
        rows=[
            (
                own.clock(each.alert.onset),
                _what(own, each),
                own.place(each.alert.subject, each.alert.zone),
                own.clock(each.acknowledged),
                _found(own, each),
            )
            for each in own.sheet.alarms
        ],
        empty=own.text("duty.no_alarms"),
    )


def _what(own: _Sheet, alarm: SheetAlarm) -> str:
    facts = facts_of(alarm.alert)
    return alarm.alert.rule if facts is None else facts.name.in_language(own.messages.language)


def _found(own: _Sheet, alarm: SheetAlarm) -> str:
    check = alarm.check
    if check is None:
        return own.text("duty.not_verified")
    truths = {
        "real": own.text("duty.truth_real"),
        "false": own.text("duty.truth_false"),
        "test": own.text("duty.truth_test"),
    }
    return f"{own.clock(check.at)} {check.by} {truths[check.truth]} {check.note}".strip()


def _isolations(own: _Sheet) -> PaperTable:
    return PaperTable(
        title=own.text("duty.isolations"),
        columns=_columns(
            own,
            ("duty.place", 22),
            ("duty.reason", 24),
            ("duty.from", 13),
            ("duty.until", 13),
            ("duty.approved_by", 14),
            ("duty.ended", 14),
        ),
        rows=[_isolation(own, each) for each in own.sheet.isolations],
        empty=own.text("duty.no_isolations"),
    )


def _isolation(own: _Sheet, kept: KeptIsolation) -> tuple[str, ...]:
    approved, ended = kept.step(IsolationAction.APPROVE), kept.step(IsolationAction.END)
    return (
        own.place(kept.isolation.subject, kept.isolation.zone),
        kept.isolation.reason,
        own.clock(kept.isolation.starts),
        own.clock(kept.planned_end),
        own.text("duty.not_approved") if approved is None else own.who(approved.actor_id),
        own.text("duty.not_ended") if ended is None else own.clock(ended.at),
    )


def _judged(own: _Sheet) -> str:
    """Return what the log itself shows of the duty: the longest gap, or too few people."""
    judged = own.sheet.judged
    if own.now < own.sheet.end:
        return own.text("duty.judged_open")
    if judged.verdict is Verdict.INSUFFICIENT_DATA:
        return own.text("duty.judged_unknown")
    if judged.verdict is Verdict.PASS:
        return own.text("duty.judged_pass")
    key = "duty.judged_gap" if judged.unit == "h" else "duty.judged_staff"
    return own.text(key, value=own.messages.number(judged.value, 0 if judged.unit != "h" else 1))
