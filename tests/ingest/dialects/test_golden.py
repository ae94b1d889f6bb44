"""Every golden folder: a real message of a gateway, and what becomes of it."""

import pytest

from ingest.dialects.formats import FORMATS
from tests.ingest.dialects.golden_cases import Golden, cases


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: f"{case.format}-{case.name}")
def test_a_message_becomes_what_its_folder_says(case: Golden) -> None:
    assert case.said() == case.expected


def test_every_format_has_a_golden_folder() -> None:
    assert sorted(FORMATS.keys() - {case.format for case in cases()}) == []
