"""What the API takes of items, plans and repairs."""

from datetime import date
from typing import Annotated

from pydantic import Field

from api.routes.bodies import Body, Note, Text, Time
from rectification.particulars import DeadlineKind, Source
from rectification.plans import Phase
from sensors.topology import DepartmentId
from sensors.verdicts import Severity

Short = Annotated[Text, Field(max_length=120)]
Long = Annotated[Text, Field(max_length=2000)]
Yuan = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Percent = Annotated[int, Field(ge=0, le=100)]
ItemIds = Annotated[list[Annotated[Text, Field(max_length=100)]], Field(min_length=1, max_length=500)]


class SheetBody(Body):
    """What is written of an item; what is not sent stays as it is. An empty text brings the derived one back."""

    title: Short = ""
    problem: Long = ""
    category: Annotated[Text, Field(max_length=60)] = ""
    clause: Annotated[Text, Field(max_length=500)] = ""
    location: Annotated[Text, Field(max_length=200)] = ""
    goal: Long = ""
    unit: Annotated[DepartmentId | None, Field(max_length=100)] = None
    leader: Annotated[Text, Field(max_length=80)] = ""
    helpers: Annotated[tuple[Annotated[DepartmentId, Field(max_length=100)], ...], Field(max_length=20)] = ()
    funds_yuan: Yuan | None = None
    deadline_kind: DeadlineKind = DeadlineKind.BY_DATE
    progress_pct: Percent | None = None
    result: Long = ""
    remark: Long = ""
    contingency: Long = ""
    measure: Long = ""
    deadline: date | None = None


class SheetEditBody(SheetBody):
    """An edit, with its reason where a deadline is moved back."""

    note: Note = ""


class FoundBody(SheetBody):
    """Something that people found: where, how grave, and what they write of it."""

    subject: Annotated[Text, Field(max_length=200)]
    severity: Severity
    since: Time | None = None
    source: Source = Source.PERSON
    source_ref: Annotated[Text, Field(max_length=100)] = ""
    note: Note = ""


class ProgressBody(Body):
    """How far the work is."""

    note: Note
    progress_pct: Percent | None = None


class PhaseBody(Body):
    """One step of a plan's work."""

    phase: Phase
    first: date | None = None
    last: date | None = None
    text: Long = ""


class PlanTextBody(Body):
    """What is written of a plan; what is not sent stays as it is."""

    title: Annotated[Text, Field(min_length=1, max_length=120)] = ""
    basis: Long = ""
    goals: Long = ""
    first: date | None = None
    last: date | None = None
    leader: Annotated[Text, Field(max_length=80)] = ""
    organisation: Long = ""
    funds: Long = ""
    funds_yuan: Yuan | None = None
    phases: Annotated[tuple[PhaseBody, ...], Field(max_length=8)] = ()
    supervision: Long = ""


class PlanEditBody(PlanTextBody):
    """An edit of a plan."""

    note: Note = ""


class PlanBody(PlanTextBody):
    """A new plan, with the items of a group or of a part of one."""

    title: Annotated[Text, Field(min_length=1, max_length=120)]
    items: Annotated[list[Annotated[Text, Field(max_length=100)]], Field(max_length=500)] = []  # noqa: RUF012 - pydantic copies it
    cause: Annotated[Text, Field(max_length=200)] = ""


class ItemsBody(Body):
    """Items of a plan, with a note."""

    items: ItemIds
    note: Note = ""


class RepairBody(Body):
    """What is to be mended of an item."""

    what: Annotated[Text, Field(min_length=1, max_length=2000)]


class RepairOfBody(RepairBody):
    """What is to be mended of a thing of the registry."""

    subject: Annotated[Text, Field(max_length=200)]


class OrderBody(Body):
    """From whom a repair is ordered, and the cost as offered."""

    contractor: Annotated[Text, Field(min_length=1, max_length=120)]
    cost_yuan: Yuan | None = None
    note: Note = ""


class FinishBody(Body):
    """What was mended, and the cost."""

    result: Annotated[Text, Field(min_length=1, max_length=2000)]
    cost_yuan: Yuan | None = None
    note: Note = ""
