"""The plan (整改方案) as an official document: what people wrote of it, and what is usual where they wrote nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from rectification.model import Item, measure_of
from rectification.particulars import category_of, clause_of, location_of, title_of, unit_of
from rectification.plans import Phase, Plan, PlanPhase, PlanState
from reports.ledger import MAJOR, Entry, LedgerRow, Wording, grade_of, is_hazard, ledger_rows, problem_told
from reports.ledger_columns import LedgerColumn
from reports.messages import Language
from reports.paper import Column, PaperTable
from reports.paper_official import Block, Level, OfficialPaper, Outline

ATTACHED: Mapping[LedgerColumn, int] = MappingProxyType(
    {
        LedgerColumn.NUMBER: 5,
        LedgerColumn.LOCATION: 11,
        LedgerColumn.CATEGORY: 8,
        LedgerColumn.PROBLEM: 20,
        LedgerColumn.LEVEL: 7,
        LedgerColumn.MEASURE: 17,
        LedgerColumn.UNIT: 8,
        LedgerColumn.RESPONSIBLE: 7,
        LedgerColumn.DEADLINE: 10,
        LedgerColumn.STATE: 7,
    }
)
"""The columns of the ledger that fit on the attachment, each with its share of the width, %; Excel has them all."""

_ENDS = ".。;；"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """A plan being put into words."""

    plan: Plan
    entries: Sequence[Entry]
    say: Wording

    @property
    def language(self) -> Language:
        return self.say.messages.language

    def day(self, day: date | None) -> str:
        return self.say.text("plan.no_period") if day is None else self.say.messages.day(day)

    def person(self, identifier: str | None) -> str:
        return self.say.who(identifier) if identifier else self.say.text("plan.nobody")

    def deadline(self, entry: Entry) -> str:
        """Return by when, as a document writes a date."""
        word, day = self.say.text(f"deadline.{entry.given.deadline_kind}"), entry.item.deadline
        between = "" if self.language == "zh" else " "
        return word if day is None else f"{word}{between}{self.say.messages.day(day)}"

    def money(self, amount: float) -> str:
        return self.say.messages.number(amount, 2)

    def place(self, entry: Entry) -> str:
        return location_of(entry.item, entry.given, self.say.registry).in_language(self.language)

    def measure(self, item: Item) -> str:
        return measure_of(item).in_language(self.language).rstrip(_ENDS) or self.say.text("plan.nobody")

    def categories(self) -> dict[str, list[Entry]]:
        """Return the items by category, the hazards' first."""
        found: dict[str, list[Entry]] = {}
        for entry in sorted(self.entries, key=lambda each: (not is_hazard(each), each.item.number)):
            found.setdefault(category_of(entry.item, entry.given).in_language(self.language), []).append(entry)
        return found


def plan_paper(plan: Plan, entries: Sequence[Entry], wording: Wording, *, now: datetime) -> OfficialPaper:
    """Return the document of a plan. A draft says that it is one."""
    told = _Plan(plan=plan, entries=entries, say=wording)
    issued = plan.issued or now
    draft = wording.text("plan.draft") if plan.state is PlanState.DRAFT else ""
    return OfficialPaper(
        language=told.language,
        title=f"{plan.title}{draft}",
        blocks=_blocks(told),
        issuer=wording.registry.site.name.in_language(told.language),
        dated=wording.messages.day(wording.day(issued)),
        attachment_note=wording.text("plan.attachment"),
        attachments=(_attachment(told),),
    )


def _blocks(told: _Plan) -> tuple[Block, ...]:
    outline = Outline(told.language)
    for write in (_basis, _goals, _problems, _measures, _steps, _safeguards):
        write(told, outline)
    return tuple(outline.blocks)


def _basis(told: _Plan, outline: Outline) -> None:
    hazards = [entry.item for entry in told.entries if is_hazard(entry)]
    major = sum(grade_of(item) == MAJOR for item in hazards)
    usual = told.say.text(
        "plan.basis_usual",
        site=told.say.registry.site.name.in_language(told.language),
        count=len(told.entries),
        major=major,
        general=len(hazards) - major,
    )
    outline.head(Level.FIRST, told.say.text("plan.basis"))
    outline.text(told.plan.basis or usual)
    clauses = [clause_of(entry.item, entry.given).in_language(told.language) for entry in told.entries]
    cited = dict.fromkeys(part for clause in clauses for part in clause.split("; ") if part)
    if cited:
        between = "；" if told.language == "zh" else "; "
        outline.text(told.say.text("plan.basis_clauses", clauses=between.join(cited)))


def _goals(told: _Plan, outline: Outline) -> None:
    usual = told.say.text("plan.goals_usual", last=told.day(told.plan.last), count=len(told.entries))
    outline.head(Level.FIRST, told.say.text("plan.goals"))
    outline.text(told.plan.goals or usual)


