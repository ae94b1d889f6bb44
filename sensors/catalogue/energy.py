"""E: electricity against time, presence, peers and quotas."""

from sensors.catalogue.figures import ENERGY_QUOTAS
from sensors.catalogue.model import (
    COVERAGE,
    Confidence,
    Family,
    Needs,
    Parameter,
    RuleSpec,
    Verification,
    both,
    chosen,
    cited,
)
from sensors.catalogue.standards import cite, published
from sensors.verdicts import Severity

_S = Confidence.STANDARD
_H = Confidence.HIGH
_PRESENCE = ("presence", "people_count", "motion")
_LOAD = ("active_power_w", "energy_import_kwh")

_PLAUSIBLE = (
    chosen("plausible_low_c", 5, "°C", "colder than any room at work: an error of unit or sensor"),
    chosen("plausible_high_c", 45, "°C", "warmer than any room at work: an error of unit or sensor"),
)


def _quota_limits() -> tuple[Parameter, ...]:
    return tuple(
        cited(
            f"constraint_{zone}_{energy_class.lower()}_kwh_m2",
            quota.constraint_kwh_m2,
            "kWh/(m²·a)",
            quota.source,
            "fault above; a provincial quota goes first",
        )
        for (zone, energy_class), quota in ENERGY_QUOTAS.items()
    )


E01 = RuleSpec(
    id="E01",
    name=both("能耗超约束值", "Energy intensity above its limit"),
    family=Family.ENERGY,
    core=True,
    severity=Severity.ORANGE,
    formula=both(
        "十二个月非供暖用电(机房、厨房、充电另计)÷ 建筑面积;按仪表或账单;有省级定额的先用省级定额",
        "Twelve months of non-heating kWh (server room, kitchen and charging apart) ÷ gross area of the building; "
        "from meters or bills; a provincial quota first",
    ),
    needs=Needs(
        metrics=(("energy_import_kwh",),),
        fields=("building.gross_area_m2", "building.energy_class", "site.climate_zone", "circuit.item"),
        records=("bills",),
    ),
    parameters=(chosen("window_months", 12, "months"), *_quota_limits(), COVERAGE),
    measure=both("能源审计、节能改造", "Energy audit, retrofit"),
    verified_by=Verification.READINGS,
    verification_window_days=365,
    basis=(cite("GB/T 51161", _H),),
)

E02 = RuleSpec(
    id="E02",
    name=both("同类偏高", "Above its peers"),
    family=Family.ENERGY,
    core=False,
    severity=Severity.YELLOW,
    formula=both(
        "单位面积能耗 ÷ 不少于5个同类建筑的平均值", "Energy intensity ÷ mean of at least five peers of one class"
    ),
    needs=Needs(
        metrics=(("energy_import_kwh",),),
        fields=("building.gross_area_m2", "building.energy_class"),
        records=("bills",),
    ),
    parameters=(
        cited(
            "peer_ratio",
            1.2,
            "ratio",
            published("published practice of benchmarking among peers; the rule list names no title", _S),
            "fault above",
        ),
        chosen("peers", 5, "buildings"),
        COVERAGE,
    ),
    measure=both("对标", "Benchmark, then mend what differs"),
    verified_by=Verification.READINGS,
    verification_window_days=365,
)

E03 = RuleSpec(
    id="E03",
    name=both("夜间基础负荷偏高", "High base load at night"),
    family=Family.ENERGY,
    core=True,
    severity=Severity.YELLOW,
    formula=both(
        "工作日夜间:(夜间功率 − 常开)÷(工时功率 − 常开)超限,且夜间功率 − 常开超过每平方米限值;"
        "负荷 = 购电 + 光伏 − 上网;机房、值班室、消防控制室未单独计量的不适用",
        "On workday nights: (P_night − always_on) ÷ (P_W − always_on) above its limit, and P_night − always_on above "
        "its limit per m²; load = import + PV − export; not applicable with an unmetered server, duty or "
        "fire-control room",
    ),
    needs=Needs(
        metrics=(_LOAD,),
        fields=("building.gross_area_m2", "circuit.item", "circuit.always_on", "site.calendar", "site.working_hours"),
    ),
    parameters=(
        chosen("night_ratio", 0.35, "ratio", "fault above, together with night_excess_wm2"),
        chosen("night_excess_wm2", 2, "W/m²", "fault above, together with night_ratio"),
        chosen("nights_hold", 3, "nights", "so many workday nights in a row"),
        chosen("clear_margin", 0.02, "ratio", "the ratio must fall this far below its limit to clear"),
        COVERAGE,
    ),
    measure=both("断电排查", "Shut down at night, find what stays on"),
    verified_by=Verification.READINGS,
    verification_window_days=14,
)

