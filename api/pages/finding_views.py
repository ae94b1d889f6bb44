"""Findings as pages show them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from analytics.ledger import FindingRecord
from api.pages.desk import GRAVITY, Desk
from api.pages.views import Fact, FindingView, ItemLink, Moment
from api.privacy import reads_registry_alone
from rectification.model import ENDED_STATES, Item
from sensors.actors import Permission
from sensors.catalogue import CATALOGUE

SHOWN = 500
Show = Literal["open", "ended", "judged"]


def findings(desk: Desk, show: Show) -> Sequence[FindingView]:
    """Return findings that are `open`, `ended`, or `judged` by a person; the gravest first, ended ones the newest."""
    items = {item.id: item for item in desk.tx.items(limit=SHOWN)}
    found = visible(desk, desk.tx.findings(open_only=show == "open", limit=SHOWN))
    views = [finding_view(desk, record, items) for record in found if _shows(desk, record, show)]
    if show == "open":
        # By what is shown: the place of a personal room among the others would tell its figure.
        views.sort(key=lambda view: (GRAVITY[view.severity], -(view.energy_kwh or 0.0)))
    return views


def _shows(desk: Desk, record: FindingRecord, show: Show) -> bool:
    put_aside = record.is_put_aside(desk.now)
    return {"open": not put_aside, "ended": record.ended is not None, "judged": put_aside}[show]


def standing_findings(desk: Desk) -> Sequence[FindingRecord]:
    """Return the findings that have not ended and that nobody has put aside."""
    return [record for record in visible(desk, desk.tx.open_findings()) if not record.is_put_aside(desk.now)]


def visible(desk: Desk, records: Iterable[FindingRecord]) -> Sequence[FindingRecord]:
    """Return the findings that may be shown: none about a restricted room."""
    return [record for record in records if not any(room.restricted for room in desk.wording.rooms_of(record.subject))]


def finding_view(desk: Desk, record: FindingRecord, items: Mapping[str, Item]) -> FindingView:
    """Return one finding. Of a personal room it tells that there is one, not when people were there."""
    wording, spec = desk.wording, CATALOGUE.get(record.rule)
    is_personal = wording.is_personal(record.subject) and not reads_registry_alone(record.rule)
    item = items.get(record.item_id or "")
    return FindingView(
        id=record.id,
        rule=record.rule,
        title=wording.rule(record.rule),
        formula=spec.formula.in_language(wording.language) if spec else "",
        subject=wording.subject(record.subject),
        subject_url=wording.url(record.subject),
        severity=record.severity,
        since=_moment(desk, record.started, is_personal=is_personal),
        ended=None if record.ended is None else _moment(desk, record.ended, is_personal=is_personal),
        is_personal=is_personal,
        value="" if is_personal else wording.value(record.value, record.unit),
        threshold="" if is_personal else wording.value(record.threshold, record.unit),
        sources=wording.sources(spec) if spec else (),
        evidence=_evidence(desk, record, is_personal=is_personal),
        energy="" if is_personal else wording.value(record.energy_kwh, "kWh"),
        energy_number="" if is_personal else desk.messages.number(record.energy_kwh),
        energy_kwh=None if is_personal else record.energy_kwh,
        measure=wording.measure(record.rule),
        judged=_judged(desk, record),
        item=None if item is None else item_link(desk, item),
        can_propose=_can_propose(desk, record, item),
        can_judge=record.ended is None and desk.actor.may(Permission.JUDGE_FINDING),
    )


def item_link(desk: Desk, item: Item) -> ItemLink:
    """Return a short mention of an item."""
    state_text = desk.messages.text(f"item.state.{item.state}")
    return ItemLink(id=item.id, number=item.number, state=item.state, state_text=state_text)


def _moment(desk: Desk, time: datetime, *, is_personal: bool) -> Moment:
    """Return a time, to the day where the hour would tell when somebody was there."""
    if not is_personal:
        return desk.wording.moment(time)
    midnight = time.astimezone(desk.messages.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    text = desk.messages.day(midnight.date())
    return Moment(text=text, ago=desk.messages.ago(midnight, desk.now), iso=midnight.date().isoformat())


def _evidence(desk: Desk, record: FindingRecord, *, is_personal: bool) -> Sequence[Fact]:
    return [] if is_personal else desk.wording.evidence(record.evidence)


def _judged(desk: Desk, record: FindingRecord) -> str:
    if record.judged is None or not record.is_put_aside(desk.now):
        return ""
    return desk.messages.text(f"finding.judged_{record.judged}", who=desk.wording.who(record.judged_by))


def _can_propose(desk: Desk, record: FindingRecord, item: Item | None) -> bool:
    has_open_item = item is not None and item.state not in ENDED_STATES
    is_standing = record.ended is None and not record.is_put_aside(desk.now)
    return is_standing and not has_open_item and desk.actor.may(Permission.MANAGE_ITEM)
