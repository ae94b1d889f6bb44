"""The dashboards: what stands on each, in both languages."""

from dashboards.influxql import energy, events, last, raw
from dashboards.panels import Board, Limit, Panel, View
from dashboards.state_panels import (
    ALERT_TABLE,
    FINDING_TABLE,
    FINDINGS_BY_RULE,
    GATEWAY_LAG,
    HOURS_OF_WEEK,
    ITEM_STEPS,
    ITEM_TABLE,
    ITEMS_OVER_TIME,
    MISSING_MESSAGES,
    OPEN_ITEMS,
    OVERDUE_ITEMS,
    QUARANTINE,
    SAVINGS_OVER_TIME,
    SAVINGS_TABLE,
    STORE_LAG,
    TO_ACKNOWLEDGE,
    TO_CLEAR,
    VERIFIED_SAVINGS,
)
from sensors.catalogue.model import both

_CO2 = (Limit("A01", "co2_ppm", "yellow"), Limit("A01", "co2_orange_ppm", "orange"))
_PM25 = (Limit("A03", "pm2_5_ugm3", "yellow"),)
_RESIDUAL = (Limit("L01", "residual_ma", "orange"), Limit("L01", "residual_red_ma", "red"))
_CABLE = (Limit("L03", "cable_c", "orange"),)

ENERGY_BY_BUILDING = Panel(
    title=both("各楼用电", "Electricity by building"),
    description=both(
        "各楼所有电表每小时用电量之和;总表与分表并列时会重复计算",
        "Sum of all meters of a building per hour; where a main meter stands beside its sub-meters both count",
    ),
    unit="kwatth",
    queries=(energy(by="building"),),
)
CO2 = Panel(
    title=both("二氧化碳", "CO2"),
    description=both("各房间平均浓度;限值取自规则 A01", "Mean of each room; limits are those of rule A01"),
    unit="ppm",
    queries=(raw("co2_ppm"),),
    limits=_CO2,
)
FIRES = Panel(
    title=both("火警", "Fire alarms"),
    description=both("每小时发生的火警数,不含测试", "Fire alarms that began in each hour, tests left out"),
    unit="short",
    queries=(events("fire_alarm", "fire", "smoke"),),
)
LAST_SEEN = Panel(
    title=both("最近数据", "Last seen"),
    description=both(
        "每台设备所选时间内最后一条数据及时间", "The last reading of each device in the time shown, and when"
    ),
    unit="short",
    queries=(last("co2_ppm"), last("energy_import_kwh"), last("presence")),
    view=View.TABLE,
)