E04 = RuleSpec(
    id="E04",
    name=both("非工时用能偏高", "High use after hours"),
    family=Family.ENERGY,
    core=True,
    severity=Severity.YELLOW,
    formula=both(
        "工时外每小时用电 ÷ 工时内每小时用电,与上年同季相比;与E03同时成立时并入E03作证据",
        "kWh per hour outside ÷ kWh per hour inside working hours, against the same season last year; evidence under "
        "E03 where both hold",
    ),
    needs=Needs(metrics=(_LOAD,), fields=("site.calendar", "site.working_hours")),
    parameters=(
        chosen("rise_pct", 20, "%", "fault above"),
        chosen("minimum_workdays", 15, "d"),
        COVERAGE,
    ),
    measure=both("时间控制", "Time control"),
    verified_by=Verification.READINGS,
    verification_window_days=28,
)

E05 = RuleSpec(
    id="E05",
    name=both("无人用电", "Load in empty rooms"),
    family=Family.ENERGY,
    core=True,
    severity=Severity.BLUE,
    formula=both(
        "回路所供的每个房间在午休以外都无人不少于60分钟，其间逐小时：平均功率 − 待机功率(28天非工作日夜间的"
        "第10百分位)超过两个限值；每个房间每周一条，附电量",
        "Every room the circuit serves empty for at least 60 min outside lunch, hour by hour: mean power − standby "
        "(10th percentile of non-workday nights over 28 days) above both limits; one finding per room and week, with "
        "the kWh",
    ),
    needs=Needs(
        metrics=(_PRESENCE, _LOAD),
        fields=("circuit.serves", "circuit.always_on", "room.usable_area_m2", "site.calendar", "site.working_hours"),
    ),
    parameters=(
        chosen("empty_min", 60, "min"),
        chosen("excess_wm2", 5, "W/m²", "fault above, together with excess_w"),
        chosen("excess_w", 100, "W", "fault above, together with excess_wm2"),
        chosen("energy_kwh", 1, "kWh", "less than this in a week is not worth a finding"),
        chosen("standby_days", 28, "d"),
        chosen("standby_percentile", 10, "%"),
        COVERAGE,
    ),
    measure=both("人走断电", "Switch off when leaving, or automatically"),
    verified_by=Verification.READINGS,
    verification_window_days=14,
)

E06 = RuleSpec(
    id="E06",
    name=both("供冷温度过低", "Overcooling"),
    family=Family.ENERGY,
    core=False,
    severity=Severity.YELLOW,
    formula=both(
        "有供冷证据(设定温度;空调回路;或室外不低于28度且室内低于室外3度以上)时,看设定温度,否则看1小时平均温度;无证据不适用",
        "With evidence of cooling (setpoint; HVAC circuit; else over 3 K below outdoors, 28 °C or above): "
        "the setpoint, else the 1 h mean temperature; without evidence not applicable",
    ),
    needs=Needs(metrics=(("setpoint_c", "temperature_c"), ("hvac_on", "active_power_w", "temperature_c"))),
    parameters=(
        cited("setpoint_c", 26, "°C", cite("42号", _S), "fault below"),
        chosen("margin_c", 1, "K", "below the setpoint limit where only the room's temperature is known"),
        chosen("evidence_outdoor_c", 28, "°C"),
        chosen("evidence_difference_c", 3, "K"),
        chosen("hvac_on_wm2", 2, "W/m²", "the room's air conditioning is on above this, where nothing else tells"),
        chosen("mean_h", 1, "h"),
        chosen("clear_margin_k", 0.2, "K", "the value must come so far back inside its limit to clear"),
        *_PLAUSIBLE,
        COVERAGE,
    ),
    measure=both("锁定设定温度", "Lock the setpoint"),
    verified_by=Verification.READINGS,
    verification_window_days=14,
)

E07 = RuleSpec(
    id="E07",
    name=both("供暖温度过高", "Overheating"),
    family=Family.ENERGY,
    core=False,
    severity=Severity.YELLOW,
    formula=both(
        "有供暖证据(设定温度、回路、实际供暖日期)时,看设定温度,否则看1小时平均温度",
        "With evidence of heating (setpoint, circuit, heating dates as run): the setpoint, else the 1 h mean "
        "temperature",
    ),
    needs=Needs(metrics=(("setpoint_c", "temperature_c"),), fields=("site.heating_dates",)),
    parameters=(
        cited("setpoint_c", 20, "°C", cite("42号", _S), "fault above"),
        chosen("margin_c", 1, "K", "above the setpoint limit where only the room's temperature is known"),
        chosen("hvac_on_wm2", 2, "W/m²", "the room's heating is on above this, where nothing else tells"),
        chosen("mean_h", 1, "h"),
        chosen("clear_margin_k", 0.2, "K", "the value must come so far back inside its limit to clear"),
        *_PLAUSIBLE,
        COVERAGE,
    ),
    measure=both("调控供热", "Rebalance the heating"),
    verified_by=Verification.READINGS,
    verification_window_days=14,
)

