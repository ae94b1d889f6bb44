"""Every alarm with its rule, its kind, its colour, its name, and what to do; no alarm is told without them.

The texts stand here and not in a file: what says that it burns must not fail because a file cannot be read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sensors.alarms import Alarm, AlarmKind
from sensors.topology import Name
from sensors.verdicts import Severity

OWN = "OPS"
"""Stands where an alarm is about the program itself and falls under no rule of the catalogue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmFacts:
    """What is known of an alarm. `severity` is the usual one; a signal may carry another."""

    rule: str
    kind: AlarmKind
    severity: Severity
    name: Name
    advice: Name


def _facts(
    rule: str, kind: AlarmKind, severity: Severity, name: tuple[str, str], advice: tuple[str, str]
) -> AlarmFacts:
    return AlarmFacts(
        rule=rule,
        kind=kind,
        severity=severity,
        name=Name(zh=name[0], en=name[1]),
        advice=Name(zh=advice[0], en=advice[1]),
    )


_RED, _ORANGE, _YELLOW, _BLUE = Severity.RED, Severity.ORANGE, Severity.YELLOW, Severity.BLUE
_FIRE, _DOOR, _WATER = AlarmKind.FIRE, AlarmKind.DOOR, AlarmKind.WATER
_ELECTRICAL, _DATA, _OPERATION = AlarmKind.ELECTRICAL, AlarmKind.DATA, AlarmKind.OPERATION

