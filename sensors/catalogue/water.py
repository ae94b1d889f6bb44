"""W: water."""

from sensors.catalogue.model import COVERAGE, Family, Needs, RuleSpec, Verification, both, chosen
from sensors.verdicts import Severity

W01 = RuleSpec(
    id="W01",
    name=both("夜间用水", "Water at night"),
    family=Family.WATER,
    core=False,
    severity=Severity.YELLOW,
    formula=both(
        "连续7夜0至5时1小时流量的最小值", "Minimum of the 1 h flow between 0 and 5 o'clock, seven nights in a row"
    ),
    needs=Needs(metrics=(("water_m3",),)),
    parameters=(
        chosen("night_flow_m3h", 0, "m³/h", "fault above, sustained"),
        chosen("nights", 7, "nights"),
        chosen("night_start_h", 0, "h of the local day"),
        chosen("night_end_h", 5, "h of the local day"),
        COVERAGE,
    ),
    measure=both("查漏", "Search for the leak"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)