E08 = RuleSpec(
    id="E08",
    name=both("开窗开空调", "Window open with air conditioning on"),
    family=Family.ENERGY,
    core=False,
    severity=Severity.BLUE,
    formula=both("外窗打开且空调运行", "The window is open while the air conditioning runs"),
    needs=Needs(metrics=(("open",), ("hvac_on", "active_power_w")), fields=("opening.kind",)),
    parameters=(
        chosen("both_on_min", 10, "min", "fault at or above"),
        chosen("hvac_on_wm2", 2, "W/m²", "the room's air conditioning is on above this, where nothing else tells"),
        COVERAGE,
    ),
    measure=both("提醒、联锁", "Remind, interlock"),
    verified_by=Verification.READINGS,
    verification_window_days=14,
    basis=(cite("42号", _S),),
)

E09 = RuleSpec(
    id="E09",
    name=both("照明功率超标", "Lighting density above its limit"),
    family=Family.ENERGY,
    core=False,
    severity=Severity.BLUE,
    formula=both("开灯时照明回路功率 ÷ 面积", "Power of the lighting circuit with the lights on ÷ area"),
    needs=Needs(metrics=(("active_power_w",),), fields=("circuit.item", "circuit.serves", "room.usable_area_m2")),
    parameters=(
        cited("lighting_wm2", 8.0, "W/m²", cite("GB 55015", _H), "fault above"),
        chosen("lights_on_wm2", 1, "W/m²", "the lighting is on above this"),
        chosen("mean_h", 1, "h"),
        chosen("clear_margin_wm2", 0.2, "W/m²", "the power must fall this far below its limit to clear"),
        COVERAGE,
    ),
    measure=both("更换灯具、分区控制", "LED lamps, zoning"),
    verified_by=Verification.READINGS,
    verification_window_days=14,
)

E10 = RuleSpec(
    id="E10",
    name=both("用能异常", "Energy anomaly"),
    family=Family.ENERGY,
    core=False,
    severity=Severity.YELLOW,
    formula=both(
        "三天的(实际 − 模型)÷ 模型;仅在模型合格时",
        "(actual − model) ÷ model over 3 days, only with an acceptable model",
    ),
    needs=Needs(metrics=(("energy_import_kwh",), ("temperature_c",)), fields=("device.outdoor",)),
    parameters=(
        chosen("excess_pct", 20, "%", "fault above"),
        chosen("window_days", 3, "d"),
        chosen("baseline_days", 84, "d", "the days before, of which the model is made"),
        chosen("least_baseline_days", 28, "d"),
        cited("cv_rmse_pct", 30, "%", cite("Guideline 14", _S), "hourly; a worse model gives no verdict"),
        cited("nmbe_pct", 10, "%", cite("Guideline 14", _H), "hourly, either way"),
        COVERAGE,
    ),
    measure=both("核查设备", "Inspect the equipment"),
    verified_by=Verification.READINGS,
    verification_window_days=14,
)

E11 = RuleSpec(
    id="E11",
    name=both("总分表不平衡", "Meters do not add up"),
    family=Family.ENERGY,
    core=True,
    severity=Severity.BLUE,
    formula=both(
        "仅限完整的表计树:分表之和超过总表为故障;否则未计量份额与自身30天中位数相比",
        "Complete trees only: the sub-meters' sum above the main meter is a fault; otherwise the unmetered share "
        "against its own 30-day median",
    ),
    needs=Needs(metrics=(("energy_import_kwh",),), fields=("circuit.parent", "circuit.ct_ratio")),
    parameters=(
        chosen("sum_above_main_pct", 2, "%", "fault above"),
        chosen("unmetered_change_points", 5, "points", "fault above"),
        chosen("median_days", 30, "d"),
        COVERAGE,
    ),
    measure=both("校表", "Recalibrate"),
    verified_by=Verification.READINGS,
    verification_window_days=14,
)

E12 = RuleSpec(
    id="E12",
    name=both("峰段用电偏高", "High share at peak prices"),
    family=Family.ENERGY,
    core=False,
    severity=Severity.BLUE,
    formula=both(
        "尖峰与高峰电量 ÷ 总电量,两年都按现行时段计",
        "Critical-peak and peak kWh ÷ total, both years by today's periods",
    ),
    needs=Needs(metrics=(("energy_import_kwh",),), records=("tariff",)),
    parameters=(
        chosen("rise_points", 5, "points", "fault above"),
        chosen("window_days", 28, "d", "compared with the same weekdays a year before"),
        COVERAGE,
    ),
    measure=both("错峰", "Shift the load"),
    verified_by=Verification.READINGS,
    verification_window_days=28,
    basis=(cite("1093号", _S),),
)