ALARMS: Mapping[Alarm, AlarmFacts] = MappingProxyType(
    {
        Alarm.FIRE: _facts(
            "F01",
            _FIRE,
            _RED,
            ("火警", "Fire alarm"),
            ("立即到场核实，属实拨119并疏散", "Go and look at once; if it burns, call 119 and evacuate"),
        ),
        Alarm.SMOKE: _facts(
            "F01",
            _FIRE,
            _RED,
            ("烟感报警", "Smoke detector alarm"),
            ("立即到场查看，属实拨119", "Go and look at once; if it burns, call 119"),
        ),
        Alarm.HEAT: _facts(
            "F01",
            _FIRE,
            _RED,
            ("温感报警", "Heat detector alarm"),
            ("立即到场查看，属实拨119", "Go and look at once; if it burns, call 119"),
        ),
        Alarm.LEAK: _facts(
            "F12",
            _WATER,
            _ORANGE,
            ("漏水", "Water leak"),
            ("关阀断电，再查漏点", "Shut the valve, cut the power nearby, find the leak"),
        ),
        Alarm.FORCED: _facts(
            "D02",
            _DOOR,
            _ORANGE,
            ("强行开门", "Door forced"),
            ("查看现场和录像，勿单独处置", "Look at the place and the video; do not act alone"),
        ),
        Alarm.RELAY_SLOW: _facts(
            "F02",
            _FIRE,
            _ORANGE,
            ("报警传输超时", "Slow relay of alarms"),
            ("检查传输装置与线路", "Check the transmitter and its line"),
        ),
        Alarm.FAULT_OPEN: _facts(
            "F03",
            _FIRE,
            _ORANGE,
            ("消防故障未修", "Fire system fault still open"),
            ("联系维保，修复后签字", "Call maintenance; have the repair signed"),
        ),
        Alarm.ISOLATED: _facts(
            "F05",
            _FIRE,
            _ORANGE,
            ("消防设备被屏蔽", "Fire device isolated"),
            ("补办审批或立即恢复", "Have it approved, or restore it now"),
        ),
        Alarm.MANUAL_MODE: _facts(
            "F06",
            _FIRE,
            _RED,
            ("联动处于手动", "Interlocks in manual mode"),
            ("确认无人作业后恢复自动", "When nobody works on it, set it back to automatic"),
        ),
        Alarm.DUTY_GAP: _facts(
            "F07",
            _FIRE,
            _ORANGE,
            ("值守不足", "Fire control room unattended"),
            ("立即补岗并记录", "Staff the room now and note it"),
        ),
        Alarm.LINK_LOST: _facts(
            "F08",
            _FIRE,
            _ORANGE,
            ("消防联网中断", "Link to the fire panel lost"),
            ("查线路，期间加强巡查", "Check the line; patrol until it is back"),
        ),
        Alarm.FIRE_DOOR_OPEN: _facts(
            "F09",
            _DOOR,
            _YELLOW,
            ("常闭防火门开启", "Fire door left open"),
            ("立即关闭，移走门挡", "Close it now, take the wedge away"),
        ),
        Alarm.EXIT_LOCKED: _facts(
            "F10",
            _DOOR,
            _RED,
            ("疏散门未释放", "Exit door not released"),
            ("切断门禁电源，人工开门", "Cut the lock's power, open by hand"),
        ),
        Alarm.RESIDUAL_CURRENT: _facts(
            "L01",
            _ELECTRICAL,
            _ORANGE,
            ("剩余电流超限", "Residual current too high"),
            ("断开支路排查绝缘", "Open the branch and test its insulation"),
        ),
        Alarm.CABLE_HOT: _facts(
            "L03",
            _ELECTRICAL,
            _ORANGE,
            ("线缆过温", "Cable too hot"),
            ("减载，断电后紧固接头", "Take off load; retighten the joints with power off"),
        ),
        Alarm.DOOR_HELD: _facts(
            "D01", _DOOR, _BLUE, ("门超时未关", "Door held open"), ("关门并检查闭门器", "Close it and check the closer")
        ),
        Alarm.DENIALS: _facts(
            "D03", _DOOR, _YELLOW, ("连续拒绝", "Denied again and again"), ("查看录像核实", "Look at the video")
        ),
        Alarm.PASSED_BACK: _facts(
            "D05",
            _DOOR,
            _BLUE,
            ("反潜回", "One card came in twice"),
            ("核查门禁记录和录像", "Look at the door's records and the video"),
        ),
        Alarm.DOOR_OFFLINE: _facts(
            "D04", _DOOR, _YELLOW, ("门禁离线", "Door controller offline"), ("查供电和网络", "Check power and network")
        ),
        Alarm.TAMPERED: _facts(
            "D06",
            _DOOR,
            _YELLOW,
            ("设备被拆动", "Device tampered with"),
            ("到场查看，复位防拆", "Go and look; close it"),
        ),
        Alarm.CLOCK_DRIFT: _facts(
            "D06",
            _DOOR,
            _YELLOW,
            ("设备时钟走偏", "Device clock drifts"),
            ("校时并查电池", "Set it; check its battery"),
        ),
        Alarm.GATEWAY_DOWN: _facts(
            "G04", _DATA, _ORANGE, ("网关失联", "Gateway down"), ("查网关供电和网络", "Check its power and network")
        ),
        Alarm.FINDING: _facts(
            OWN, AlarmKind.FINDING, _YELLOW, ("巡检发现", "New finding"), ("到控制台核实", "Look at it in the console")
        ),
        Alarm.TEST: _facts(
            OWN, _OPERATION, _YELLOW, ("告警测试", "Test of alerts"), ("收到请确认", "Acknowledge that this arrived")
        ),
        Alarm.UNCONFIRMED_TEST: _facts(
            OWN,
            _OPERATION,
            _ORANGE,
            ("告警测试无人确认", "Test alert not confirmed"),
            ("检查通知渠道和值班表", "Check channels and the duty roster"),
        ),
        Alarm.CHANNEL_FAILS: _facts(
            OWN,
            _OPERATION,
            _ORANGE,
            ("通知渠道故障", "A channel fails"),
            ("检查渠道设置与网络", "Check the channel's settings and network"),
        ),
        Alarm.INGEST_SILENT: _facts(
            OWN,
            _OPERATION,
            _RED,
            ("数据接入中断", "Nothing comes in any more"),
            ("检查接入进程和消息服务器", "Check the ingest process and the broker"),
        ),
        Alarm.CLOCK_OFF: _facts(
            OWN, _OPERATION, _ORANGE, ("时钟偏差", "Clock is off"), ("校准服务器时间", "Set the server's time")
        ),
        Alarm.RECORDS_AWAY: _facts(
            OWN,
            _OPERATION,
            _ORANGE,
            ("记录库不可用", "Records cannot be reached"),
            ("检查数据库；通知仍会发出", "Check the database; notices still go out"),
        ),
        Alarm.POLICY_REFUSED: _facts(
            OWN,
            _OPERATION,
            _ORANGE,
            ("告警策略文件有误", "The alert policy cannot be used"),
            ("运行 premises alerts check", "Run premises alerts check"),
        ),
        Alarm.THRESHOLDS_REFUSED: _facts(
            OWN,
            _OPERATION,
            _YELLOW,
            ("自定阈值文件有误", "The site's thresholds cannot be used"),
            ("改正thresholds.yaml；此前的阈值仍有效", "Mend thresholds.yaml; those before still hold"),
        ),
        Alarm.RULE_FAILED: _facts(
            OWN, _OPERATION, _YELLOW, ("规则运行失败", "A rule failed"), ("查看日志", "Look at the log")
        ),
        Alarm.ALERT_FLOOD: _facts(
            "G06",
            _OPERATION,
            _BLUE,
            ("报警质量差", "Alarms of poor quality"),
            ("设死区或归并", "Set a deadband or group them"),
        ),
    }
)
"""What may be told, in the order of `Alarm`."""
