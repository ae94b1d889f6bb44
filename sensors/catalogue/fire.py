"""F: fire alarm, duty and leaks. Premises never replaces the certified fire alarm system."""

from sensors.catalogue.model import COVERAGE, Confidence, Family, Needs, RuleSpec, Verification, both, chosen, cited
from sensors.catalogue.standards import cite, published
from sensors.events import EventType
from sensors.verdicts import Severity

_S = Confidence.STANDARD
_H = Confidence.HIGH

F01 = RuleSpec(
    id="F01",
    name=both("火警未确认", "Fire alarm not acknowledged"),
    family=Family.FIRE,
    core=True,
    severity=Severity.RED,
    formula=both(
        "确认时间 − 报警时间(在主机上消音也算);第二个时钟:现场核实",
        "Time of acknowledging − time of the alarm (silencing at the panel counts); a second clock: verified on site",
    ),
    needs=Needs(events=(EventType.FIRE,), records=("acknowledgements",)),
    parameters=(
        chosen("acknowledge_s", 60, "s", "fault above"),
        cited("verify_min", 3, "min", published("practice of duty staff, recalled", _H), "fault above"),
        COVERAGE,
    ),
    measure=both("现场确认、拨打119", "Verify on site, call 119"),
    verified_by=Verification.RECORD,
    verification_window_days=1,
)

