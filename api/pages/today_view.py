"""The first page: what needs me now."""

from collections.abc import Sequence
from datetime import timedelta

from api.pages.alert_views import open_alerts
from api.pages.desk import Desk
from api.pages.finding_views import finding_view, standing_findings
from api.pages.item_views import rows, waits_for_me
from api.pages.room_views import rooms_now, underused
from api.pages.views import AlertView, FindingView, HealthView, ItemView, Line, TodayView
from api.ports import GatewayHealth, IngestHealth

SILENT_AFTER = timedelta(minutes=30)
"""How old the newest reading may be before the way in counts as disturbed. The project's own choice."""
SPOOL_IS_LONG = 50_000
"""How many readings may wait before it is worth telling. The project's own choice."""
FEW = 0.01
"""The share of messages in quarantine that is worth no warning. The project's own choice."""
ROWS = 6


def today(desk: Desk) -> TodayView:
    """Return the first page."""
    alerts, items = open_alerts(desk), desk.tx.items(open_only=True)
    views = rows(desk, items)
    overdue = [view for view in views if view.overdue]
    mine = [view for view, item in zip(views, items, strict=True) if waits_for_me(desk, item) and not view.overdue]
    mine.sort(key=lambda view: (view.state.value != "verified", view.number))
    rooms = [now for now in rooms_now(desk) if not desk.wording.registry.rooms[now.room].is_personal]
    waste = _waste(desk)
    return TodayView(
        date=desk.messages.day(desk.wording.today()),
        headline=_headline(desk, alerts, overdue, mine),
        alerts=alerts,
        overdue=overdue[:ROWS],
        waiting=mine[:ROWS],
        waste=waste[0] if waste else None,
        other_waste=waste[1:4],
        underused=underused(desk)[:ROWS],
        rooms_occupied=str(sum(now.occupied is True for now in rooms)),
        rooms_known=str(sum(now.occupied is not None for now in rooms)),
        open_findings=len(standing_findings(desk)),
        open_items=len(items),
        health=health(desk, desk.services.rooms.ingest_health()),
    )


def _headline(desk: Desk, alerts: Sequence[AlertView], overdue: Sequence[ItemView], mine: Sequence[ItemView]) -> str:
    """Return what waits for the reader in one sentence, the most urgent first."""
    ringing = sum(alert.is_ringing for alert in alerts)
    counted = (("today.ringing", ringing), ("today.overdue", len(overdue)), ("today.waiting", len(mine)))
    parts = [desk.messages.count(key, number) for key, number in counted if number]
    if not parts:
        return desk.messages.text("today.calm")
    return desk.messages.text("today.headline", what=desk.messages.joined(parts))


def _waste(desk: Desk) -> list[FindingView]:
    """Return the standing findings that cost energy, the dearest first."""
    views = [finding_view(desk, record, {}) for record in standing_findings(desk) if record.energy_kwh]
    shown = [view for view in views if view.energy_kwh]
    return sorted(shown, key=lambda view: view.energy_kwh or 0.0, reverse=True)


def health(desk: Desk, told: IngestHealth) -> HealthView:
    """Return how well readings come in, in one sentence and line by line."""
    last = told.last_reading
    is_silent = last is None or desk.now - last > SILENT_AFTER
    lines = [_spool_line(desk, told), *(_gateway_line(desk, gateway) for gateway in told.gateways)]
    if last is None:
        return HealthView(text=desk.messages.text("health.nothing"), good=False, lines=lines)
    good = told.ready and not is_silent and all(line.good for line in lines)
    key = "health.silent" if is_silent else "health.good" if good else "health.disturbed"
    return HealthView(text=desk.messages.text(key, ago=desk.messages.ago(last, desk.now)), good=good, lines=lines)


def _spool_line(desk: Desk, told: IngestHealth) -> Line:
    return Line(
        name=desk.messages.text("health.spool"),
        text=desk.messages.count("health.spooled", told.spooled),
        good=told.ready and told.spooled < SPOOL_IS_LONG,
    )


def _gateway_line(desk: Desk, gateway: GatewayHealth) -> Line:
    heard = gateway.last_received
    is_silent = heard is not None and desk.now - heard > SILENT_AFTER
    number = desk.messages.number
    text = desk.messages.text("health.accepted", accepted=number(gateway.accepted))
    if heard is not None:
        text += desk.messages.text("health.heard", ago=desk.messages.ago(heard, desk.now))
    if gateway.quarantined:
        text += desk.messages.count("health.quarantined", gateway.quarantined)
    return Line(
        name=gateway.gateway,
        text=text,
        good=gateway.quarantined <= gateway.received * FEW and not is_silent,
    )
