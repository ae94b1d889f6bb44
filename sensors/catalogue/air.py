"""A: air, temperature, light and sound where people are."""

from sensors.catalogue.model import COVERAGE, Confidence, Family, Needs, RuleSpec, Verification, both, chosen, cited
from sensors.catalogue.standards import cite
from sensors.verdicts import Severity

_S = Confidence.STANDARD
_H = Confidence.HIGH
_PRESENCE = ("presence", "people_count", "motion")

A01 = RuleSpec(
    id="A01",
    name=both("二氧化碳超标", "CO2 above its limit"),
    family=Family.AIR,
    core=True,
    severity=Severity.YELLOW,
    formula=both(
        "有人时1小时平均浓度;会议室单列一档,不超过2000为蓝色",
        "1 h mean while occupied; meeting rooms have a tier of their own, blue up to 2000",
    ),
    needs=Needs(metrics=(("co2_ppm",), _PRESENCE), fields=("site.altitude_m", "device.pressure_compensated")),
    parameters=(
        cited("co2_ppm", 1000, "ppm", cite("GB/T 18883", _H), "fault above"),
        chosen("co2_orange_ppm", 1500, "ppm", "orange above"),
        chosen("meeting_room_ppm", 2000, "ppm", "a meeting room stays blue up to this"),
        chosen("mean_h", 1, "h"),
        chosen("clear_margin_ppm", 50, "ppm", "the mean must fall this far below its limit to clear"),
        chosen("plausible_low_ppm", 200, "ppm", "no air has less; such readings are of another unit"),
        COVERAGE,
    ),
    measure=both("加大新风", "Ventilate more"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)

A02 = RuleSpec(
    id="A02",
    name=both("新风不足", "Too little fresh air"),
    family=Family.AIR,
    core=False,
    severity=Severity.YELLOW,
    formula=both(
        "人均新风量 = 18000 ÷ (室内 − 室外浓度),人数稳定2小时;未达平台期只判故障,斜率小于每小时40 ppm持续1小时才判合格;"
        "室外取室外传感器,否则取7天第5百分位并限于400至480;并入A01作证据",
        "Fresh air per person = 18000 ÷ (C − C_out), with the head count steady for 2 h; before the plateau only a "
        "fault holds, a pass only at a slope below 40 ppm/h for 1 h; C_out from an outdoor sensor, else the 7-day 5th "
        "percentile within 400 to 480; evidence under A01",
    ),
    needs=Needs(metrics=(("co2_ppm",), ("people_count",)), fields=("device.outdoor", "room.subtype")),
    parameters=(
        cited("office_m3h", 30, "m³/(h·person)", cite("GB 50736", _H), "fault below"),
        cited("meeting_room_m3h", 12, "m³/(h·person)", cite("GB 50736", _H), "fault below"),
        cited("co2_litres_h", 18, "L/(h·person)", cite("GB 50736", _H), "breathed out by a seated person"),
        chosen("steady_h", 2, "h"),
        chosen("plateau_ppm_h", 40, "ppm/h"),
        chosen("plateau_h", 1, "h"),
        chosen("outdoor_days", 7, "d"),
        chosen("outdoor_percentile", 5, "%"),
        chosen("outdoor_low_ppm", 400, "ppm"),
        chosen("outdoor_high_ppm", 480, "ppm"),
        chosen("steady_share", 0.25, "ratio", "how far half hours may stray from the mean head count"),
        chosen("plausible_low_ppm", 200, "ppm", "no air has less; such readings are of another unit"),
        COVERAGE,
    ),
    measure=both("检修新风机组", "Service the air handler"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)

A03 = RuleSpec(
    id="A03",
    name=both("颗粒物超标", "Particulates above their limit"),
    family=Family.AIR,
    core=False,
    severity=Severity.YELLOW,
    formula=both("PM2.5、PM10的24小时平均值,并列室外", "24 h mean of PM2.5 and PM10, with outdoors beside it"),
    needs=Needs(metrics=(("pm2_5_ugm3", "pm10_ugm3"),)),
    parameters=(
        cited("pm2_5_ugm3", 50, "µg/m³", cite("GB/T 18883", _H), "fault above"),
        cited("pm10_ugm3", 100, "µg/m³", cite("GB/T 18883", _H), "fault above"),
        cited("mean_h", 24, "h", cite("GB/T 18883", _H)),
        chosen("clear_margin_ugm3", 3, "µg/m³", "the mean must fall this far below its limit to clear"),
        COVERAGE,
    ),
    measure=both("更换滤网", "Change the filters"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)

A04 = RuleSpec(
    id="A04",
    name=both("甲醛、TVOC超标", "Formaldehyde or TVOC above its limit"),
    family=Family.AIR,
    core=False,
    severity=Severity.YELLOW,
    formula=both(
        "甲醛1小时平均、TVOC 8小时平均;金属氧化物传感器连续3天超限只建议送检",
        "1 h mean of formaldehyde, 8 h mean of TVOC; a metal-oxide sensor only asks for a laboratory test after 3 days",
    ),
    needs=Needs(metrics=(("hcho_mgm3", "tvoc_mgm3"),)),
    parameters=(
        cited("hcho_mgm3", 0.08, "mg/m³", cite("GB/T 18883", _S), "fault above"),
        cited("tvoc_mgm3", 0.60, "mg/m³", cite("GB/T 18883", _H), "fault above"),
        cited("hcho_mean_h", 1, "h", cite("GB/T 18883", _H)),
        cited("tvoc_mean_h", 8, "h", cite("GB/T 18883", _H)),
        chosen("laboratory_days", 3, "d"),
        chosen("clear_margin_mgm3", 0.004, "mg/m³", "the mean must fall this far below its limit to clear"),
        chosen("plausible_high_mgm3", 10, "mg/m³", "nobody would stay; such readings are of another unit"),
        COVERAGE,
    ),
    measure=both("通风送检", "Ventilate, have a laboratory test"),
    verified_by=Verification.RECORD,
    verification_window_days=30,
)

A05 = RuleSpec(
    id="A05",
    name=both("温度不适", "Uncomfortable temperature"),
    family=Family.AIR,
    core=True,
    severity=Severity.YELLOW,
    formula=both(
        "工时内有人时1小时平均温度,限于该气候区的供暖或供冷季;无供暖的地区冬季不适用",
        "1 h mean while occupied in working hours, in the heated or cooled season of the climate zone; zones without "
        "heating are not applicable in winter",
    ),
    needs=Needs(
        metrics=(("temperature_c",), _PRESENCE),
        fields=("site.climate_zone", "site.heating_dates", "site.working_hours"),
    ),
    parameters=(
        cited("winter_cold_zones_c", 18, "°C", cite("GB 50736", _H), "fault below"),
        cited("winter_hot_summer_cold_winter_c", 16, "°C", cite("GB 50736", _H), "fault below"),
        cited("summer_c", 28, "°C", cite("GB/T 18883", _H), "fault above"),
        chosen("mean_h", 1, "h"),
        chosen("clear_margin_k", 0.3, "K", "the mean must come this far inside its limit to clear"),
        chosen("plausible_low_c", -10, "°C", "no room is colder; such readings are of another unit"),
        chosen("plausible_high_c", 45, "°C", "no room is warmer; such readings are of another unit"),
        COVERAGE,
    ),
    measure=both("检修空调供暖", "Repair heating or cooling"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)

A06 = RuleSpec(
    id="A06",
    name=both("湿度异常", "Humidity out of range"),
    family=Family.AIR,
    core=False,
    severity=Severity.BLUE,
    formula=both(
        "按季节看3小时平均湿度,每栋楼一条;档案室、机房另计",
        "3 h mean by season, one finding per building; archives and server rooms apart",
    ),
    needs=Needs(metrics=(("relative_humidity_pct",),), fields=("room.subtype",)),
    parameters=(
        cited("winter_low_pct", 30, "%", cite("GB/T 18883", _H), "fault below"),
        cited("summer_high_pct", 80, "%", cite("GB/T 18883", _H), "fault above"),
        chosen("mean_h", 3, "h"),
        chosen("clear_margin_pct", 1, "%", "the mean must come this far inside its limit to clear"),
        chosen("plausible_low_pct", 2, "%", "no room is drier; such readings are shares of 1"),
        COVERAGE,
    ),
    measure=both("加湿、除湿", "Humidify or dehumidify"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)

A07 = RuleSpec(
    id="A07",
    name=both("照度不足", "Too little light"),
    family=Family.AIR,
    core=False,
    severity=Severity.BLUE,
    formula=both(
        "有人且开灯时15分钟平均照度;须有墙面到桌面的标定系数",
        "15 min mean while occupied with the lights on; needs a calibrated factor, for the wall is not the desk",
    ),
    needs=Needs(
        metrics=(("illuminance_lux",), _PRESENCE, ("active_power_w",)), fields=("device.lux_factor", "room.subtype")
    ),
    parameters=(
        cited("office_lux", 300, "lx", cite("GB 50034", _H), "fault below"),
        cited("corridor_lux", 50, "lx", cite("GB 50034", _H), "fault below"),
        chosen("mean_min", 15, "min"),
        chosen("clear_margin_lux", 10, "lx", "the mean must come this far above its limit to clear"),
        chosen("lights_on_wm2", 1, "W/m²", "the room's lighting is on above this"),
        chosen("lights_on_pct", 80, "%", "and above this share of what it usually takes, so that all lamps are on"),
        COVERAGE,
    ),
    measure=both("补光", "Relamp"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)

A08 = RuleSpec(
    id="A08",
    name=both("噪声超标", "Noise above its limit"),
    family=Family.AIR,
    core=False,
    severity=Severity.BLUE,
    formula=both("无人且空调运行时1小时等效声级", "1 h equivalent level while empty with the air conditioning on"),
    needs=Needs(metrics=(("sound_level_dba",), _PRESENCE, ("hvac_on", "active_power_w")), fields=("room.capacity",)),
    parameters=(
        cited("level_dba", 45, "dB(A)", cite("GB 50118", _H), "fault above"),
        cited("single_office_dba", 40, "dB(A)", cite("GB 50118", _H), "fault above"),
        chosen("mean_h", 1, "h"),
        chosen("clear_margin_db", 0.5, "dB(A)", "the level must fall this far below its limit to clear"),
        chosen("hvac_on_wm2", 2, "W/m²", "the room's air conditioning is on above this, where nothing else tells"),
        chosen("plausible_low_dba", 10, "dB(A)", "no room is quieter; such readings are of another unit"),
        COVERAGE,
    ),
    measure=both("减振隔声", "Damp vibration and sound"),
    verified_by=Verification.READINGS,
    verification_window_days=7,
)