def _problems(told: _Plan, outline: Outline) -> None:
    outline.head(Level.FIRST, told.say.text("plan.problems"))
    if not told.entries:
        outline.text(told.say.text("plan.no_items"))
    for category, entries in told.categories().items():
        outline.head(Level.SECOND, told.say.text("plan.category_count", category=category, count=len(entries)))
        for entry in entries:
            words = {"problem": problem_told(entry, told.say).rstrip(_ENDS), "number": entry.item.number}
            outline.head(Level.THIRD, told.say.text("plan.problem", level=told.say.level(entry), **words))


def _measures(told: _Plan, outline: Outline) -> None:
    outline.head(Level.FIRST, told.say.text("plan.measures"))
    if not told.entries:
        outline.text(told.say.text("plan.no_items"))
    for category, entries in told.categories().items():
        outline.head(Level.SECOND, category)
        for entry in entries:
            if is_hazard(entry):
                _five(told, entry, outline)
            else:
                outline.head(Level.THIRD, _measure(told, entry))


def _measure(told: _Plan, entry: Entry) -> str:
    item = entry.item
    return told.say.text(
        "plan.measure",
        place=told.place(entry),
        measure=told.measure(item),
        who=told.person(item.responsible),
        deadline=told.deadline(entry),
    )


def _five(told: _Plan, entry: Entry, outline: Outline) -> None:
    """Write of a hazard what it needs: measure, responsibility, funds, deadline, contingency (五落实)."""
    item, given, say = entry.item, entry.given, told.say
    title = title_of(item, given).in_language(told.language)
    words = {"place": told.place(entry), "title": title, "number": item.number}
    outline.head(Level.THIRD, say.text("plan.hazard", level=say.level(entry), **words))
    unit = say.unit(unit_of(item, given, say.registry)) or say.text("plan.nobody")
    funds = given.funds_yuan
    money = say.text("plan.no_funds") if not funds else say.text("plan.yuan", amount=told.money(funds))
    outline.text(say.text("plan.five_measure", text=told.measure(item)))
    outline.text(say.text("plan.five_responsible", unit=unit, who=told.person(item.responsible)))
    outline.text(say.text("plan.five_funds", text=money))
    outline.text(say.text("plan.five_deadline", text=told.deadline(entry)))
    contingency = " ".join(given.contingency.split()) or say.text("plan.contingency_usual")
    outline.text(say.text("plan.five_contingency", text=contingency))


_PHASES: Mapping[Phase, tuple[str, str]] = MappingProxyType(
    {
        Phase.SURVEY: ("plan.phase_survey", "plan.survey_usual"),
        Phase.RECTIFY: ("plan.phase_rectify", "plan.rectify_usual"),
        Phase.ACCEPT: ("plan.phase_accept", "plan.accept_usual"),
        Phase.CONSOLIDATE: ("plan.phase_consolidate", "plan.consolidate_usual"),
    }
)


def _steps(told: _Plan, outline: Outline) -> None:
    outline.head(Level.FIRST, told.say.text("plan.steps"))
    written = {phase.phase: phase for phase in told.plan.phases}
    for phase, (name, usual) in _PHASES.items():
        known = written.get(phase, PlanPhase(phase=phase))
        named = told.say.text("plan.phase_named", name=told.say.text(name), period=_period(told, known))
        outline.head(Level.SECOND, named)
        outline.text(known.text or told.say.text(usual))


def _period(told: _Plan, phase: PlanPhase) -> str:
    if phase.first is None or phase.last is None:
        return told.day(phase.first or phase.last)
    return told.say.messages.days(phase.first, phase.last)


def _safeguards(told: _Plan, outline: Outline) -> None:
    plan, say = told.plan, told.say
    total = told.money(sum(entry.given.funds_yuan or 0 for entry in told.entries))
    is_costed = any(entry.given.funds_yuan for entry in told.entries)
    funds = say.text("plan.funds_items", sum=total) if is_costed else say.text("plan.funds_none")
    if plan.funds_yuan is not None:
        funds = say.text("plan.funds_total", amount=told.money(plan.funds_yuan), sum=total)
    outline.head(Level.FIRST, say.text("plan.safeguards"))
    for head, text in (
        (
            "plan.organisation",
            plan.organisation or say.text("plan.organisation_usual", leader=told.person(plan.leader)),
        ),
        ("plan.funds", plan.funds or funds),
        ("plan.supervision", plan.supervision or say.text("plan.supervision_usual")),
    ):
        outline.head(Level.SECOND, say.text(head))
        outline.text(text)


def _attachment(told: _Plan) -> PaperTable:
    rows = ledger_rows(told.entries, told.say)
    return PaperTable(
        title=told.say.text("plan.attachment_named", title=told.say.text("ledger.title")),
        columns=[Column(head=told.say.text(f"column.{column}"), width_pct=pct) for column, pct in ATTACHED.items()],
        rows=[list(_cells(row)) for row in rows],
        empty=told.say.text("ledger.empty"),
    )


def _cells(row: LedgerRow) -> Iterator[str]:
    for column in ATTACHED:
        yield row.cells[column].text
