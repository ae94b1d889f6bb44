"""S: how rooms are used and held."""

from sensors.catalogue.model import COVERAGE, Confidence, Family, Needs, RuleSpec, Verification, both, chosen, cited
from sensors.catalogue.standards import cite, published
from sensors.verdicts import Severity

_S = Confidence.STANDARD
_PRESENCE = ("presence", "people_count", "motion")

S01 = RuleSpec(
    id="S01",
    name=both("办公室闲置", "Idle office"),
    family=Family.SPACE,
    core=True,
    severity=Severity.YELLOW,
    formula=both(
        "最近40个工作日(标记请假的除外)中,保洁时段以外、每段不少于30分钟、合计不少于1小时有人的天数;无使用人的房间为空置",
        "Days with at least 1 h of presence in spells of at least 30 min outside cleaning hours, over the last 40 "
        "workdays not marked absent; a room with no holder is vacant",
    ),
    needs=Needs(metrics=(_PRESENCE,), fields=("room.category", "room.holders", "site.calendar", "site.working_hours")),
    parameters=(
        chosen("workdays", 40, "d"),
        chosen("minimum_days", 1, "d", "fault at this many days or fewer"),
        chosen("presence_h", 1, "h"),
        chosen("spell_min", 30, "min"),
        COVERAGE,
    ),
    measure=both("核实后调剂收回", "Verify, then reallocate or take back"),
    verified_by=Verification.RECORD,
    verification_window_days=28,
)

S02 = RuleSpec(
    id="S02",
    name=both("办公室低效使用", "Low office use"),
    family=Family.SPACE,
    core=True,
    severity=Severity.BLUE,
    formula=both("四周内有人小时数 ÷ 工作小时数", "Occupied hours ÷ working hours, over four weeks"),
    needs=Needs(metrics=(_PRESENCE,), fields=("room.category", "site.calendar", "site.working_hours")),
    parameters=(
        chosen("window_days", 28, "d"),
        chosen("utilisation_pct", 30, "%", "fault below"),
        chosen("clear_margin_points", 2, "%", "utilisation must rise this far above its limit to clear"),
        chosen("inferred_confidence_pct", 80, "%", "occupancy that is inferred counts from this probability on"),
        COVERAGE,
    ),
    measure=both("合并共享", "Consolidate, share"),
    verified_by=Verification.READINGS,
    verification_window_days=28,
)

S03 = RuleSpec(
    id="S03",
    name=both("会议室低效使用", "Low meeting-room use"),
    family=Family.SPACE,
    core=True,
    severity=Severity.BLUE,
    formula=both("四周内有人小时数 ÷ 可预订小时数", "Occupied hours ÷ bookable hours, over four weeks"),
    needs=Needs(metrics=(_PRESENCE,), fields=("room.subtype", "site.calendar", "site.working_hours")),
    parameters=(
        chosen("window_days", 28, "d"),
        chosen("utilisation_pct", 30, "%", "fault below"),
        chosen("clear_margin_points", 2, "%", "utilisation must rise this far above its limit to clear"),
        cited("vendor_target_low_pct", 60, "%", published("vendors' published targets", _S), "for reference only"),
        cited("vendor_target_high_pct", 75, "%", published("vendors' published targets", _S), "for reference only"),
        COVERAGE,
    ),
    measure=both("统筹共享", "Pool among units"),
    verified_by=Verification.READINGS,
    verification_window_days=28,
)

S04 = RuleSpec(
    id="S04",
    name=both("预订未到", "Booked but not used"),
    family=Family.SPACE,
    core=False,
    severity=Severity.BLUE,
    formula=both("开始后15分钟内无人的预订数 ÷ 预订总数", "Bookings with nobody in the first 15 min ÷ bookings"),
    needs=Needs(metrics=(_PRESENCE,), fields=("room.subtype",), records=("bookings",)),
    parameters=(
        chosen("grace_min", 15, "min"),
        chosen("window_days", 28, "d"),
        cited("no_show_pct", 20, "%", published("vendors' published practice", _S), "fault above"),
        chosen("clear_margin_points", 2, "%", "the share must fall this far below its limit to clear"),
        chosen("least_bookings", 10, "bookings", "with fewer that can be judged there is no verdict"),
        COVERAGE,
    ),
    measure=both("自动释放", "Release automatically"),
    verified_by=Verification.READINGS,
    verification_window_days=28,
)