PORTFOLIO = Board(
    id="portfolio",
    title=both("总览", "Portfolio"),
    panels=(ENERGY_BY_BUILDING, CO2, FIRES, OPEN_ITEMS, OVERDUE_ITEMS, FINDINGS_BY_RULE, LAST_SEEN),
)
AIR = Board(
    id="air",
    title=both("楼层与房间空气", "Air of floors and rooms"),
    console="/rooms",
    panels=(
        CO2,
        Panel(
            title=both("室温", "Temperature"),
            description=both("各房间平均室温", "Mean temperature of each room"),
            unit="celsius",
            queries=(raw("temperature_c"),),
        ),
        Panel(
            title=both("相对湿度", "Relative humidity"),
            description=both("各房间平均相对湿度", "Mean relative humidity of each room"),
            unit="humidity",
            queries=(raw("relative_humidity_pct"),),
        ),
        Panel(
            title=both("PM2.5", "PM2.5"),
            description=both("各房间平均浓度;限值取自规则 A03", "Mean of each room; the limit is that of rule A03"),
            unit="conμgm3",
            queries=(raw("pm2_5_ugm3"),),
            limits=_PM25,
        ),
    ),
)
ENERGY = Board(
    id="energy",
    title=both("用能", "Energy"),
    console="/energy",
    since="now-7d",
    panels=(
        Panel(
            title=both("功率", "Power"),
            description=both("各电表平均有功功率", "Mean active power of each meter"),
            unit="watt",
            queries=(raw("active_power_w", by="device"),),
        ),
        Panel(
            title=both("分表用电", "Sub-meters"),
            description=both("各电表每小时用电量", "Electricity of each meter per hour"),
            unit="kwatth",
            queries=(energy(),),
        ),
        Panel(
            title=both("分表用电(上周同日)", "Sub-meters, same day last week"),
            description=both("同左图,前移七天", "The same seven days earlier"),
            unit="kwatth",
            queries=(energy(),),
            shift="7d",
        ),
        Panel(
            title=both("基础负荷", "Base load"),
            description=both("每天用电最少的一小时,按电表", "The hour of each day that used least, by meter"),
            unit="kwatth",
            queries=(energy("min", every="1d"),),
        ),
        Panel(
            title=both("单位面积用电", "Electricity per area"),
            description=both(
                "每天每平方米千瓦时;面积填在上方", "kWh per m² and day; enter the area of what is chosen above"
            ),
            unit="suffix:kWh/m²",
            queries=(energy(every="1d", by="building", times=" / $area_m2"),),
        ),
        Panel(
            title=both("电费", "Cost"),
            description=both("每天电费,按上方填写的单价", "Cost per day at the price entered above"),
            unit="currencyCNY",
            queries=(energy(every="1d", by="building", times=" * $price_per_kwh"),),
        ),
        Panel(
            title=both("碳排放", "Carbon"),
            description=both(
                "每天排放;因子填在上方,默认为2023年全国因子0.5306 kg/kWh",
                "Carbon per day by the factor entered above; 0.5306 kg/kWh is China's of 2023",
            ),
            unit="masskg",
            queries=(energy(every="1d", by="building", times=" * $carbon_kg_per_kwh"),),
        ),
    ),
)
OCCUPANCY = Board(
    id="occupancy",
    title=both("使用情况", "Occupancy"),
    console="/utilisation",
    since="now-7d",
    panels=(
        HOURS_OF_WEEK,
        Panel(
            title=both("有人比例", "Share of time occupied"),
            description=both(
                "按楼层而非房间,以免成为个人考勤",
                "By floor, not by room, for a room's line would be an attendance record",
            ),
            unit="percentunit",
            queries=(raw("presence", by="floor", every="1h"),),
        ),
        Panel(
            title=both("空调运行与有人", "Conditioned, and occupied"),
            description=both(
                "空调开启比例与有人比例并列;前高后低即空开",
                "Share of time conditioned beside that occupied; the first without the second is waste",
            ),
            unit="percentunit",
            queries=(raw("hvac_on", by="floor", every="1h"), raw("presence", by="floor", every="1h")),
        ),
    ),
)
SAFETY = Board(
    id="safety",
    title=both("安全", "Safety"),
    console="/alerts",
    since="now-7d",
    panels=(
        FIRES,
        ALERT_TABLE,
        TO_ACKNOWLEDGE,
        TO_CLEAR,
        Panel(
            title=both("消防故障", "Fire system faults"),
            description=both("每小时发生的故障与屏蔽数", "Faults and isolations that began in each hour"),
            unit="short",
            queries=(events("fire_alarm", "fault", "isolation"),),
        ),
        Panel(
            title=both("剩余电流", "Residual current"),
            description=both("各回路最大值;限值取自规则 L01", "Maximum of each circuit; limits are those of rule L01"),
            unit="mamp",
            queries=(raw("residual_current_ma", "max", by="device"),),
            limits=_RESIDUAL,
        ),
        Panel(
            title=both("线缆温度", "Cable temperature"),
            description=both("各回路最大值;限值取自规则 L03", "Maximum of each circuit; the limit is that of rule L03"),
            unit="celsius",
            queries=(raw("cable_temperature_c", "max", by="device"),),
            limits=_CABLE,
        ),
        Panel(
            title=both("门禁事件", "Door events"),
            description=both("每小时强行开门与拒绝的次数", "Doors forced and entries denied in each hour"),
            unit="short",
            queries=(events("door_access", "forced", "denied"),),
        ),
    ),
)
RECTIFICATION = Board(
    id="rectification",
    title=both("整改", "Rectification"),
    console="/plan",
    since="now-30d",
    panels=(
        OPEN_ITEMS,
        OVERDUE_ITEMS,
        VERIFIED_SAVINGS,
        SAVINGS_OVER_TIME,
        ITEMS_OVER_TIME,
        ITEM_STEPS,
        ITEM_TABLE,
        SAVINGS_TABLE,
        FINDINGS_BY_RULE,
        FINDING_TABLE,
    ),
)
QUALITY = Board(
    id="quality",
    title=both("数据质量", "Data quality"),
    console="/data",
    panels=(
        LAST_SEEN,
        QUARANTINE,
        GATEWAY_LAG,
        STORE_LAG,
        MISSING_MESSAGES,
        Panel(
            title=both("空气数据条数", "Air readings"),
            description=both(
                "每台设备每小时条数;缺口即无数据", "Readings of each device per hour; a gap is missing data"
            ),
            unit="short",
            queries=(raw("co2_ppm", "count", by="device", every="1h"),),
        ),
        Panel(
            title=both("电表数据条数", "Meter readings"),
            description=both(
                "每台电表每小时条数;缺口即无数据", "Readings of each meter per hour; a gap is missing data"
            ),
            unit="short",
            queries=(raw("energy_import_kwh", "count", by="device", every="1h"),),
        ),
    ),
)

BOARDS = (PORTFOLIO, AIR, ENERGY, OCCUPANCY, SAFETY, RECTIFICATION, QUALITY)
"""All of them, in the order in which a person reads."""
