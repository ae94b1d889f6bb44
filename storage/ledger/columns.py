"""What the sheets of a ledger hold: headings in Chinese and English, kinds, and the words of closed lists.

`key` is the way to a field of an entry of `registry.yaml`, `name.zh` one inside another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """How a cell is written."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    CHOICE = "choice"
    DATE = "date"
    LIST = "list"
    SPANS = "spans"
    SEASONS = "seasons"
    SHARES = "shares"
    PLACES = "places"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a sheet; `words` maps what the registry says to what Chinese readers do."""

    key: str
    zh: str
    en: str
    kind: Kind = Kind.TEXT
    words: Mapping[str, str] = field(default_factory=dict)
    section: str | None = None
    """Where the ids are listed that the cell names."""
    also: tuple[str, ...] = ()
    """Headings that mean the same, those of official ledgers (办公用房管理台账) among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPlan:
    """One section of the registry as a sheet."""

    section: str
    zh: str
    columns: tuple[Column, ...]
    also: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Return the sheet's name in both languages."""
        return f"{self.zh} {self.section.capitalize()}"


FLAGS: Mapping[str, str] = MappingProxyType({"true": "是", "false": "否"})
CATEGORIES = {"office": "办公室", "service": "服务用房", "equipment": "设备用房", "ancillary": "附属用房"}
SUBTYPES = {
    "meeting": "会议室",
    "reception": "接待室",
    "archive": "档案室",
    "duty": "值班室",
    "server_room": "机房",
    "corridor": "走廊",
    "shared": "共享办公",
}
TENURES = {"own": "自用", "let": "出租", "lent": "出借", "enterprise": "企业占用"}
ITEMS = {
    "total": "总",
    "lighting": "照明",
    "plugs": "插座",
    "hvac": "空调",
    "power": "动力",
    "special": "特殊",
    "server_room": "机房",
    "kitchen": "厨房",
    "charging": "充电",
    "pv": "光伏",
}
OPENINGS = {"access": "门禁门", "fire_closed": "常闭防火门", "fire_open": "常开防火门", "window": "窗"}
ZONES = {
    "severe_cold_and_cold": "严寒和寒冷",
    "hot_summer_cold_winter": "夏热冬冷",
    "hot_summer_warm_winter": "夏热冬暖",
    "mild": "温和",
}
LEVELS = {"central": "中央", "provincial": "省级", "city": "市级", "county": "县级"}
DIRECTIONS = {"in": "进", "out": "出"}

HOLDERS_RANK = "holders.rank"
"""A column of official ledgers: the rank of who uses the room, which belongs to the person."""
USE = "use"
"""A column of official ledgers: what a room is used for, in one word for category and subtype."""
USES: Mapping[str, tuple[str, str | None]] = MappingProxyType(
    {
        **{name: (category, None) for category, name in CATEGORIES.items()},
        **{SUBTYPES[each]: ("service", each) for each in ("meeting", "reception", "archive", "duty")},
        "办公": ("office", None),
        "办公用房": ("office", None),
        "共享办公": ("office", "shared"),
        "机房": ("equipment", "server_room"),
        "配电室": ("equipment", None),
        "走廊": ("ancillary", "corridor"),
        "卫生间": ("service", None),
        "车库": ("ancillary", None),
        "食堂": ("ancillary", None),
    }
)
"""Which category 党政机关办公用房建设标准 (发改投资〔2014〕2674号) puts such rooms in."""

PASSED_OVER = frozenset(
    (
        *("序号", "备注", "房间数", "间数", "联系电话", "电话", "填报人", "填报时间"),
        *("核定面积", "标准面积", "应配面积", "超标面积", "是否超标", "原使用面积"),
    )
)
"""Headings of official ledgers from which nothing is taken: worked out here, or of no use to a registry."""
TOTALS = frozenset({"合计", "总计", "小计", "total", "subtotal", "sum"})


def _id(also: tuple[str, ...] = ()) -> Column:
    return Column(key="id", zh="编号", en="id", also=also)