S05 = RuleSpec(
    id="S05",
    name=both("大房小用", "Oversized room"),
    family=Family.SPACE,
    core=False,
    severity=Severity.BLUE,
    formula=both(
        "每次使用的最多人数 ÷ 容量,取中位数", "Median over the uses of the room of the largest head count ÷ capacity"
    ),
    needs=Needs(metrics=(("people_count",),), fields=("room.capacity",)),
    parameters=(
        chosen("window_days", 28, "d"),
        chosen("fill_ratio", 0.3, "ratio", "fault below"),
        chosen("clear_margin_ratio", 0.02, "ratio", "the median must rise this far above its limit to clear"),
        chosen("least_uses", 10, "uses", "with fewer there is no verdict"),
        COVERAGE,
    ),
    measure=both("分隔改配", "Divide or reassign to the right size"),
    verified_by=Verification.READINGS,
    verification_window_days=28,
)

S06 = RuleSpec(
    id="S06",
    name=both("楼宇利用率低", "Low building use"),
    family=Family.SPACE,
    core=False,
    severity=Severity.YELLOW,
    formula=both(
        "两个月内每日最多人数的平均值 ÷ 编制人数",
        "Mean of the daily peak head counts ÷ established headcount, 2 months",
    ),
    needs=Needs(metrics=(("people_count",),), fields=("building.headcount", "site.calendar")),
    parameters=(
        chosen("window_days", 60, "d"),
        chosen("utilisation_pct", 60, "%", "fault below"),
        chosen("clear_margin_points", 2, "%", "utilisation must rise this far above its limit to clear"),
        COVERAGE,
    ),
    measure=both("集中办公", "Bring offices together"),
    verified_by=Verification.READINGS,
    verification_window_days=60,
)

S07 = RuleSpec(
    id="S07",
    name=both("办公用房面积超标", "Office over its quota"),
    family=Family.SPACE,
    core=True,
    severity=Severity.ORANGE,
    formula=both(
        "使用面积 − 使用人标准面积之和(高职级卫生间不超过6平方米另计);有理由并经批准的例外不算",
        "Usable area − the quotas of its holders (a toilet of up to 6 m² of the top ranks apart); an exemption with "
        "reason and approval is respected",
    ),
    needs=Needs(fields=("room.usable_area_m2", "room.category", "room.holders", "person.rank")),
    parameters=(
        chosen("tolerance_m2", 0.5, "m²", "fault above; the quotas themselves are AREA_QUOTAS"),
        cited("toilet_m2", 6, "m²", cite("2674号", _S), "top ranks only, see RANKS_WITH_TOILET"),
        COVERAGE,
    ),
    measure=both("腾退", "Vacate the excess"),
    verified_by=Verification.RECORD,
    verification_window_days=30,
    basis=(cite("2674号", _S),),
)

S08 = RuleSpec(
    id="S08",
    name=both("调离退休未腾退", "Not vacated after leaving"),
    family=Family.SPACE,
    core=True,
    severity=Severity.YELLOW,
    formula=both("今天 − 离任日期,而房间仍登记在其名下", "Today − date of leaving, while the room is still assigned"),
    needs=Needs(fields=("room.holders", "person.left")),
    parameters=(
        cited("vacate_months", 1, "months", cite("办公用房管理办法", _S), "fault above"),
        cited(
            "second_office_months",
            2,
            "months",
            cite("办公用房管理办法", _S),
            "a second office after a concurrent post ends",
        ),
        COVERAGE,
    ),
    measure=both("收回", "Take back"),
    verified_by=Verification.RECORD,
    verification_window_days=30,
)

S09 = RuleSpec(
    id="S09",
    name=both("权属不清", "Title unclear"),
    family=Family.SPACE,
    core=False,
    severity=Severity.YELLOW,
    formula=both(
        "房产证或土地证缺失,或权属人未确定", "A title or land certificate is missing, or the owner is unresolved"
    ),
    needs=Needs(fields=("building.title_certificate", "building.land_certificate", "building.owner")),
    parameters=(chosen("absent_papers", 0, "papers", "fault above"), COVERAGE),
    measure=both("补证确权", "Complete the title"),
    verified_by=Verification.RECORD,
    verification_window_days=30,
    basis=(published("what the policy texts ask of a register of office premises", _S),),
)

S10 = RuleSpec(
    id="S10",
    name=both("违规出租出借、企业占用", "Let, lent or held by an enterprise"),
    family=Family.SPACE,
    core=False,
    severity=Severity.ORANGE,
    formula=both("登记中标有出租、出借或企业占用", "The registry marks it as let, lent or held by an enterprise"),
    needs=Needs(fields=("room.tenure",)),
    parameters=(chosen("taken_m2", 0, "m²", "fault above: any area in other hands"), COVERAGE),
    measure=both("清退", "Terminate and take back"),
    verified_by=Verification.RECORD,
    verification_window_days=30,
    basis=(cite("厉行节约条例", _S),),
)
