"""E07: rooms that are heated to above what is allowed in winter."""

from analytics.rules.levels import LevelWords
from analytics.rules.setpoints import Conditioning
from sensors.seasons import Season

RULE = "E07"
OVERHEATING = Conditioning(
    words=LevelWords(
        rule=RULE, units={RULE: "°C"}, limit="setpoint_c", missing="setpoint or temperature while the room was heated"
    ),
    season=Season.WINTER,
    is_below=False,
    unused="evidence of heating",
)
