import json
from collections.abc import Mapping
from datetime import timedelta

from reports.document import analysis_document
from sensors.verdicts import Verdict
from tests.reports.answers import FAULT, FIRST, Sketch, analysis, empty_week, finding, twelve_rooms


def first(document: Mapping[str, object], key: str) -> dict[str, object]:
    entries = document[key]
    assert isinstance(entries, list)
    entry = entries[0]
    assert isinstance(entry, dict)
    return entry


def test_the_document_says_where_and_when() -> None:
    document = analysis_document(twelve_rooms())

    assert (document["site"], document["timezone"]) == ("hq", "Asia/Shanghai")
    assert (document["from"], document["to"]) == ("2026-03-02", "2026-04-27")
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_a_finding_has_the_keys_that_others_read() -> None:
    document = analysis_document(analysis([], empty_week("room:a-203", FIRST, 10.5)))

    assert first(document, "findings") == {
        "rule": "E05",
        "subject": "room:a-203",
        "verdict": "fault",
        "start": "2026-03-02T00:00:00+08:00",
        "end": "2026-03-07T00:00:00+08:00",
        "value": 8.25,
        "threshold": 5,
        "unit": "W/m²",
        "missing": [],
        "severity": "blue",
        "energy_kwh": 10.5,
        "evidence": {"energy_kwh": 10.5, "excess_w": 412.5, "standby_w": 60.0, "empty_h": 41.5, "area_m2": 50.0},
    }


def test_what_is_missing_is_listed_and_what_is_unknown_is_null() -> None:
    thin = finding("E03", "building:a", Verdict.NOT_APPLICABLE, missing=("circuit of item total",))
    told = first(analysis_document(analysis([], thin)), "findings")

    assert told["missing"] == ["circuit of item total"]
    assert (told["value"], told["threshold"], told["severity"], told["energy_kwh"]) == (None, None, None, None)


def test_the_summary_has_hours_and_circuits() -> None:
    room = Sketch(id="a-1", zh="甲", en="A", utilisation_pct=25.0, known_h=300.0, lighting=(100.0, 40.0))

    assert first(analysis_document(analysis([room])), "summary") == {
        "subject": "room:a-1",
        "utilisation_pct": 25.0,
        "occupied_h": 75.0,
        "known_h": 300.0,
        "working_h": 320.0,
        "days": 56,
        "days_never_occupied": 17,
        "personal": False,
        "circuits": {"c-a-1": {"kwh": 100.0, "kwh_while_empty": 40.0, "empty_h": 900.5}},
    }


def test_unknown_use_and_unknown_energy_stay_null() -> None:
    room = Sketch(id="a-1", zh="甲", en="A", utilisation_pct=None, known_h=0.0, lighting=(100.0, None))
    told = first(analysis_document(analysis([room])), "summary")

    assert told["utilisation_pct"] is None
    assert told["circuits"] == {"c-a-1": {"kwh": 100.0, "kwh_while_empty": None, "empty_h": 900.5}}


def test_numbers_have_at_most_six_decimals() -> None:
    room = Sketch(id="a-1", zh="甲", en="A", utilisation_pct=100 / 3, known_h=300.0)
    thirds = finding("S02", "room:a-1", FAULT, value=100 / 3, threshold=30, unit="%", evidence={"known_h": 200 / 3})
    document = analysis_document(analysis([room], thirds))

    assert first(document, "summary")["utilisation_pct"] == 33.333333
    assert first(document, "findings")["value"] == 33.333333
    assert first(document, "findings")["evidence"] == {"known_h": 66.666667}


def test_times_carry_the_offset_of_the_sites_zone() -> None:
    told = first(analysis_document(analysis([], finding("G05", "device:x", first=FIRST, last=FIRST))), "findings")

    assert told["end"] == f"{FIRST + timedelta(days=1)}T00:00:00+08:00"
