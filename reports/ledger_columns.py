"""The columns of the ledger (整改台账), in the order in which offices expect them."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class LedgerColumn(StrEnum):
    """One column; its heading is the message `column.…`."""

    ROW = "row"
    NUMBER = "number"
    SOURCE = "source"
    FOUND = "found"
    LOCATION = "location"
    CATEGORY = "category"
    PROBLEM = "problem"
    CLAUSE = "clause"
    LEVEL = "level"
    GOAL = "goal"
    MEASURE = "measure"
    UNIT = "unit"
    RESPONSIBLE = "responsible"
    LEADER = "leader"
    HELPERS = "helpers"
    FUNDS = "funds"
    DEADLINE = "deadline"
    PROGRESS = "progress"
    RESULT = "result"
    EVIDENCE = "evidence"
    ACCEPTED = "accepted"
    STATE = "state"
    LOOK_BACK = "look_back"
    REMARK = "remark"


class HiddenColumn(StrEnum):
    """What stands behind the columns, hidden, so that an edited ledger is understood."""

    ITEM = "premises_item"
    REVISION = "premises_revision"
    CHECK = "premises_check"


COLUMNS = tuple(LedgerColumn)
HIDDEN = tuple(HiddenColumn)

WIDTHS: Mapping[LedgerColumn, float] = MappingProxyType(
    dict(
        zip(
            COLUMNS,
            (5, 5, 5, 11, 10, 8, 22, 16, 6, 14, 18, 8, 7, 7, 8, 9, 16, 5, 10, 8, 11, 12, 10, 9),
            strict=True,
        )
    )
)
"""In characters, as Excel counts them."""

META_SHEET = "premises"
"""A sheet that is hidden: what the ledger was made from, and the lists to choose from."""

FORM_VERSION = "1"
