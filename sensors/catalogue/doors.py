"""D: doors and access."""

from sensors.catalogue.model import COVERAGE, Confidence, Family, Needs, RuleSpec, Verification, both, chosen, cited
from sensors.catalogue.standards import cite, published
from sensors.events import EventType
from sensors.verdicts import Severity

_S = Confidence.STANDARD
_H = Confidence.HIGH

D01 = RuleSpec(
    id="D01",
    name=both("门开启超时", "Door held open"),
    family=Family.DOORS,
    core=True,
    severity=Severity.BLUE,
    formula=both("开启时间 − 授权时间;释放区除外", "Open since the grant; not in released zones"),
    needs=Needs(metrics=(("open",),), events=(EventType.GRANTED,), fields=("opening.kind",)),
    parameters=(chosen("held_s", 30, "s", "fault above"), COVERAGE),
    measure=both("修闭门器", "Mend the closer"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)

D02 = RuleSpec(
    id="D02",
    name=both("强行开门", "Door forced"),
    family=Family.DOORS,
    core=True,
    severity=Severity.ORANGE,
    formula=both(
        "打开前10秒内没有授权或出门按钮;仅限接有出门按钮的门;释放区除外",
        "Open with no grant or exit request in the 10 s before; only where the exit request is wired; not in "
        "released zones",
    ),
    needs=Needs(
        metrics=(("open",),),
        events=(EventType.GRANTED, EventType.EXIT_REQUEST),
        fields=("opening.kind", "opening.rex_wired"),
    ),
    parameters=(chosen("grant_window_s", 10, "s"), COVERAGE),
    measure=both("现场处置", "Respond on site"),
    verified_by=Verification.INSPECTION,
    verification_window_days=7,
    basis=(cite("GB 51348", _S, "§14.4"),),
)

D03 = RuleSpec(
    id="D03",
    name=both("连续拒绝", "Repeated denials"),
    family=Family.DOORS,
    core=True,
    severity=Severity.YELLOW,
    formula=both("连续失败次数", "Consecutive failures"),
    needs=Needs(events=(EventType.DENIED, EventType.GRANTED)),
    parameters=(cited("denials", 5, "denials", cite("GB 50396", _S), "fault at or above"), COVERAGE),
    measure=both("核查", "Review"),
    verified_by=Verification.RECORD,
    verification_window_days=7,
)

D04 = RuleSpec(
    id="D04",
    name=both("门禁离线", "Access control offline"),
    family=Family.DOORS,
    core=True,
    severity=Severity.YELLOW,
    formula=both("事件延迟;心跳间隔", "Latency of events; time since the last heartbeat"),
    needs=Needs(events=(EventType.GRANTED,), fields=("device.heartbeat_s",)),
    parameters=(
        cited("latency_s", 5, "s", cite("GB 50396", _S), "fault above"),
        chosen("heartbeat_min", 5, "min", "fault above"),
        COVERAGE,
    ),
    measure=both("检修", "Repair"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)

D05 = RuleSpec(
    id="D05",
    name=both("反潜回", "Anti-passback"),
    family=Family.DOORS,
    core=False,
    severity=Severity.BLUE,
    formula=both("同一凭证两次进入而无离开;默认关闭", "One credential, two entries, no exit; off by default"),
    needs=Needs(events=(EventType.GRANTED,), fields=("device.direction",)),
    parameters=(
        chosen("reread_s", 5, "s", "the same reader reading the card again so soon is one entry"),
        chosen("stay_h", 14, "h", "so long after it an entry counts no more: people leave with others"),
        COVERAGE,
    ),
    measure=both("核查", "Review"),
    verified_by=Verification.RECORD,
    verification_window_days=7,
    basis=(cite("GB 51348", _S, "§14.4.4"),),
)

D06 = RuleSpec(
    id="D06",
    name=both("防拆、时钟", "Tamper, clock"),
    family=Family.DOORS,
    core=False,
    severity=Severity.YELLOW,
    formula=both("防拆输入;每日时钟偏差", "Tamper input; drift of the clock per day"),
    needs=Needs(events=(EventType.TAMPER,), fields=("device.clock_offset_s",)),
    parameters=(
        cited("host_drift_s", 5, "s/d", cite("GB 50396", _S), "fault above"),
        cited("part_drift_s", 10, "s/d", cite("GB 50396", _S), "fault above"),
        COVERAGE,
    ),
    measure=both("巡检、校时", "Inspect, synchronise"),
    verified_by=Verification.INSPECTION,
    verification_window_days=7,
    basis=(published("usual tamper supervision of such parts, recalled", _H),),
)