def _names(zh: str, *also: str) -> tuple[Column, Column]:
    return (
        Column(key="name.zh", zh=zh, en="name (Chinese)", also=("name", "name_zh", *also)),
        Column(key="name.en", zh=f"{zh}（英文）", en="name (English)", also=("name_en",)),
    )


def _flag(key: str, zh: str) -> Column:
    return Column(key=key, zh=zh, en=key, kind=Kind.FLAG, words=FLAGS)


def _number(key: str, zh: str, *also: str) -> Column:
    return Column(key=key, zh=zh, en=key, kind=Kind.NUMBER, also=also)


def _text(key: str, zh: str, *also: str) -> Column:
    return Column(key=key, zh=zh, en=key, also=also)


def _choice(key: str, zh: str, words: Mapping[str, str], *also: str) -> Column:
    return Column(key=key, zh=zh, en=key, kind=Kind.CHOICE, words=words, also=also)


def _of(section: str, key: str, zh: str, *also: str) -> Column:
    return Column(key=key, zh=zh, en=key, section=section, also=also)


SITE = SheetPlan(
    section="site",
    zh="站点",
    columns=(
        _id(("站点编号",)),
        *_names("名称", "单位名称"),
        _text("timezone", "时区"),
        _text("working_hours", "工作时间"),
        _text("cleaning_hours", "保洁时间"),
        _text("calendar", "日历"),
        _number("altitude_m", "海拔（米）"),
        _choice("climate_zone", "气候区", ZONES),
        _choice("organ_level", "机关层级", LEVELS),
        _text("grid", "电网"),
        Column(key="season_hours", zh="分季工作时间", en="season_hours", kind=Kind.SEASONS),
        Column(key="heating_dates", zh="供暖日期", en="heating_dates", kind=Kind.SPANS),
        Column(key="cooling_dates", zh="供冷日期", en="cooling_dates", kind=Kind.SPANS),
    ),
)

DEPARTMENTS = SheetPlan(
    section="departments",
    zh="部门",
    columns=(_id(("部门编号",)), *_names("部门名称", "单位名称", "名称"), _number("headcount", "编制", "编制人数")),
    also=("单位", "处室"),
)

PEOPLE = SheetPlan(
    section="people",
    zh="人员",
    columns=(
        _id(("人员编号",)),
        _text("name", "姓名"),
        _of("departments", "department", "部门", "单位", "处室", "所在部门"),
        _text("rank", "职级", "职务", "级别", "职务职级"),
        Column(key="roles", zh="角色", en="roles", kind=Kind.LIST),
        Column(key="absences", zh="不在岗日期", en="absences", kind=Kind.SPANS),
        Column(key="left", zh="调离或退休日期", en="left", kind=Kind.DATE, also=("调离日期", "退休日期")),
        Column(key="concurrent_post_ended", zh="兼职结束日期", en="concurrent_post_ended", kind=Kind.DATE),
    ),
)

BUILDINGS = SheetPlan(
    section="buildings",
    zh="建筑",
    columns=(
        _id(("建筑编号", "楼栋编号")),
        *_names("建筑名称", "楼栋名称", "房屋名称", "名称"),
        _number("gross_area_m2", "建筑面积（㎡）", "建筑面积"),
        _number("headcount", "编制人数", "编制"),
        _choice("energy_class", "能耗类别", {"A": "A", "B": "B"}),
        _text("title_certificate", "房屋所有权证", "房产证号", "产权证号", "不动产权证"),
        _text("land_certificate", "土地使用证", "土地证号"),
        _text("owner", "产权单位", "权属单位"),
        Column(key="shares", zh="分摊比例", en="shares", kind=Kind.SHARES, section="departments"),
    ),
    also=("楼栋", "房屋"),
)

