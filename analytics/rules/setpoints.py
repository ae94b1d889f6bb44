"""What E06 and E07 share: rooms cooled or heated beyond what is allowed, told by setpoint or by temperature."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from analytics.frame import RunData
from analytics.intervals import MS_PER_HOUR, SPAN
from analytics.lookups import among, summed, within
from analytics.moving import KEPT_SCHEMA, as_kept, beyond, kept, moving
from analytics.rules.levels import Lacking, LevelWords, rooms_asked, share_of, with_lacking
from analytics.running import plant_running, rooms_with_plant
from analytics.samples import during, in_series, samples
from analytics.week import Week
from sensors.seasons import Season, conditioned_season, seasons_known
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Room, RoomCategory
from sensors.verdicts import Finding

SETPOINT, TEMPERATURE = "setpoint_c", "temperature_c"
APART = frozenset({"archive", "server", "server_room"})
"""Rooms that are cooled or heated for things, not for people."""
OUT_OF_SEASON = "a day of the heated or cooled season"
SEEN = "seen"
"""The tag of what was measured, whether or not anything cooled or heated then."""

OutdoorEvidence = Callable[[RunData, Week, pl.DataFrame], pl.DataFrame]
"""Returns those of the samples at which the weather alone shows that a room is cooled or heated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditioning:
    """One of the two rules: its season, the side of the limit, and what tells of it where no plant does.

    `by_weather` is None where the season alone suffices as evidence.
    """

    words: LevelWords
    season: Season
    is_below: bool
    unused: str
    by_weather: OutdoorEvidence | None = None

    @property
    def rule(self) -> str:
        """Return the rule's id."""
        return self.words.rule

    def keep(self, data: RunData, week: Week) -> pl.DataFrame:
        """Return what to keep of a week: spells of the 1 h mean beyond the limit while there was evidence."""
        found = self._values(data, week)
        shown = self._with_evidence(data, week, found)
        value = data.thresholds.value
        length_ms = value(self.rule, "mean_h") * MS_PER_HOUR
        means = moving(in_series(shown), length_ms=length_ms, share=share_of(data, self.rule))
        limits = means.join(self._limits(data), on="subject")
        judged = beyond(limits, **{"low" if self.is_below else "high": pl.col("limit_c")})
        margin = value(self.rule, "clear_margin_k")
        spells = kept(judged, margin=margin, length_ms=length_ms, tag=self.rule, span_ms=week.span_ms)
        return pl.concat([spells, _seen(found, week)])

    def conclude(self, data: RunData, found: pl.DataFrame) -> list[Finding]:
        """Return the verdict about each room for people; not applicable where nothing cooled or heated."""
        rows = found if "tag" in found.columns else KEPT_SCHEMA.to_frame()
        judged, seen = rows.filter(pl.col("tag") != SEEN), rows.filter(pl.col("tag") == SEEN)
        idle = set(seen["subject"].to_list()) - set(judged["subject"].to_list())
        asked = self._asked(data)
        unused = with_lacking(asked, self.unused, lambda subject: str(subject) in idle and not asked[subject])
        return self.words.findings(data, judged, unused)

    def _values(self, data: RunData, week: Week) -> pl.DataFrame:
        """Return the setpoints, and the temperatures of rooms without one."""
        value = data.thresholds.value
        set_to = samples(data, week, SETPOINT, at=SubjectKind.ROOM)
        rooms = [str(room) for room in _with_setpoint(data)]
        measured = samples(data, week, TEMPERATURE, at=SubjectKind.ROOM)
        found = pl.concat([set_to, measured.filter(~among(measured, "subject", rooms))])
        low, high = value(self.rule, "plausible_low_c"), value(self.rule, "plausible_high_c")
        return in_series(found.filter(pl.col("value").is_between(low, high)))

    def _with_evidence(self, data: RunData, week: Week, found: pl.DataFrame) -> pl.DataFrame:
        """Return the samples at which a room was cooled or heated: by its plant, its setpoint, else the weather."""
        in_season = _on_days(data, week, found, self.season)
        with_plant = {str(room) for room in rooms_with_plant(data)}
        plant = among(in_season, "subject", with_plant)
        running = plant_running(data, week, least_wm2=data.thresholds.value(self.rule, "hvac_on_wm2"))
        run = during(in_season.filter(plant), running)
        if self.by_weather is None:
            return pl.concat([run, in_season.filter(~plant)])
        with_setpoint = {str(room) for room in _with_setpoint(data)}
        by_setpoint = in_season.filter(~plant & among(in_season, "subject", with_setpoint))
        others = self.by_weather(data, week, found.filter(~among(found, "subject", with_plant | with_setpoint)))
        return pl.concat([run, by_setpoint, others])

    def _limits(self, data: RunData) -> pl.DataFrame:
        value = data.thresholds.value
        limit_c = value(self.rule, "setpoint_c")
        margin = value(self.rule, "margin_c") * (-1 if self.is_below else 1)
        with_setpoint = _with_setpoint(data)
        rows = [(str(room), limit_c if room in with_setpoint else limit_c + margin) for room in _rooms(data)]
        return pl.DataFrame(rows, schema={"subject": pl.String, "limit_c": pl.Float64}, orient="row")

    def _asked(self, data: RunData) -> Lacking:
        asked = rooms_asked(data, (SETPOINT, TEMPERATURE), concerns=_is_for_people)
        by_weather = _rooms_by_weather(data) if self.by_weather is not None else frozenset()
        if not seasons_known(data.registry.site):
            return with_lacking(asked, "site.climate_zone", lambda subject: subject not in by_weather)
        days = data.calendar.days(data.window.first, data.window.last)
        if any(conditioned_season(data.registry.site, day) is self.season for day in days):
            return asked
        return with_lacking(asked, OUT_OF_SEASON, lambda subject: subject not in by_weather)


def _is_for_people(room: Room) -> bool:
    return room.category is not RoomCategory.EQUIPMENT and room.subtype not in APART


def _rooms(data: RunData) -> list[Subject]:
    rooms = (room for room in data.registry.rooms.values() if _is_for_people(room))
    return [Subject(SubjectKind.ROOM, room.id) for room in rooms]


def _with_setpoint(data: RunData) -> frozenset[Subject]:
    return frozenset(room for room in _rooms(data) if data.has_points(room, (SETPOINT,)))


def _rooms_by_weather(data: RunData) -> frozenset[Subject]:
    """Return the rooms of which only weather and temperature tell, where a sensor outdoors tells the weather."""
    outdoor = any(TEMPERATURE in device.metrics for device in data.registry.devices.values() if device.outdoor)
    if not outdoor:
        return frozenset()
    others = rooms_with_plant(data) | _with_setpoint(data)
    return frozenset(room for room in _rooms(data) if room not in others)


def _on_days(data: RunData, week: Week, found: pl.DataFrame, season: Season) -> pl.DataFrame:
    """Return the samples of days in the season."""
    days = week.parts.group_by("day").agg(pl.min("start_ms"), pl.max("end_ms"))
    wanted = [day for day in days["day"].to_list() if conditioned_season(data.registry.site, day) is season]
    spans = days.filter(pl.col("day").is_in(wanted)).select(SPAN)
    return within(found, spans)


def _seen(found: pl.DataFrame, week: Week) -> pl.DataFrame:
    inside = found.filter(pl.col("time_ms").is_between(*week.span_ms, closed="left"))
    per_room = summed(inside, "step_ms", by=["subject"]).rename({"step_ms": "known_ms"})
    return as_kept(per_room.with_columns(tag=pl.lit(SEEN)))
