"""The texts that the catalogue rests on, each once: title, edition, and what is known of the edition's standing.

When an edition changes, this file changes and no other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sensors.catalogue.model import Confidence, Source, both
from sensors.topology import Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """A published text. `designation` carries the edition; `status` says what is moving, empty where nothing is."""

    key: str
    designation: str
    title: Name
    year: int
    status: str = ""


def _standard(key: str, designation: str, zh: str, en: str, year: int, status: str = "") -> Standard:
    return Standard(key=key, designation=designation, title=both(zh, en), year=year, status=status)


_TABLE = (
    # Office premises of public bodies
    _standard(
        "2674号",
        "发改投资〔2014〕2674号",
        "党政机关办公用房建设标准",
        "Construction standard for office premises of Party and government organs",
        2014,
    ),
    _standard(
        "办公用房管理办法",
        "党政机关办公用房管理办法 (2017)",
        "党政机关办公用房管理办法",
        "Measures for the management of office premises of Party and government organs",
        2017,
        "the rule list gives the figures as read but not the title; the title is this catalogue's attribution",
    ),
    _standard(
        "厉行节约条例",
        "党政机关厉行节约反对浪费条例",
        "党政机关厉行节约反对浪费条例",
        "Regulations on practising economy and opposing waste in Party and government organs",
        2013,
        "revised in 2025; the rule list says 条例 only, the title is this catalogue's attribution",
    ),
    # Energy
    _standard(
        "GB/T 51161", "GB/T 51161-2016", "民用建筑能耗标准", "Standard for energy consumption of buildings", 2016
    ),
    _standard(
        "42号",
        "国办发〔2007〕42号",
        "关于严格执行公共建筑空调温度控制标准的通知",
        "Notice on strictly carrying out temperature control of air conditioning in public buildings",
        2007,
    ),
    _standard(
        "GB 55015",
        "GB 55015-2021",
        "建筑节能与可再生能源利用通用规范",
        "General code for building energy efficiency and renewable energy",
        2021,
    ),
    _standard(
        "Guideline 14",
        "ASHRAE Guideline 14-2014",
        "能源、需量与用水节约量的测量",
        "Measurement of energy, demand and water savings",
        2014,
        "a newer edition exists; the acceptance limits used here are the widely cited ones of 2014",
    ),
    _standard(
        "IPMVP",
        "IPMVP Core Concepts, option C",
        "国际节能效果测量和验证规程",
        "International performance measurement and verification protocol",
        2022,
    ),
    _standard("CalTRACK", "CalTRACK 2", "CalTRACK 节能量计算方法", "CalTRACK methods", 2018),
    _standard("GB/T 2589", "GB/T 2589-2020", "综合能耗计算通则", "General rules for energy consumption", 2020),
    _standard(
        "十四五公共机构规划",
        "“十四五”公共机构节约能源资源工作规划",
        "“十四五”公共机构节约能源资源工作规划",
        "Plan for saving energy and resources in public institutions, 14th five-year period",
        2021,
        "covers 2021 to 2025; its 2020 baseline and its targets are dated data",
    ),
    _standard(
        "301号",
        "国管节能〔2022〕301号",
        "公共机构能源资源消费统计调查制度",
        "Statistical survey of energy and resource use in public institutions",
        2022,
    ),
    _standard(
        "电力排放因子",
        "电力二氧化碳排放因子公告",
        "电力二氧化碳排放因子",
        "Carbon dioxide emission factors of electricity",
        2023,
        "published year by year; the year of each figure stands beside it",
    ),
    _standard(
        "1093号",
        "发改价格〔2021〕1093号",
        "关于进一步完善分时电价机制的通知",
        "Notice on improving time-of-use electricity prices",
        2021,
        "periods and prices are the province's; the title is this catalogue's attribution",
    ),
    # Air, light and sound
    _standard("GB/T 18883", "GB/T 18883-2022", "室内空气质量标准", "Standards for indoor air quality", 2022),
    _standard(
        "GB 50736",
        "GB 50736-2012",
        "民用建筑供暖通风与空气调节设计规范",
        "Design code for heating, ventilation and air conditioning of civil buildings",
        2012,
    ),
    _standard(
        "GB 50034",
        "GB 50034-2013",
        "建筑照明设计标准",
        "Standard for lighting design of buildings",
        2013,
        "succeeded by GB/T 50034-2024; check the values against it",
    ),
    _standard(
        "GB 50118",
        "GB 50118-2010",
        "民用建筑隔声设计规范",
        "Code for sound insulation design of civil buildings",
        2010,
    ),
    _standard("EN 16798-1", "EN 16798-1:2019", "建筑室内环境输入参数", "Indoor environmental input parameters", 2019),
    _standard("RESET Air", "RESET Air v2", "RESET 空气标准", "RESET Air standard", 2018),
    # Fire
    _standard(
        "GB 50116",
        "GB 50116-2013",
        "火灾自动报警系统设计规范",
        "Code for design of automatic fire alarm systems",
        2013,
    ),
    _standard(
        "GB 25506",
        "GB 25506-2010",
        "消防控制室通用技术要求",
        "General technical requirements for fire control rooms",
        2010,
    ),
    _standard(
        "GB 50440",
        "GB 50440-2007",
        "城市消防远程监控系统技术规范",
        "Technical code for urban remote monitoring of fire protection",
        2007,
    ),
    _standard(
        "GB 25201",
        "GB 25201-2010",
        "建筑消防设施的维护管理",
        "Maintenance and management of building fire equipment",
        2010,
    ),
    _standard(
        "GB 50370",
        "GB 50370-2005",
        "气体灭火系统设计规范",
        "Code for design of gas fire extinguishing systems",
        2005,
    ),
    _standard(
        "61号令",
        "公安部令第61号",
        "机关、团体、企业、事业单位消防安全管理规定",
        "Provisions on fire safety management of organs, organisations, enterprises and institutions",
        2001,
    ),
    _standard(
        "EN 54-25", "EN 54-25:2008", "采用无线连接的火灾报警部件", "Fire alarm components using radio links", 2008
    ),
    _standard(
        "GB/T 26875.1",
        "GB/T 26875.1-2026",
        "城市消防远程监控系统 第1部分",
        "Urban remote monitoring of fire protection, part 1",
        2026,
        "applies from 2027-05-01",
    ),
    _standard(
        "GB/T 26875.3",
        "GB/T 26875.3-2011",
        "城市消防远程监控系统 第3部分:报警传输网络通信协议",
        "Urban remote monitoring of fire protection, part 3: protocol of the alarm network",
        2011,
    ),
    _standard(
        "GB 26875.9",
        "GB 26875.9-2026",
        "城市消防远程监控系统 第9部分",
        "Urban remote monitoring of fire protection, part 9",
        2026,
        "applies from 2027-03-01",
    ),
    _standard("GB 4717", "GB 4717-2024", "火灾报警控制器", "Fire alarm control units", 2024, "since 2025-05-01"),
    _standard("GB 12955", "GB 12955-2024", "防火门", "Fire resistant doors", 2024, "from 2026-05-01"),
    _standard(
        "GB 14287.5",
        "GB 14287.5-2025",
        "电气火灾监控系统 第5部分",
        "Electrical fire monitoring systems, part 5",
        2025,
        "since 2026-11-01",
    ),
    _standard(
        "GB/T 40248",
        "GB/T 40248-2021",
        "人员密集场所消防安全管理",
        "Fire safety management of places of assembly",
        2021,
        "took the place of GA 654",
    ),
    _standard(
        "GB 35181",
        "GB 35181-2025",
        "重大火灾隐患判定规则",
        "Rules for judging major fire hazards",
        2025,
        "hazards are graded 一般 / 重大隐患, not by colour",
    ),
    # Electricity and doors
    _standard(
        "GB/T 12325",
        "GB/T 12325-2008",
        "电能质量 供电电压偏差",
        "Power quality: deviation of supply voltage",
        2008,
    ),
    _standard(
        "GB/T 15543", "GB/T 15543-2008", "电能质量 三相电压不平衡", "Power quality: three-phase voltage unbalance", 2008
    ),
    _standard(
        "GB 50396",
        "GB 50396-2007",
        "出入口控制系统工程设计规范",
        "Code for design of access control systems",
        2007,
    ),
    _standard(
        "GB 51348",
        "GB 51348-2019",
        "民用建筑电气设计标准",
        "Standard for electrical design of civil buildings",
        2019,
        "the rule list gives §14.4 without a title; the title is this catalogue's attribution",
    ),
    # Documents
    _standard("GB/T 9704", "GB/T 9704-2012", "党政机关公文格式", "Layout of official documents", 2012),
)

STANDARDS: Mapping[str, Standard] = MappingProxyType({standard.key: standard for standard in _TABLE})


def cite(key: str, confidence: Confidence, clause: str = "") -> Source:
    """Return a source that names a standard in its edition, with the clause where it is known.

    Raises KeyError for a standard that is not in the table.
    """
    standard = STANDARDS[key]
    return Source(
        text=f"{standard.designation} {clause}".rstrip(), confidence=confidence, standard=key, year=standard.year
    )


def published(text: str, confidence: Confidence = Confidence.STANDARD) -> Source:
    """Return a source that is a published text without a standard's number, such as vendors' practice."""
    return Source(text=text, confidence=confidence)
