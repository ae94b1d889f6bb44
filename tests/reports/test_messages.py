import re
import string
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from analytics.savings.result import Conclusion, Lack
from analytics.savings.terms import Interval
from rectification.model import ItemAction, ItemState
from rectification.particulars import DeadlineKind, Source
from reports import messages
from reports.findings import Side
from reports.ledger import GENERAL, MAJOR
from reports.ledger_columns import LedgerColumn
from reports.messages import LANGUAGES, Language, Messages, UnknownMessageError, catalogue
from reports.rooms import RoomClass
from reports.savings_notes import NoteCode
from reports.wording import MISSING
from sensors.catalogue.model import Confidence
from sensors.topology import CircuitItem, RoomCategory
from sensors.verdicts import Severity

SOURCES = Path(messages.__file__).parent
FAMILIES = {
    "category": [*RoomCategory],
    "class": [*RoomClass],
    "column": [*LedgerColumn],
    "conclusion": [*Conclusion],
    "confidence": [confidence.value for confidence in Confidence],
    "deadline": [*DeadlineKind],
    "event_in": ["baseline", "reporting"],
    "grade": [GENERAL, MAJOR],
    "interval": [*Interval],
    "item": [*CircuitItem],
    "itemaction": [*ItemAction],
    "itemstate": [*ItemState],
    "lack": [*Lack],
    "limit": [*Side],
    "note": [*NoteCode],
    "origin": [*Source],
    "severity": [*Severity],
}
"""Messages whose ids are put together from a closed list."""
OPEN_FAMILIES = ("energy_report", "evidence", "metric", "nights", "unit", "word")
"""Messages that are used where they exist, else the word itself is shown; those of the energy report by its ids."""


def keys(language: Language) -> set[str]:
    return {message.id if isinstance(message.id, str) else message.id[0] for message in catalogue(language)} - {""}


def forms(language: Language, key: str) -> tuple[str, ...]:
    message = catalogue(language).get(key)
    assert message is not None
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def ids_in_sources() -> set[str]:
    takers_in = SOURCES.parent / "premises" / "plan_papers"
    sources = [*SOURCES.glob("*.py"), *SOURCES.glob("templates/*.html"), *takers_in.glob("*.py")]
    texts = [path.read_text() for path in sources]
    quoted = re.compile(r"""["']([a-z]+(?:\.[a-z_0-9A-Z-]+)+|unknown)["']""")
    return {found for text in texts for found in quoted.findall(text)}


def in_zone(language: Language) -> Messages:
    return Messages(language, ZoneInfo("Asia/Shanghai"))


def test_both_catalogues_hold_the_same_messages() -> None:
    assert keys("zh") == keys("en")


def test_every_message_that_a_family_can_ask_for_is_there() -> None:
    wanted = {f"{family}.{member}" for family, members in FAMILIES.items() for member in members}
    assert wanted <= keys("en")


def test_no_message_is_unused_and_none_is_missing() -> None:
    put_together = {key for key in keys("en") if key.split(".")[0] in {*FAMILIES, *OPEN_FAMILIES}}
    prefixes = {key.split(".")[0] for key in keys("en")}
    named = {found for found in ids_in_sources() if found.split(".")[0] in prefixes}
    used = {found for found in named if not found.endswith((".html", ".css", ".po"))} - set(MISSING)

    assert keys("en") - used - put_together == set()
    assert used - keys("en") == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_is_empty(language: Language) -> None:
    assert [key for key in keys(language) if not all(forms(language, key))] == []


def test_placeholders_agree_in_both_languages_and_all_forms() -> None:
    told = {
        key: {frozenset(placeholders(form)) for form in (*forms("zh", key), *forms("en", key))} for key in keys("en")
    }
    # English says "once" where other numbers are written out
    assert [key for key, sets in told.items() if len(sets) > 1] == ["finding.times"]


def test_english_has_a_singular_and_chinese_one_form() -> None:
    assert [in_zone("en").count("waste.load", days, subject="r", kwh="1") for days in (0, 1, 2)] == [
        "r: 0 weeks, 1 kWh in all",
        "r: 1 week, 1 kWh",
        "r: 2 weeks, 1 kWh in all",
    ]
    assert [in_zone("zh").count("waste.load", days, subject="r", kwh="1") for days in (0, 1, 2)] == [
        "r：0周，共1 kWh",
        "r：1周，共1 kWh",
        "r：2周，共1 kWh",
    ]


def test_an_unknown_number_is_said_to_be_unknown() -> None:
    assert in_zone("en").number(None) == in_zone("en").percent(None) == in_zone("en").about(None) == "unknown"


def test_numbers_are_grouped() -> None:
    assert in_zone("en").number(2630.04) == "2,630.0"
    assert in_zone("zh").about(2630.4) == "2,630"
    assert in_zone("en").about(0.35) == "0.35"


def test_a_period_from_midnight_to_midnight_is_told_in_local_dates() -> None:
    start, end = datetime(2026, 3, 1, 16, tzinfo=UTC), datetime(2026, 3, 8, 16, tzinfo=UTC)

    assert in_zone("zh").period(start, end) == "2026年3月2日至8日"
    assert in_zone("zh").period(start, datetime(2026, 3, 2, 16, tzinfo=UTC)) == "2026年3月2日"


def test_another_period_is_told_to_the_minute_on_the_sites_clock() -> None:
    start, end = datetime(2026, 3, 2, 1, 5, tzinfo=UTC), datetime(2026, 3, 2, 9, tzinfo=UTC)

    assert in_zone("en").period(start, end) == "Mar 2, 2026, 09:05 – Mar 2, 2026, 17:00"


def test_a_day_has_its_weekday() -> None:
    assert in_zone("zh").weekday(date(2026, 3, 2)) == "周一"


def test_a_message_that_is_not_there_is_named_with_its_file() -> None:
    with pytest.raises(UnknownMessageError, match=r"en\.po has no message 'no\.such'"):
        in_zone("en").text("no.such")
