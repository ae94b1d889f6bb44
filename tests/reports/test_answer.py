import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from reports.answer import render_answer
from reports.messages import LANGUAGES, Language
from sensors.topology import Circuit, CircuitId, CircuitItem, RoomCategory, RoomId
from sensors.verdicts import Severity, Verdict
from tests.reports.answers import (
    FAULT,
    FIRST,
    HOLDER,
    MADE_AT,
    PASS,
    THIN,
    Sketch,
    analysis,
    empty_week,
    finding,
    many_rooms,
    twelve_rooms,
)

VOID = {"meta", "br", "rect", "line"}
APART = {"b", "br", "dd", "dt", "li", "p", "span", "summary", "td", "th", "tr"}
"""Tags before which a reader sees a space."""


class Page(HTMLParser):
    """The text of a page as one reads it, with the tags that stay open and those that reach outside."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.headers: list[dict[str, str | None]] = []
        self.references: list[str] = []
        self.attributes: dict[str, dict[str, str | None]] = {}
        self.feed(html)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.attributes.setdefault(tag, given)
        self.references += [value or "" for name, value in attrs if name in {"href", "src", "srcset", "action"}]
        if tag == "th":
            self.headers.append(given)
        if tag in APART:
            self.words.append(" ")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.wrong.append(f"{tag} {attrs}")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)


def answer(*sketches: Sketch, language: Language = "en", circuits: Iterable[Circuit] = ()) -> Page:
    return Page(render_answer(analysis(sketches, circuits=circuits), language=language, made_at=MADE_AT))


def office(identifier: str, **given: object) -> Sketch:
    return Sketch(**{"id": identifier, "zh": identifier, "en": identifier, "verdicts": {"S02": PASS}, **given})  # type: ignore[arg-type]  # any field of a sketch


@pytest.fixture(scope="module", params=LANGUAGES)
def twelve(request: pytest.FixtureRequest) -> tuple[Language, str]:
    return request.param, render_answer(twelve_rooms(), language=request.param, made_at=MADE_AT)


def test_the_page_is_well_formed_and_names_its_language(twelve: tuple[Language, str]) -> None:
    language, html = twelve
    page = Page(html)

    assert (page.wrong, page.open) == ([], [])
    assert page.attributes["html"]["lang"] == {"zh": "zh-CN", "en": "en"}[language]


def test_the_page_needs_nothing_from_outside(twelve: tuple[Language, str]) -> None:
    _, html = twelve

    assert "://" not in html
    assert "<script" not in html
    assert "url(" not in html
    assert "@import" not in html
    assert {reference[:1] for reference in Page(html).references} <= {"#"}


def test_every_header_cell_has_a_scope(twelve: tuple[Language, str]) -> None:
    _, html = twelve

    assert [header for header in Page(html).headers if "scope" not in header] == []


def test_the_headline_counts_rooms_and_kwh() -> None:
    page = Page(render_answer(twelve_rooms(), language="en", made_at=MADE_AT))

    assert "4 of 8 rooms judged look idle or underused (2 idle, 2 underused)." in page.text
    assert "1,131 of 2,515 kWh (45.0%) were used while rooms were empty." in page.text
    assert "204 Former reception: occupied 3.7 of 310.0 known working hours." in page.text


def test_the_chinese_page_says_the_same() -> None:
    page = Page(render_answer(twelve_rooms(), language="zh", made_at=MADE_AT))

    assert "已判定的8间房中，4间疑似闲置或低效使用（闲置2间，低效2间）。" in page.text
    assert "无人时用能1,131 kWh，占2,515 kWh的45.0%。" in page.text
    assert "2026年3月2日至4月26日（56天）" in page.text
    assert "筛查结果，非合格判定" in page.text
    assert "疑似，待核实" in page.text


def test_one_low_room_is_told_in_the_singular() -> None:
    page = answer(office("r1", verdicts={"S02": FAULT}, utilisation_pct=10.0))

    assert "1 of 1 rooms judged looks idle or underused" in page.text


def test_rooms_without_a_verdict_do_not_make_a_good_headline() -> None:
    page = answer(office("r1", verdicts={"S02": THIN}))

    assert "Too little is known to judge how the rooms are used." in page.text
    assert "looks idle" not in page.text


def test_all_rooms_in_use_is_said_plainly() -> None:
    assert "None of the 2 rooms judged looks idle or underused." in answer(office("r1"), office("r2")).text


def test_an_unknown_room_is_called_unknown_and_never_zero() -> None:
    page = answer(office("r1", verdicts={"S02": THIN}, utilisation_pct=None, known_h=0.0))

    assert "What was used while rooms were empty is unknown." in page.text
    assert "r1 Office unknown unknown 0.0% 0 unknown ? Too little data" in page.text


def test_the_least_used_come_first_and_those_without_a_verdict_last() -> None:
    page = answer(
        office("archive", utilisation_pct=0.5, verdicts={}, category=RoomCategory.SERVICE),
        office("thin", utilisation_pct=1.0, verdicts={"S02": THIN}),
        office("busy", utilisation_pct=90.0),
        office("quiet", utilisation_pct=31.0),
    )

    rows = re.findall(r"(archive|thin|busy|quiet) (?:Office|Service room)", page.text)
    assert rows == ["quiet", "busy", "thin", "archive"]


def test_a_name_that_looks_like_markup_is_shown_as_text() -> None:
    html = render_answer(
        analysis([office("r1", en="<script>alert(1)</script>", lighting=(10.0, 5.0))]), language="en", made_at=MADE_AT
    )

    assert "<script" not in html
    assert "<script>alert(1)</script>" in Page(html).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_figure_of_a_personal_room_is_told(language: Language) -> None:
    """The three rooms of TWELVE_ROOMS with a holder have 7.77 %, 277.7 h and 77.7 kWh wherever they can."""
    html = render_answer(twelve_rooms(), language=language, made_at=MADE_AT)

    assert [
        figure for figure in ("7.8%", "7.77", "277.7", "21.6", "177.7", "157.7", "77.7", "c-a-401") if figure in html
    ] == []


def test_a_personal_room_is_told_by_class_once_twenty_workdays_are_known() -> None:
    faulty = {"S01": PASS, "S02": FAULT}
    page = answer(
        office("long", holders=HOLDER, workdays=20, verdicts=faulty),
        office("short", holders=HOLDER, workdays=19, verdicts=faulty),
    )

    assert "▼ Underused long ? Too little data short" in page.text
    assert "occupancy is an attendance record in all but name" in page.text


def test_findings_of_use_about_personal_rooms_are_not_listed() -> None:
    page = answer(office("mine", holders=HOLDER, utilisation_pct=11.0, verdicts={"S02": FAULT}))

    assert "1 told by class only" in page.text
    assert page.text.count("mine") == 1
    assert "11%" not in page.text


def test_a_suspicion_that_reads_presence_in_a_personal_room_tells_no_period() -> None:
    page = Page(
        render_answer(
            analysis([office("mine", holders=HOLDER)], empty_week("room:mine", FIRST + timedelta(days=14), 33.3)),
            language="en",
            made_at=MADE_AT,
        )
    )

    assert "A room of one or two holders: figures and periods are withheld." in page.text
    assert "Mar 16" not in page.text
    assert "33.3" not in page.text


def test_energy_of_few_personal_rooms_is_in_no_sum() -> None:
    rooms = [office(f"p{n}", holders=HOLDER, lighting=(100.0, 60.0)) for n in range(4)]
    page = answer(*rooms, office("open", lighting=(10.0, 1.0)))

    assert "1 of 10 kWh (10.0%)" in page.text
    assert "4 rooms of one or two holders are left out" in page.text


def test_energy_of_enough_personal_rooms_is_told_together() -> None:
    rooms = [office(f"p{n}", holders=HOLDER, lighting=(100.0, 60.0)) for n in range(5)]
    page = answer(*rooms, office("open", lighting=(10.0, 1.0)))

    assert "301 of 510 kWh (59.0%)" in page.text
    assert "5 rooms of one or two holders, together 500.0 300.0 60.0%" in page.text
    assert "c-p0" not in page.text


def test_a_site_of_personal_rooms_only_still_gets_its_answer() -> None:
    page = Page(render_answer(many_rooms(6, holders=HOLDER), language="en", made_at=MADE_AT))

    assert "240 of 600 kWh (40.0%) were used while rooms were empty." in page.text
    assert "There is no room whose figures may be shown." in page.text


def test_a_circuit_shared_by_a_personal_and_an_open_room_counts_as_personal() -> None:
    shared = Circuit(id=CircuitId("c-both"), item=CircuitItem.PLUGS, serves=(RoomId("mine"), RoomId("open")))
    data = analysis(
        [office("mine", holders=HOLDER), office("open")], empty_week("circuit:c-both", FIRST, 12.0), circuits=[shared]
    )

    assert "12.0" not in Page(render_answer(data, language="en", made_at=MADE_AT)).text


def test_a_restricted_room_is_named_nowhere() -> None:
    secret = office("vault", restricted=True)
    corridor = Circuit(
        id=CircuitId("c-2f"), item=CircuitItem.LIGHTING, serves=(RoomId("vault"), RoomId("r1")), always_on=True
    )
    data = analysis(
        [office("r1"), secret],
        finding("A01", "room:vault", Verdict.NOT_APPLICABLE, missing=("co2_ppm",)),
        finding("E03", "building:a", Verdict.NOT_APPLICABLE, missing=("always-on circuit for room vault",)),
        circuits=[corridor],
    )

    page = Page(render_answer(data, language="en", made_at=MADE_AT))
    assert "vault" not in page.text
    assert "an always-on circuit for a restricted room" in page.text


def test_of_two_hundred_rooms_thirty_are_open_and_the_rest_is_folded() -> None:
    html = render_answer(many_rooms(200), language="en", made_at=MADE_AT)
    page = Page(html)

    assert "170 more rooms" in page.text
    assert "170 more circuits" in page.text
    assert (page.wrong, page.open) == ([], [])


def test_weeks_of_waste_are_told_with_watts_and_kwh() -> None:
    page = Page(render_answer(twelve_rooms(), language="en", made_at=MADE_AT))

    assert "203 Operations two: 8 weeks, 112.0 kWh in all" in page.text
    assert "Mar 2 – 6, 2026 10.5 412 8.2 5 60 41.5" in page.text.replace("\u2009", " ")


def test_many_findings_of_one_device_are_one_entry() -> None:
    gaps = [finding("G05", "device:pir-r1", first=day, last=day, value=50.0 + n, threshold=10, unit="%")
            for n, day in enumerate(FIRST + timedelta(days=2 * n) for n in range(9))]  # fmt: skip
    longest = finding("G05", "device:pir-r1", first=FIRST + timedelta(days=30), last=FIRST + timedelta(days=39), value=99.0, threshold=10, unit="%")  # fmt: skip  # noqa: E501 - one value
    page = Page(render_answer(analysis([office("r1")], *gaps, longest), language="zh", made_at=MADE_AT))

    assert "10次 · 50%至99%，界限10% · 最长：2026年4月1日至10日" in page.text


def test_a_fault_that_passed_since_is_said_to_have_passed() -> None:
    page = Page(
        render_answer(
            analysis(
                [office("r1")],
                finding("G05", "device:pir-r1", last=FIRST, value=50.0, threshold=10, unit="%"),
                finding("G05", "device:pir-r1", PASS),
            ),
            language="en",
            made_at=MADE_AT,
        )
    )

    assert "Suspected, passes at the end of the period" in page.text


def test_a_finding_stands_with_its_limit_source_and_measure() -> None:
    page = Page(
        render_answer(
            analysis(
                [office("r1")],
                finding("A01", "room:r1", value=1384.2, threshold=1000, unit="ppm", severity=Severity.YELLOW),
            ),
            language="en",
            made_at=MADE_AT,
        )
    )

    assert "1,384 ppm, limit 1,000 ppm" in page.text
    assert "suspected above 1,000 ppm (source: GB/T 18883-2022 [H])" in page.text
    assert "Measure Ventilate more" in page.text
    assert "[H] recalled with confidence, look at the original before legal use" in page.text


def test_what_a_rule_lacks_is_told_in_the_readers_language() -> None:
    thin = finding("S02", "room:r1", THIN, missing=("presence|people_count|motion",), evidence={"coverage_pct": 55.0})
    page = Page(render_answer(analysis([office("r1")], thin), language="zh", made_at=MADE_AT))

    assert "r1：有人传感器或人数或移动探测不足" in page.text
    assert "已知份额55%" in page.text


def test_circuits_above_others_and_those_always_on_stay_out_of_the_sum() -> None:
    data = analysis([office("r1", lighting=(100.0, 40.0))])
    floor = Circuit(id=CircuitId("c-2f"), item=CircuitItem.TOTAL, serves=(RoomId("r1"),))
    server = Circuit(id=CircuitId("c-s"), item=CircuitItem.SERVER_ROOM, serves=(RoomId("r1"),), always_on=True)
    circuits = dict(data.registry.circuits)
    circuits[CircuitId("c-r1")] = replace(circuits[CircuitId("c-r1")], parent=floor.id)
    energy = data.summary[0].circuits[CircuitId("c-r1")]
    use = replace(data.summary[0], circuits={CircuitId("c-r1"): energy, floor.id: energy, server.id: energy})
    registry = replace(data.registry, circuits={**circuits, floor.id: floor, server.id: server})

    page = Page(render_answer(replace(data, registry=registry, summary=(use,)), language="en", made_at=MADE_AT))
    assert "In all 100.0 40.0 40.0%" in page.text
    assert "always on, not in the sum" in page.text
    assert "not in the sum (counted in circuits below it, or PV)" in page.text


def test_the_worked_example_adds_up_to_the_answer() -> None:
    page = answer(office("r1", utilisation_pct=25.0, known_h=300.0, lighting=(100.0, 40.0)))

    assert "Utilisation: 75.0 ÷ 300.0 h = 25.0%." in page.text
    assert "Lighting (c-r1): 40.0 ÷ 100.0 kWh = 40.0%." in page.text
    assert "Readings used: pir-r1 (presence), m-r1 (energy register, c-r1)" in page.text
    assert "Sum 300.00 75.00 960.00 140.00 100.00 40.00" in page.text


def test_a_site_without_rooms_has_a_page_too() -> None:
    page = answer()

    assert "Too little is known to judge how the rooms are used." in page.text
    assert (page.wrong, page.open) == ([], [])
