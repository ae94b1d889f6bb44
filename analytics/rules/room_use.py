"""S02 and S03: offices and meeting rooms that are used too little."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from analytics.frame import (
    CALENDAR,
    DayVerdicts,
    RunData,
    below,
    calendar_known,
    latched,
    not_applicable,
    quotient,
    room_subject,
    verdict,
)
from analytics.occupancy import OCCUPANCY_METRICS
from sensors.topology import Room, RoomCategory
from sensors.verdicts import Finding, Severity

FEATURES = ("work_known_h", "work_occupied_h")


@dataclass(frozen=True, slots=True)
class LowUse:
    """Occupied hours ÷ working hours over a moving window of days, for one sort of room.

    Only hours in which it is known whether someone was there enter the quotient.
    """

    rule: str
    concerns: Callable[[Room], bool]
    severity: Severity = Severity.BLUE

    def __call__(self, data: RunData) -> list[Finding]:
        """Return the verdict about each room concerned."""
        rooms = [room for room in data.registry.rooms.values() if self.concerns(room) and not room.restricted]
        subjects = {room_subject(room.id): room for room in rooms}
        sensed = {subject for subject in subjects if data.has_points(subject, OCCUPANCY_METRICS)}
        blind = [subject for subject in subjects if subject not in sensed]
        refused = [not_applicable(data, self.rule, subject, "|".join(OCCUPANCY_METRICS)) for subject in blind]
        return refused + self._words(data).findings(self._states(data, data.daily(sensed, FEATURES)), data)

    def _words(self, data: RunData) -> DayVerdicts:
        return DayVerdicts(
            rule=self.rule,
            threshold=data.thresholds.value(self.rule, "utilisation_pct"),
            unit="%",
            missing="|".join(OCCUPANCY_METRICS),
            severity=self.severity,
            evidence=("occupied_h", "known_h", "working_h", "coverage_pct"),
            lead_days=int(data.thresholds.value(self.rule, "window_days")) - 1,
        )

    def _states(self, data: RunData, daily: pl.DataFrame) -> pl.DataFrame:
        days = int(data.thresholds.value(self.rule, "window_days"))
        limit = data.thresholds.value(self.rule, "utilisation_pct")
        coverage = data.thresholds.value(self.rule, "coverage_pct")
        sums = daily.with_columns(
            occupied_h=_moving_sum(pl.col("work_occupied_h"), days),
            known_h=_moving_sum(pl.col("work_known_h"), days),
            working_h=_moving_sum(pl.col("work_h"), days),
            calendar_days=_moving_sum(calendar_known(), days),
        ).with_columns(
            value=100 * quotient("occupied_h", "known_h"),
            coverage_pct=100 * quotient("known_h", "working_h"),
            lacks=pl.when(pl.col("calendar_days") == days)
            .then(pl.lit("|".join(OCCUPANCY_METRICS)))
            .otherwise(pl.lit(CALENDAR)),
        )
        enough = ~below("coverage_pct", coverage) & (pl.col("calendar_days") == days)
        margin = data.thresholds.value(self.rule, "clear_margin_points")
        low = latched(faulty=enough & below("value", limit), clear=enough & ~below("value", limit + margin))
        state = verdict(known=enough.fill_null(value=False), fault=low)
        return sums.with_columns(state=state).filter(data.in_window())


def _moving_sum(column: pl.Expr, days: int) -> pl.Expr:
    filled = column.cast(pl.Float64).fill_null(0.0)
    return filled.rolling_sum(window_size=days, min_samples=1).over("subject")


def _is_working_office(room: Room) -> bool:
    return room.category is RoomCategory.OFFICE and not room.is_meeting_room


low_office_use = LowUse("S02", _is_working_office)
low_meeting_room_use = LowUse("S03", lambda room: room.is_meeting_room)
