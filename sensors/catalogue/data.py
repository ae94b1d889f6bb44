"""G: the sensors, the gateways and the data themselves."""

from sensors.catalogue.model import COVERAGE, Confidence, Family, Needs, RuleSpec, Verification, both, chosen, cited
from sensors.catalogue.standards import published
from sensors.verdicts import Severity

_ALARM_PRACTICE = "published alarm practice of process plants"

G01 = RuleSpec(
    id="G01",
    name=both("传感器离线", "Sensor offline"),
    family=Family.DATA,
    core=True,
    severity=Severity.BLUE,
    formula=both("现在 − 最后一次数据", "Now − last reading"),
    needs=Needs(fields=("device.interval_s",)),
    parameters=(
        chosen("intervals", 3, "intervals", "fault above the longer of this and minimum_min"),
        chosen("minimum_min", 15, "min"),
        COVERAGE,
    ),
    measure=both("更换电池、检修", "Change the battery, repair"),
    verified_by=Verification.READINGS,
    verification_window_days=1,
)

G02 = RuleSpec(
    id="G02",
    name=both("数据冻结", "Frozen value"),
    family=Family.DATA,
    core=False,
    severity=Severity.BLUE,
    formula=both(
        "二氧化碳、温度、湿度、电压24小时内的最大值 − 最小值",
        "Largest − smallest value in 24 h of CO2, temperature, humidity or voltage",
    ),
    needs=Needs(metrics=(("co2_ppm", "temperature_c", "relative_humidity_pct", "voltage_v"),)),
    parameters=(
        chosen("range", 0, "the metric's own", "fault at this value"),
        chosen("window_h", 24, "h"),
        COVERAGE,
    ),
    measure=both("更换", "Replace"),
    verified_by=Verification.READINGS,
    verification_window_days=2,
)

G03 = RuleSpec(
    id="G03",
    name=both("二氧化碳漂移", "CO2 sensor drifting"),
    family=Family.DATA,
    core=False,
    severity=Severity.BLUE,
    formula=both(
        "7天最小值,按海拔修正;全天有人的房间除外",
        "Minimum of 7 days, corrected for altitude; not in rooms staffed round the clock",
    ),
    needs=Needs(metrics=(("co2_ppm",),), fields=("site.altitude_m", "device.pressure_compensated")),
    parameters=(
        chosen("low_ppm", 380, "ppm", "fault below"),
        chosen("high_ppm", 600, "ppm", "fault above"),
        chosen("window_days", 7, "d"),
        chosen("clear_margin_ppm", 10, "ppm", "the minimum must come this far inside its limits to clear"),
        chosen("low_days", 2, "d", "so many of the days must fall below, for one alone is a glitch"),
        chosen("empty_h", 8, "h", "so long the room must have been empty for its minimum to be outdoor air"),
        COVERAGE,
    ),
    measure=both("标定", "Calibrate"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)

G04 = RuleSpec(
    id="G04",
    name=both("网关失联", "Gateway down"),
    family=Family.DATA,
    core=True,
    severity=Severity.ORANGE,
    formula=both(
        "遗嘱消息,或5分钟内半数以上设备无数据:只对上级报一条",
        "A lost will, or at least half of its devices silent within 5 min: one alert for the parent",
    ),
    needs=Needs(fields=("device.gateway", "device.interval_s")),
    parameters=(
        chosen("silent_pct", 50, "%", "fault at or above"),
        chosen("within_min", 5, "min"),
        COVERAGE,
    ),
    measure=both("恢复网络", "Restore the network"),
    verified_by=Verification.READINGS,
    verification_window_days=1,
)

G05 = RuleSpec(
    id="G05",
    name=both("数据缺失", "Missing data"),
    family=Family.DATA,
    core=True,
    severity=Severity.BLUE,
    formula=both("缺失样本数 ÷ 应有样本数", "Missing samples ÷ expected samples"),
    needs=Needs(fields=("device.interval_s",)),
    parameters=(chosen("missing_pct", 10, "%", "fault above"), COVERAGE),
    measure=both("补采", "Backfill"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)

G06 = RuleSpec(
    id="G06",
    name=both("报警质量差", "Poor alarm quality"),
    family=Family.DATA,
    core=False,
    severity=Severity.BLUE,
    formula=both(
        "同一点每分钟重复次数;10分钟内报警总数;长期未消除",
        "Repeats of one point per minute; alarms in 10 min; alarms that stay",
    ),
    needs=Needs(records=("alerts",)),
    parameters=(
        cited("chattering_per_min", 3, "1/min", published(_ALARM_PRACTICE), "fault at or above"),
        cited("flood_per_10_min", 10, "alarms", published(_ALARM_PRACTICE), "fault above"),
        cited("stale_h", 24, "h", published(_ALARM_PRACTICE, Confidence.HIGH), "fault above"),
        COVERAGE,
    ),
    measure=both("死区、归并", "Deadband, grouping"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)