ROOMS = SheetPlan(
    section="rooms",
    zh="房间",
    columns=(
        _id(("房间编号", "房间编码")),
        _of("buildings", "building", "建筑", "楼栋", "楼号", "建筑名称", "楼栋名称", "房屋名称", "办公楼"),
        _text("floor", "楼层", "所在楼层", "层"),
        *_names("房间号", "房号", "室号", "房间名称", "门牌号"),
        _choice("category", "房间类别", CATEGORIES, "类别", "用房类别", "房间类型", "办公用房类别"),
        _choice("subtype", "细类", SUBTYPES),
        _number("usable_area_m2", "使用面积（㎡）", "使用面积", "实际使用面积", "实用面积", "面积"),
        _number("capacity", "座位数", "容纳人数", "容量"),
        _of("departments", "department", "使用单位", "单位", "单位名称", "使用部门", "部门", "处室"),
        Column(
            key="holders",
            zh="使用人",
            en="holders",
            kind=Kind.LIST,
            section="people",
            also=("使用人姓名", "使用人员", "姓名"),
        ),
        Column(key=HOLDERS_RANK, zh="职务职级", en="rank", kind=Kind.LIST, also=("职级", "职务", "级别", "使用人职级")),
        Column(key=USE, zh="用途", en="use", also=("具体用途", "房间用途", "使用功能", "功能")),
        _flag("restricted", "涉密"),
        _number("toilet_m2", "其中卫生间（㎡）", "卫生间面积"),
        _text("exemption.reason", "超标豁免原因"),
        _text("exemption.approved_by", "豁免批准人"),
        Column(key="exemption.until", zh="豁免至", en="exemption.until", kind=Kind.DATE),
        _choice("tenure", "使用情况", TENURES, "权属", "使用性质", "出租出借情况"),
    ),
    also=("办公用房管理台账", "办公用房台账", "办公用房", "房间台账", "台账", "办公用房使用管理台账"),
)

CIRCUITS = SheetPlan(
    section="circuits",
    zh="回路",
    columns=(
        _id(("回路编号",)),
        _choice("item", "分项", ITEMS),
        _of("buildings", "building", "建筑", "楼栋"),
        _of("circuits", "parent", "上级回路"),
        Column(key="serves", zh="服务房间", en="serves", kind=Kind.LIST, section="rooms"),
        _number("rated_a", "额定电流（A）", "额定电流"),
        _number("ct_ratio", "互感器变比", "变比"),
        _flag("always_on", "常开负荷"),
        _of("departments", "department", "使用单位", "部门"),
    ),
)

DOORS = SheetPlan(
    section="openings",
    zh="门窗",
    columns=(
        _id(("门窗编号",)),
        _choice("kind", "种类", OPENINGS),
        _of("rooms", "room", "房间"),
        _flag("rex_wired", "接出门按钮"),
        _flag("release_on_fire", "火警释放"),
    ),
)

DEVICES = SheetPlan(
    section="devices",
    zh="设备",
    columns=(
        _id(("设备编号",)),
        _text("gateway", "网关"),
        _of("rooms", "room", "房间"),
        _of("circuits", "circuit", "回路"),
        _of("openings", "opening", "门窗"),
        _of("buildings", "building", "建筑", "楼栋"),
        Column(key="places", zh="历次位置", en="places", kind=Kind.PLACES),
        _text("model", "型号"),
        Column(key="metrics", zh="测量量", en="metrics", kind=Kind.LIST),
        _number("interval_s", "上报间隔（秒）"),
        _number("heartbeat_s", "心跳（秒）"),
        _flag("pressure_compensated", "气压补偿"),
        _number("lux_factor", "照度系数"),
        _flag("outdoor", "室外"),
        _flag("heat_detector", "感温报警"),
        _choice("direction", "方向", DIRECTIONS),
    ),
)

SHEETS: Mapping[str, SheetPlan] = MappingProxyType(
    {plan.section: plan for plan in (SITE, DEPARTMENTS, PEOPLE, BUILDINGS, ROOMS, CIRCUITS, DOORS, DEVICES)}
)
"""By section, in the order of the registry."""