F02 = RuleSpec(
    id="F02",
    name=both("传输超时", "Slow relay"),
    family=Family.FIRE,
    core=False,
    severity=Severity.ORANGE,
    formula=both(
        "接收时间 − 主机时间,按主机时钟偏差修正;偏差不明则数据不足",
        "Time of receipt − time of the panel, corrected for the panel's clock offset; unknown offset: insufficient",
    ),
    needs=Needs(events=(EventType.FIRE, EventType.FAULT), fields=("device.clock_offset_s",)),
    parameters=(
        cited("fire_s", 10, "s", cite("GB 25506", _S), "fault above"),
        cited("status_s", 100, "s", cite("GB 25506", _S), "fault above"),
        COVERAGE,
    ),
    measure=both("检查传输链路", "Fix the link"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)

F03 = RuleSpec(
    id="F03",
    name=both("消防故障未修", "Fire equipment fault left open"),
    family=Family.FIRE,
    core=True,
    severity=Severity.ORANGE,
    formula=both("现在 − 故障开始时间;主机故障为红色", "Now − start of the fault; red where it is the panel"),
    needs=Needs(events=(EventType.FAULT,)),
    parameters=(chosen("open_h", 24, "h", "fault above; red where it is the panel"), COVERAGE),
    measure=both("维修签字", "Repair, sign"),
    verified_by=Verification.READINGS,
    verification_window_days=1,
)

F04 = RuleSpec(
    id="F04",
    name=both("误报频发", "Frequent false alarms"),
    family=Family.FIRE,
    core=False,
    severity=Severity.YELLOW,
    formula=both(
        "每日全院核实的误报次数;单个探测器30天次数",
        "Verified false alarms of the site per day; of one detector in 30 days",
    ),
    needs=Needs(events=(EventType.FIRE,), records=("verifications",)),
    parameters=(
        cited("site_per_day", 5, "alarms/d", cite("GB 50440", _S), "fault above"),
        chosen("detector_count", 3, "alarms", "fault at or above"),
        chosen("detector_days", 30, "d"),
        COVERAGE,
    ),
    measure=both("清洗更换", "Clean or replace"),
    verified_by=Verification.READINGS,
    verification_window_days=30,
)

F05 = RuleSpec(
    id="F05",
    name=both("屏蔽停用", "Isolated or out of service"),
    family=Family.FIRE,
    core=True,
    severity=Severity.ORANGE,
    formula=both(
        "屏蔽而无审批;超过计划结束时间为黄色;超过24小时未备案",
        "Isolated without an approval record; past its planned end (yellow); over 24 h without filing",
    ),
    needs=Needs(events=(EventType.ISOLATION,), records=("isolation_approvals",)),
    parameters=(
        chosen("unapproved_min", 10, "min", "fault above"),
        cited("unfiled_h", 24, "h", cite("GB 25201", _H), "fault above"),
        COVERAGE,
    ),
    measure=both("审批恢复", "Approve or restore"),
    verified_by=Verification.READINGS,
    verification_window_days=1,
)

F06 = RuleSpec(
    id="F06",
    name=both("联动处于手动", "Interlock in manual mode"),
    family=Family.FIRE,
    core=True,
    severity=Severity.RED,
    formula=both(
        "防排烟或喷淋处于手动;气体灭火仅在房间无人仍为手动时(有人时必须为手动)",
        "Smoke control or sprinklers in manual; gas suppression only where manual with the room empty (it must be "
        "manual while people are inside)",
    ),
    needs=Needs(events=(EventType.MANUAL_MODE,)),
    parameters=(
        chosen("manual_min", 5, "min", "fault above"),
        chosen("gas_manual_min", 30, "min", "fault above, room empty"),
        COVERAGE,
    ),
    measure=both("恢复自动", "Restore automatic mode"),
    verified_by=Verification.READINGS,
    verification_window_days=1,
    basis=(cite("GB 50370", _S, "5.0.4"),),
)

F07 = RuleSpec(
    id="F07",
    name=both("值守不足", "Gap in duty"),
    family=Family.FIRE,
    core=True,
    severity=Severity.ORANGE,
    formula=both("值班记录或查岗应答的间隔;在岗人数", "Gap in the duty log or in answers to roll calls; staff on duty"),
    needs=Needs(records=("duty_log",)),
    parameters=(
        cited("gap_h", 2, "h", cite("GB 25201", _S), "fault above"),
        cited("staff", 2, "people", cite("GB 25201", _S), "fault below"),
        COVERAGE,
    ),
    measure=both("补岗", "Restaff"),
    verified_by=Verification.RECORD,
    verification_window_days=7,
)

F08 = RuleSpec(
    id="F08",
    name=both("联网中断", "Link lost"),
    family=Family.FIRE,
    core=True,
    severity=Severity.ORANGE,
    formula=both(
        "遗嘱消息立即报警;修复时钟:现在 − 最后一次心跳",
        "A lost will alerts at once; repair clock: now − last heartbeat",
    ),
    needs=Needs(fields=("device.heartbeat_s",)),
    parameters=(
        cited("repair_h", 2, "h", cite("GB 50440", _S), "fault above"),
        cited("wireless_s", 300, "s", cite("EN 54-25", _H), "fault above, for radio links"),
        COVERAGE,
    ),
    measure=both("修复", "Restore the link"),
    verified_by=Verification.READINGS,
    verification_window_days=1,
)

F09 = RuleSpec(
    id="F09",
    name=both("常闭防火门开启", "Fire door open"),
    family=Family.FIRE,
    core=False,
    severity=Severity.ORANGE,
    formula=both("常闭防火门持续开启的时间", "How long a door that must stay closed has been open"),
    needs=Needs(metrics=(("open",),), fields=("opening.kind",)),
    parameters=(
        cited("open_s", 60, "s", published("vendors' published practice", _S), "yellow above, until open_orange_min"),
        chosen("open_orange_min", 5, "min", "orange above"),
        COVERAGE,
    ),
    measure=both("立即关闭", "Close now"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)

F10 = RuleSpec(
    id="F10",
    name=both("疏散门未释放", "Exit door not released"),
    family=Family.FIRE,
    core=False,
    severity=Severity.RED,
    formula=both(
        "确认火警(两个信号,或手动报警按钮)之后门仍锁闭",
        "Still locked after a confirmed fire (two signals, or a manual call point)",
    ),
    needs=Needs(metrics=(("locked",),), events=(EventType.FIRE,), fields=("opening.release_on_fire",)),
    parameters=(chosen("release_s", 10, "s", "fault above"), COVERAGE),
    measure=both("断电释放", "Release by cutting power"),
    verified_by=Verification.RECORD,
    verification_window_days=30,
)

F11 = RuleSpec(
    id="F11",
    name=both("检测逾期", "Test overdue"),
    family=Family.FIRE,
    core=False,
    severity=Severity.YELLOW,
    formula=both("现在 − 上次检测;现在 − 上次检查", "Now − last test; now − last check"),
    needs=Needs(records=("fire_tests",)),
    parameters=(
        cited("test_days", 365, "d", cite("61号令", _S), "fault above"),
        cited("check_quarters", 1, "quarters", cite("61号令", _S), "fault above"),
        COVERAGE,
    ),
    measure=both("补检", "Test now"),
    verified_by=Verification.RECORD,
    verification_window_days=30,
)

F12 = RuleSpec(
    id="F12",
    name=both("漏水", "Water leak"),
    family=Family.FIRE,
    core=True,
    severity=Severity.ORANGE,
    formula=both("漏水事件处于激活", "A leak event is active"),
    needs=Needs(events=(EventType.LEAK,)),
    parameters=(COVERAGE,),
    measure=both("关阀检修", "Shut the valve, repair"),
    verified_by=Verification.READINGS,
    verification_window_days=1,
)
