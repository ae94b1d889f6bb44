"""L: wiring and power quality."""

from sensors.catalogue.model import COVERAGE, Confidence, Family, Needs, RuleSpec, Verification, both, chosen, cited
from sensors.catalogue.standards import cite, published
from sensors.verdicts import Severity

_S = Confidence.STANDARD
_H = Confidence.HIGH

L01 = RuleSpec(
    id="L01",
    name=both("剩余电流超限", "Residual current above its limit"),
    family=Family.ELECTRICAL,
    core=True,
    severity=Severity.ORANGE,
    formula=both("1分钟平均剩余电流", "1 min mean of the residual current"),
    needs=Needs(metrics=(("residual_current_ma",),)),
    parameters=(
        cited(
            "residual_ma", 300, "mA", cite("GB 50116", _S, "9.2.3"), "fault at or above; the colour is our own choice"
        ),
        cited(
            "residual_red_ma", 500, "mA", cite("GB 50116", _S, "9.2.3"), "red at or above; the colour is our own choice"
        ),
        chosen("mean_min", 1, "min"),
        COVERAGE,
    ),
    measure=both("绝缘排查", "Test the insulation"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)

L02 = RuleSpec(
    id="L02",
    name=both("漏电上升", "Leakage rising"),
    family=Family.ELECTRICAL,
    core=False,
    severity=Severity.YELLOW,
    formula=both("7天中位数 ÷ 之前30天中位数", "Median of 7 days ÷ median of the 30 days before"),
    needs=Needs(metrics=(("residual_current_ma",),)),
    parameters=(
        chosen("rise_ratio", 1.5, "ratio", "fault above, together with minimum_ma"),
        chosen("minimum_ma", 100, "mA", "fault above, together with rise_ratio"),
        chosen("window_days", 7, "d"),
        chosen("prior_days", 30, "d"),
        chosen("clear_margin_ratio", 0.1, "ratio", "the ratio must fall this far below its limit to clear"),
        COVERAGE,
    ),
    measure=both("预防性检查", "Inspect before it fails"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)

L03 = RuleSpec(
    id="L03",
    name=both("线缆过温", "Cable too hot"),
    family=Family.ELECTRICAL,
    core=True,
    severity=Severity.ORANGE,
    formula=both("1分钟平均线缆温度", "1 min mean of the cable temperature"),
    needs=Needs(metrics=(("cable_temperature_c",),)),
    parameters=(
        chosen("cable_c", 70, "°C", "fault above"),
        cited("detector_low_c", 45, "°C", published("usual setting range of such detectors", _H), "for reference"),
        cited("detector_high_c", 140, "°C", published("usual setting range of such detectors", _H), "for reference"),
        chosen("mean_min", 1, "min"),
        COVERAGE,
    ),
    measure=both("减载、紧固", "Unload, retorque"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)

L04 = RuleSpec(
    id="L04",
    name=both("过载", "Overload"),
    family=Family.ELECTRICAL,
    core=False,
    severity=Severity.ORANGE,
    formula=both("电流 ÷ 额定电流", "Current ÷ rated current"),
    needs=Needs(metrics=(("current_a",),), fields=("circuit.rated_a",)),
    parameters=(
        chosen("load_ratio", 1.0, "ratio", "orange above for hold_min"),
        chosen("hold_min", 15, "min"),
        chosen("load_yellow_ratio", 0.8, "ratio", "yellow above for hold_yellow_h"),
        chosen("hold_yellow_h", 1, "h"),
        chosen("clear_margin_ratio", 0.05, "ratio", "the load must fall this far below its limit to clear"),
        chosen("plausible_ratio", 10, "ratio", "no breaker lets it pass; such readings are of another unit"),
        COVERAGE,
    ),
    measure=both("调整回路", "Redistribute the load"),
    verified_by=Verification.READINGS,
    verification_window_days=14,
)

L05 = RuleSpec(
    id="L05",
    name=both("电压偏差", "Voltage deviation"),
    family=Family.ELECTRICAL,
    core=False,
    severity=Severity.YELLOW,
    formula=both("10分钟平均电压与220伏之差", "10 min mean against 220 V"),
    needs=Needs(metrics=(("voltage_v",),)),
    parameters=(
        cited("nominal_v", 220, "V", cite("GB/T 12325", _H)),
        cited("above_pct", 7, "%", cite("GB/T 12325", _H), "fault above"),
        cited("below_pct", 10, "%", cite("GB/T 12325", _H), "fault below nominal by more"),
        chosen("mean_min", 10, "min"),
        chosen("clear_margin_pct", 0.2, "%", "the voltage must come this far inside its limit to clear"),
        chosen("plausible_pct", 50, "%", "readings further from nominal are no phase voltage, or an outage"),
        COVERAGE,
    ),
    measure=both("调压", "Adjust the voltage"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)

L06 = RuleSpec(
    id="L06",
    name=both("三相不平衡、功率因数低", "Unbalance, low power factor"),
    family=Family.ELECTRICAL,
    core=False,
    severity=Severity.YELLOW,
    formula=both(
        "10分钟电压不平衡度;月有功电量 ÷ √(有功² + 无功²)",
        "Voltage unbalance over 10 min; monthly kWh ÷ √(kWh² + kvarh²)",
    ),
    needs=Needs(metrics=(("voltage_v", "energy_import_kwh"), ("voltage_v", "reactive_import_kvarh"))),
    parameters=(
        cited("unbalance_pct", 2, "%", cite("GB/T 15543", _H), "fault above"),
        cited(
            "power_factor",
            0.85,
            "ratio",
            published("the power companies' price adjustment by power factor", _H),
            "fault below",
        ),
        cited(
            "power_factor_from_kva",
            100,
            "kVA",
            published("the power companies' price adjustment by power factor", _H),
            "only for supplies of this size or more",
        ),
        chosen("mean_min", 10, "min"),
        chosen("clear_margin_pct", 0.1, "%", "the unbalance must fall this far below its limit to clear"),
        chosen("plausible_pct", 50, "%", "readings further from 220 V are no phase voltage, or an outage"),
        COVERAGE,
    ),
    measure=both("三相调平、无功补偿", "Balance the phases, compensate"),
    verified_by=Verification.READINGS,
    verification_window_days=31,
)
