"""Panels of findings, alerts, items, the books of ingest and the hours of a week."""

from dashboards.influxql import hours_of_week, now_of_site, number_of, of_site, records, steps, taken
from dashboards.panels import Limit, Panel, View
from sensors.catalogue.model import both

_COLUMNS = {
    "number": both("编号", "Number"),
    "rule": both("规则", "Rule"),
    "subject": both("对象", "Subject"),
    "severity": both("级别", "Severity"),
    "state": both("状态", "State"),
    "event": both("事件", "Event"),
    "zone": both("防区", "Zone"),
    "deadline": both("期限", "Deadline"),
    "value": both("实测", "Measured"),
    "threshold": both("限值", "Limit"),
    "energy_kwh": both("多用电 (kWh)", "Energy, kWh"),
    "savings_kwh": both("节约 (kWh)", "Saved, kWh"),
    "savings_low_kwh": both("90%区间下限", "90 % from"),
    "savings_high_kwh": both("90%区间上限", "90 % to"),
    "weekday": both("星期", "Weekday"),
}

_STANDING = """"open" = 1 AND "judged" != 'false'"""
"""What stands, less what a person has called wrong."""

OPEN_ITEMS = Panel(
    title=both("未销号事项", "Open items"),
    description=both("所选时间末尚未销号的整改事项数", "Items not signed off at the end of the time shown"),
    unit="short",
    queries=(number_of("items", where='"open" = 1'),),
    without="0",
    view=View.STAT,
)
OVERDUE_ITEMS = Panel(
    title=both("逾期事项", "Overdue items"),
    description=both(
        "期限已过、当时尚未销号的事项数;期限当天不算逾期",
        "Open items whose deadline has passed at the end of the time shown; the day itself is in time",
    ),
    unit="short",
    queries=(number_of("items", where='"open" = 1 AND "deadline_ms" < ${__to}'),),
    without="0",
    view=View.STAT,
)
VERIFIED_SAVINGS = Panel(
    title=both("已核实节约", "Verified savings"),
    description=both(
        "整个院区已核实事项合计节约的千瓦时及90%置信区间;共用回路的只计一次",
        "kWh that verified items of the site save together, with the 90 % interval; shared circuits count once",
    ),
    unit="kwatth",
    queries=(now_of_site("totals", "savings_low_kwh", "savings_kwh", "savings_high_kwh"),),
    view=View.STAT,
    columns=_COLUMNS,
)
ITEMS_OVER_TIME = Panel(
    title=both("未销号与逾期(院区)", "Open and overdue, of the site"),
    description=both("每次变动及每小时的数目", "Their number at every change and every hour"),
    unit="short",
    queries=(of_site("totals", "items_open", "items_overdue"),),
)
ITEM_STEPS = Panel(
    title=both("每天立项与销号", "Opened and signed off per day"),
    description=both("每天新立与销号的事项数", "Items proposed and items signed off on each day"),
    unit="short",
    queries=(steps("propose"), steps("sign_off")),
)
SAVINGS_OVER_TIME = Panel(
    title=both("已核实节约的变化", "Verified savings over time"),
    description=both("合计及90%置信区间的上下限", "The sum with both ends of its 90 % interval"),
    unit="kwatth",
    queries=(of_site("totals", "savings_low_kwh", "savings_kwh", "savings_high_kwh"),),
)
ITEM_TABLE = Panel(
    title=both("未销号事项清单", "Items that are open"),
    description=both("编号、规则、对象、级别、状态和期限", "Number, rule, subject, severity, state and deadline"),
    unit="none",
    queries=(records("items", "number", "rule", "subject", "severity", "state", "deadline", where='"open" = 1'),),
    view=View.TABLE,
    columns=_COLUMNS,
)
SAVINGS_TABLE = Panel(
    title=both("各事项核实节约", "What each verified item saves"),
    description=both(
        "已核实事项的节约与90%置信区间;无数字者不列",
        "Savings with their 90 % interval; items without a figure are left out",
    ),
    unit="none",
    queries=(
        records(
            "items",
            *("number", "rule", "subject", "savings_low_kwh", "savings_kwh", "savings_high_kwh"),
            where='"verified" = 1 AND "savings_kwh" > -1000000000000',
        ),
    ),
    view=View.TABLE,
    columns=_COLUMNS,
)
FINDINGS_BY_RULE = Panel(
    title=both("疑似问题(按规则)", "Findings by rule"),
    description=both(
        "尚未结束、未被判为误报的疑似问题数,待人核实",
        "Findings that stand and that nobody called wrong, each to be verified by a person",
    ),
    unit="short",
    queries=(number_of("findings", where=_STANDING, by="rule"),),
    view=View.TABLE,
    columns=_COLUMNS,
)
FINDING_TABLE = Panel(
    title=both("疑似问题清单", "Findings that stand"),
    description=both(
        "实测与限值;一两人办公室的数字不显示", "Measured and limit; offices of one or two people show no figures"
    ),
    unit="none",
    queries=(records("findings", "rule", "subject", "severity", "value", "threshold", "energy_kwh", where=_STANDING),),
    view=View.TABLE,
    columns=_COLUMNS,
)
TO_ACKNOWLEDGE = Panel(
    title=both("确认用时", "Time to acknowledge"),
    description=both(
        "按规则和起始日的最长用时;限值取自规则 F01;未确认的不在内",
        "The longest by rule and day of onset; the limit is that of rule F01; alerts not acknowledged are not in it",
    ),
    unit="s",
    queries=(taken("acknowledge_s", "max"),),
    limits=(Limit("F01", "acknowledge_s", "red"),),
)
TO_CLEAR = Panel(
    title=both("恢复用时", "Time to clear"),
    description=both(
        "按规则和起始日的平均用时;未恢复的不在内", "The mean by rule and day of onset; alerts that last are not in it"
    ),
    unit="s",
    queries=(taken("clear_s", "mean"),),
)
ALERT_TABLE = Panel(
    title=both("未结束报警", "Alerts that are open"),
    description=both(
        "未恢复或无人确认的报警;火警以消防主机为准",
        "Alerts that last, or that nobody has acknowledged; of fire the panel itself is the authority",
    ),
    unit="none",
    queries=(records("alerts", "severity", "rule", "subject", "event", "zone", "state", where='"open" = 1'),),
    view=View.TABLE,
    columns=_COLUMNS,
)
HOURS_OF_WEEK = Panel(
    title=both("一周各时段使用", "Use by hour and weekday"),
    description=both(
        "近四周各星期各小时的有人比例,星期1为周一;房间少于三间的楼层不计",
        "Share occupied of each hour of the week over four weeks, weekday 1 is Monday; floors with fewer than three "
        "rooms are left out",
    ),
    unit="percentunit",
    queries=(hours_of_week(),),
    view=View.GRID,
    columns=_COLUMNS,
)
QUARANTINE = Panel(
    title=both("隔离记录", "Quarantine"),
    description=both("各网关被隔离的记录累计数", "Records of each gateway that were quarantined, running total"),
    unit="short",
    queries=(of_site("books", "quarantined", by="gateway"),),
)
GATEWAY_LAG = Panel(
    title=both("网关静默", "Silence of gateways"),
    description=both("距各网关最近一条记录的时间", "Time since the last record of each gateway came"),
    unit="s",
    queries=(of_site("books", "lag_s", function="max", by="gateway"),),
)
STORE_LAG = Panel(
    title=both("入库延迟", "Lag of the store"),
    description=both("最久等待入库的记录已等待的时间", "How long the oldest record has waited for the store"),
    unit="s",
    queries=(of_site("books", "store_lag_s", function="max"),),
)
MISSING_MESSAGES = Panel(
    title=both("缺失消息", "Messages missing"),
    description=both("各网关序号未到的消息累计数", "Messages of each gateway whose number never came, running total"),
    unit="short",
    queries=(of_site("books", "missing_messages", by="gateway"),),
)
