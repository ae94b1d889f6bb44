"""The answer as lines for a terminal: the same sentences, rooms and suspicions as the page, nothing more."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from analytics.runs import Analysis
from reports.energy import CircuitRow, energy_of
from reports.findings import RuleSection, Suspicion, sections_of
from reports.headline import headline
from reports.messages import Language, Messages
from reports.rooms import OpenRoom, rooms_of
from reports.wording import Wording

INDENT = "  "


def render_text(analysis: Analysis, language: Language) -> str:
    """Return the answer as plain lines in `zh` or `en`; of rooms with one or two holders it tells a class only."""
    messages = Messages(language, ZoneInfo(analysis.registry.site.timezone))
    return "\n".join(_lines(analysis, messages, Wording(messages, analysis.registry)))


def _lines(analysis: Analysis, m: Messages, w: Wording) -> Iterator[str]:
    rooms, energy = rooms_of(analysis), energy_of(analysis)
    yield from headline(rooms, energy, m)
    yield m.text(
        "page.where",
        site=analysis.registry.site.name.in_language(m.language),
        period=m.days(analysis.window.first, analysis.window.last),
    )
    yield ""
    yield m.text("rooms.title")
    yield from (INDENT + _room(row, m, w) for row in rooms.shared)
    for standing, personal in rooms.personal_by_class:
        told = m.text("list.colon").join([m.text(f"class.{standing}"), w.rooms(personal)])
        yield f"{INDENT}{told}  {m.text('personal.withheld')}"
    # what runs all night by right is no waste and would only hide it here
    switched = [row for row in energy.rows if not row.circuit.always_on]
    if switched:
        yield ""
        yield m.text("energy.title")
        yield from (INDENT + _circuit(row, m, w) for row in switched)
    suspicious = [section for section in sections_of(analysis) if section.suspicions]
    if suspicious:
        yield ""
        yield m.text("findings.title")
    for section in suspicious:
        yield from _section(section, m, w)
    if analysis.overrides:
        yield ""
        yield m.text("overrides.title")
        yield from (INDENT + row for row in w.overrides(analysis.overrides))
    if analysis.failures:
        yield ""
        yield m.text("findings.failed", rules=m.joined([each.rule for each in analysis.failures]))


def _room(row: OpenRoom, m: Messages, w: Wording) -> str:
    share = m.percent(row.use.utilisation_pct)
    known = m.text("rooms.hours_of", occupied=m.number(row.use.occupied_h), known=m.number(row.use.known_h))
    return f"{w.room(row.room)}  {share}  {known}  {m.text(f'class.{row.standing}')}"


def _circuit(row: CircuitRow, m: Messages, w: Wording) -> str:
    empty = m.number(row.use.kwh_while_empty)
    return f"{w.circuit(row.circuit)}  {m.number(row.use.kwh)} kWh  {m.text('energy.empty')} {empty}"


def _section(section: RuleSection, m: Messages, w: Wording) -> Iterator[str]:
    yield f"{INDENT}{section.spec.id} {section.spec.name.in_language(m.language)}"
    for suspicion in section.suspicions:
        yield f"{INDENT * 2}{_suspicion(suspicion, m, w)}"


def _suspicion(suspicion: Suspicion, m: Messages, w: Wording) -> str:
    name = f"{w.subject(suspicion.subject)} [{m.text(f'severity.{suspicion.severity}')}]"
    if suspicion.withheld:
        return f"{name}  {m.text('finding.withheld')}"
    *earlier, last = suspicion.findings
    told = [name, m.period(last.start, last.end), w.value(last.value, last.unit)]
    if earlier:
        told.append(m.count("finding.earlier", len(earlier)))
    return "  ".join(told)
