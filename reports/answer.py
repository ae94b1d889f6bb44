"""The answer of an analysis as one page of HTML that needs nothing beside it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from analytics.points import HOLD_FACTOR
from analytics.runs import Analysis
from analytics.summary import WHOLE_DAY_PCT
from reports.document import analysis_document
from reports.energy import EMPTY_LOAD_RULE, Energy, energy_of
from reports.example import Example, example_of
from reports.findings import RuleSection, sections_of
from reports.headline import headline
from reports.messages import Language, Messages
from reports.rooms import AGGREGATE_ROOMS, LOW_USE_RULES, PERSONAL_WORKDAYS, Rooms, rooms_of
from reports.wording import Wording
from sensors.catalogue import CATALOGUE
from sensors.catalogue.model import Confidence
from sensors.verdicts import Finding

__all__ = ["analysis_document", "render_answer"]

ROOMS_SHOWN = 30
"""So many rows of a table are open; the rest is folded."""
SUSPICIONS_SHOWN = 5
"""So many subjects of a rule are open; the rest is folded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the template shows."""

    analysis: Analysis
    rooms: Rooms
    energy: Energy
    sections: tuple[RuleSection, ...]
    example: Example | None
    made_at: datetime

    @property
    def days(self) -> int:
        """Return the number of local days judged."""
        return (self.analysis.window.last - self.analysis.window.first).days + 1

    @property
    def use_limit_pct(self) -> float:
        """Return the utilisation below which a room is underused: what the findings say, else the default."""
        told = [f.threshold for f in self.analysis.findings if f.rule in LOW_USE_RULES and f.threshold is not None]
        return told[0] if told else CATALOGUE[LOW_USE_RULES[0]].parameter("utilisation_pct")


def render_answer(analysis: Analysis, *, language: Language, made_at: datetime) -> str:
    """Return the answer as a self-contained HTML page in `zh` or `en`; `made_at` is aware.

    Restricted rooms are not in it; of rooms with one or two holders it tells a class and no figure.
    """
    messages = Messages(language, ZoneInfo(analysis.registry.site.timezone))
    rooms, energy = rooms_of(analysis), energy_of(analysis)
    page = Page(
        analysis=analysis,
        rooms=rooms,
        energy=energy,
        sections=sections_of(analysis),
        example=example_of(analysis, rooms, energy),
        made_at=made_at,
    )
    return _environment().get_template("answer.html").render(_context(page, messages))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _context(page: Page, messages: Messages) -> dict[str, object]:
    return {
        "page": page,
        "site": page.analysis.registry.site,
        "working_hours": messages.joined(page.analysis.registry.site.working_hours.split(",")),
        "rooms": page.rooms,
        "energy": page.energy,
        "m": messages,
        "t": messages.text,
        "n": messages.count,
        "w": Wording(messages, page.analysis.registry),
        "headline": headline(page.rooms, page.energy, messages),
        "Confidence": Confidence,
        "rooms_shown": ROOMS_SHOWN,
        "suspicions_shown": SUSPICIONS_SHOWN,
        "personal_workdays": PERSONAL_WORKDAYS,
        "aggregate_rooms": AGGREGATE_ROOMS,
        "whole_day_pct": WHOLE_DAY_PCT,
        "hold_factor": HOLD_FACTOR,
        "empty_load": CATALOGUE[EMPTY_LOAD_RULE],
        "evidence_number": evidence_number,
        "tally": tally,
    }


def tally(section: RuleSection, messages: Messages) -> str:
    """Return how many subjects a rule suspects, passes, knows too little of, or does not concern."""
    counts = (
        ("tally.suspected", len(section.suspicions)),
        ("tally.passed", len(section.passed)),
        ("tally.insufficient", len(section.insufficient)),
        ("tally.not_applicable", len(section.not_applicable)),
        ("tally.personal", section.personal_rooms),
    )
    said = [messages.count(key, number) for key, number in counts if number]
    return messages.joined(said) if said else messages.text("tally.nothing")


def evidence_number(finding: Finding, name: str) -> float | None:
    """Return a number of a finding's evidence, None where it has none of that name."""
    value = finding.evidence.get(name)
    return value if isinstance(value, int | float) else None
