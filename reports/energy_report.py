"""The energy report (能源资源消费报告) as an official document: what was used, who answers for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rectification.energy_reports import PeriodKind, ReportPeriod
from reports.energy_report_figures import (
    Difference,
    Division,
    Figure,
    MeasureTaken,
    QuotaVerdict,
    ReportFigures,
    Share,
    TargetHeld,
    differences,
    together,
)
from reports.messages import Language, Messages
from reports.paper import Column, PaperTable
from reports.paper_official import Level, OfficialPaper, Outline
from sensors.topology import Name

Namer = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """One of the three hands; None where it has not been."""

    role: str
    who: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What is printed of a locked version beside its figures. `trail` is version, action, who, when and note."""

    number: int
    state: str
    reason: str
    digest: str
    is_whole: bool
    hands: tuple[Signed, ...]
    before: ReportFigures | None
    trail: tuple[tuple[int, str, str, datetime, str], ...]


MOST_NAMED = 5
"""Of the parts of a division in the text; the table has them all."""


@dataclass(frozen=True, slots=True)
class Told:
    """A report being put into words."""

    figures: ReportFigures
    version: Version | None
    language: Language
    say: Messages
    who: Namer

    def text(self, key: str, **words: object) -> str:
        """Return a message of the report."""
        return self.say.text(f"energy_report.{key}", **words)

    def name(self, name: Name) -> str:
        """Return a name in the language."""
        return name.zh if self.language == "zh" else name.en

    def value(self, figure: Figure) -> str:
        """Return a figure with its unit and, where days are missing, how many are known; never a zero for nothing."""
        if figure.value is None:
            return self._absent(figure)
        unit = self.text("people_unit") if figure.id == "people" else figure.unit
        number = f"{self.say.about(figure.value)} {unit}".strip()
        return number if figure.is_whole else f"{number}{self._days('partly', figure)}"

    def _absent(self, figure: Figure) -> str:
        if figure.of_days is None:
            return self.text("not_on_file")
        return self._days("no_data", figure)

    def _days(self, key: str, figure: Figure) -> str:
        return self.text(key, known=figure.known_days, of=figure.of_days)

    def figure_name(self, key: str) -> str:
        """Return what a figure is called."""
        stem, _, rest = key.partition("/")
        if stem == "last_year":
            return self.text("last_year_of", name=self.figure_name(rest))
        if stem == "year":
            return self.text("year_so_far", name=self.figure_name(rest))
        if stem == "month":
            return f"{self.text('figure.electricity_kwh')} {rest}"
        if stem.startswith("by_"):
            return self._share_name(key)
        told = self.text(f"figure.{stem}")
        return f"{told} {rest}".strip()

    def _share_name(self, key: str) -> str:
        for division in self.figures.divisions:
            for share in division.shares:
                if share.figure.id == key:
                    way = self.text(f"way.{division.by}")
                    return f"{way}: {self.share(share)}"
        return key

    def share(self, share: Share) -> str:
        """Return what a part is called: what it is for, or whose or where it is."""
        known = f"energy_report.part.{share.key}"
        return self.say.text(known) if self.say.has(known) else self.name(share.name)

    def whose(self, share: Share) -> str:
        """Return what a part is called in a sentence, which has no column that tells the unmetered rest."""
        return self.text("part.unmetered") if share.basis == "unmetered" else self.share(share)

    def day(self, moment: datetime) -> str:
        """Return the local day of a moment."""
        return self.say.day(moment.astimezone(self.say.zone).date())

    def period(self) -> str:
        """Return the period as it stands in a title."""
        period = ReportPeriod.parse(self.figures.period)
        words = {"year": period.year, "number": period.number}
        keys = {PeriodKind.MONTH: "month", PeriodKind.QUARTER: "quarter", PeriodKind.YEAR: "year"}
        return self.text(f"period.{keys[period.kind]}", **words)

    def title(self) -> str:
        """Return the title; what is not issued says so."""
        state = "preview" if self.version is None else self.version.state
        mark = "" if state == "issued" else self.text(f"mark.{state}")
        return self.text("title", site=self.name(self.figures.site), period=self.period()) + mark


def told_of(figures: ReportFigures, version: Version | None, language: Language, who: Namer) -> Told:
    """Return what puts a report into words."""
    return Told(figures, version, language, Messages(language, ZoneInfo(figures.timezone)), who)


def energy_report_paper(
    figures: ReportFigures, version: Version | None, language: Language, *, who: Namer
) -> OfficialPaper:
    """Return the document; without a version it is a preview that nobody answers for."""
    told = told_of(figures, version, language, who)
    outline = Outline(language)
    for write in (_unit, _use, _per, _comparison, _quota, _carbon, _problems, _measures, _ahead, _hands):
        write(told, outline)
    issued = next((hand.at for hand in version.hands if hand.role == "issued"), None) if version else None
    return OfficialPaper(
        language=language,
        title=told.title(),
        blocks=tuple(outline.blocks),
        issuer=told.name(figures.site),
        dated=told.day(issued or figures.as_of),
        attachment_note=told.text("attachments"),
        attachments=tables_of(told),
    )


def tables_of(told: Told) -> tuple[PaperTable, ...]:
    """Return the report's tables: divisions, months, problems, where each number comes from, the trail."""
    tables = [*(_division(told, each) for each in told.figures.divisions), _problem_table(told), _sources(told)]
    if told.version is not None:
        tables.append(_trail(told, told.version))
        if told.version.before is not None:
            tables.append(_changes(told, differences(told.version.before, told.figures)))
    return tuple(tables)


def _unit(told: Told, outline: Outline) -> None:
    figures = told.figures
    outline.head(Level.FIRST, told.text("unit"))
    code = figures.credit_code or told.text("not_on_file")
    outline.text(told.text("unit_named", site=told.name(figures.site), code=code))
    for figure in figures.facts:
        outline.text(_line(told, figure))
    outline.text(told.text("server_rooms", number=figures.server_rooms))


def _use(told: Told, outline: Outline) -> None:
    outline.head(Level.FIRST, told.text("use"))
    outline.head(Level.SECOND, told.text("kinds"))
    for figure in told.figures.kinds:
        outline.text(_line(told, figure))
    for division in told.figures.divisions:
        outline.head(Level.SECOND, told.text(f"way.{division.by}"))
        if not division.shares:
            outline.text(told.text("no_rollups"))
            continue
        largest = together(division.shares, told.whose)[:MOST_NAMED]
        parts = [f"{name} {told.value(figure)}" for name, figure in largest]
        outline.text(told.text("largest", parts=told.say.joined(parts)))


def _per(told: Told, outline: Outline) -> None:
    outline.head(Level.FIRST, told.text("per"))
    for figure in told.figures.per:
        outline.text(_line(told, figure))


def _comparison(told: Told, outline: Outline) -> None:
    outline.head(Level.FIRST, told.text("comparison"))
    for each in told.figures.comparisons:
        change = told.text("no_change") if each.change_pct is None else _signed_pct(told, each.change_pct)
        words = {"name": told.figure_name(each.now.id), "now": told.value(each.now), "before": told.value(each.before)}
        outline.text(told.text("compared", change=change, **words))
    outline.head(Level.SECOND, told.text("targets"))
    for target in told.figures.targets:
        outline.text(_target(told, target))
    if not told.figures.targets:
        outline.text(told.text("no_targets"))


def _target(told: Told, target: TargetHeld) -> str:
    met = {True: "met", False: "missed", None: "open"}[target.is_met]
    return told.text(
        "target",
        name=told.figure_name(target.figure.id),
        target=f"{told.say.about(target.target)} {target.figure.unit}",
        value=told.value(target.figure),
        verdict=told.text(f"target.{met}"),
        source=target.source,
    )


def _quota(told: Told, outline: Outline) -> None:
    outline.head(Level.FIRST, told.text("quota"))
    for each in told.figures.quotas:
        key = "quota_none" if each.verdict is QuotaVerdict.NO_QUOTA else "quota_held"
        outline.text(
            told.text(
                key,
                building=told.name(each.building),
                value=told.value(each.figure),
                constraint=told.say.about(each.constraint),
                guide=told.say.about(each.guide),
                source=each.source,
                verdict=told.text(f"quota.{each.verdict.value}"),
            )
        )


def _carbon(told: Told, outline: Outline) -> None:
    outline.head(Level.FIRST, told.text("carbon"))
    if told.figures.carbon_factor:
        value = told.value(told.figures.carbon)
        outline.text(told.text("carbon_told", value=value, factor=told.figures.carbon_factor))
    else:
        outline.text(told.text("carbon_none"))


def _problems(told: Told, outline: Outline) -> None:
    outline.head(Level.FIRST, told.text("problems"))
    found = told.figures.problems
    if not found:
        outline.text(told.text("problems_none"))
        return
    standing = sum(each.ended is None for each in found)
    outline.text(told.text("problems_count", count=len(found), open=standing))


def _measures(told: Told, outline: Outline) -> None:
    outline.head(Level.FIRST, told.text("measures"))
    if not told.figures.measures:
        outline.text(told.text("measures_none"))
    for each in told.figures.measures:
        outline.text(_measure(told, each))
    saved = told.figures.saved
    if saved is not None:
        low, high = told.say.about(saved.low_kwh), told.say.about(saved.high_kwh)
        words = {"count": len(saved.counted), "overlapping": len(saved.overlapping), "none": len(saved.without_number)}
        outline.text(told.text("saved_in_all", kwh=told.say.about(saved.kwh), low=low, high=high, **words))


def _measure(told: Told, each: MeasureTaken) -> str:
    words = {"number": each.number, "title": told.name(each.title), "day": told.say.day(each.verified)}
    if each.kwh is None or each.first is None or each.last is None:
        return told.text("measure_no_number", **words)
    days = told.say.days(each.first, each.last)
    low, high = told.say.about(each.low_kwh), told.say.about(each.high_kwh)
    return told.text("measure_saved", days=days, kwh=told.say.about(each.kwh), low=low, high=high, **words)


def _ahead(told: Told, outline: Outline) -> None:
    outline.head(Level.FIRST, told.text("ahead"))
    for text in told.figures.intents:
        outline.text(text)
    for each in told.figures.ahead:
        deadline = told.text("no_deadline") if each.deadline is None else told.say.day(each.deadline)
        who = told.who(each.responsible) if each.responsible else told.text("nobody")
        words = {"number": each.number, "place": told.name(each.place), "measure": told.name(each.measure)}
        outline.text(told.text("ahead_item", deadline=deadline, who=who, **words))
    if not (told.figures.intents or told.figures.ahead):
        outline.text(told.text("ahead_none"))


def _hands(told: Told, outline: Outline) -> None:
    outline.head(Level.FIRST, told.text("hands"))
    version = told.version
    if version is None:
        outline.text(told.text("preview_note"))
        return
    outline.text(told.text("version", number=version.number, digest=version.digest[:16]))
    if version.reason:
        outline.text(told.text("corrects", reason=version.reason))
    if not version.is_whole:
        outline.text(told.text("broken"))
    for hand in version.hands:
        who = hand.who or "________"
        at = told.day(hand.at) if hand.at is not None and hand.who else "________"
        outline.text(told.text(f"hand.{hand.role}", who=who, at=at))


def _line(told: Told, figure: Figure) -> str:
    return told.text("line", name=told.figure_name(figure.id), value=told.value(figure))


def _signed_pct(told: Told, pct: float) -> str:
    return f"{'+' if pct > 0 else ''}{told.say.percent(pct)}"


def _division(told: Told, division: Division) -> PaperTable:
    whole = sum(share.figure.value or 0 for share in division.shares)
    rows = [
        [
            told.share(share),
            told.text(f"basis.{share.basis or 'together'}"),
            told.value(share.figure),
            told.say.percent(100 * (share.figure.value or 0) / whole if whole else None),
        ]
        for share in division.shares
    ]
    return _table(told, division.by, (("part", 40), ("basis", 20), ("kwh", 25), ("share", 15)), rows)


def _problem_table(told: Told) -> PaperTable:
    rows = [
        [
            each.rule,
            told.name(each.name),
            told.name(each.place),
            told.day(each.since),
            told.text("still") if each.ended is None else told.day(each.ended),
            "–" if each.energy_kwh is None else told.say.about(each.energy_kwh),
        ]
        for each in told.figures.problems
    ]
    columns = (("rule", 8), ("problem", 25), ("place", 27), ("since", 14), ("ended", 14), ("kwh", 12))
    return _table(told, "problems", columns, rows)


def _sources(told: Told) -> PaperTable:
    rows = [
        [
            figure.id,
            told.figure_name(figure.id),
            told.value(figure),
            f"{figure.first.isoformat()} – {figure.last.isoformat()}",
            figure.source,
            coverage(figure),
            quality(told, figure),
        ]
        for figure in told.figures.every()
    ]
    columns = (
        ("id", 15),
        ("meaning", 17),
        ("value", 17),
        ("period", 12),
        ("source", 24),
        ("coverage", 7),
        ("quality", 8),
    )
    return _table(told, "sources", columns, rows)


def coverage(figure: Figure) -> str:
    """Return how many of its days are known, 28/31."""
    return "–" if figure.of_days is None else f"{figure.known_days}/{figure.of_days}"


def quality(told: Told, figure: Figure) -> str:
    """Return how good a figure is: what share of it was estimated."""
    if figure.value is None or figure.estimated_pct is None:
        return "–"
    return (
        told.text("estimated", pct=told.say.percent(figure.estimated_pct))
        if figure.estimated_pct
        else told.text("good")
    )


def _trail(told: Told, version: Version) -> PaperTable:
    rows = [
        [str(number), told.text(f"action.{action}"), who, told.say.moment(at), note]
        for number, action, who, at, note in version.trail
    ]
    columns = (("version", 8), ("action", 14), ("who", 18), ("at", 20), ("note", 40))
    return _table(told, "trail", columns, rows)


def _changes(told: Told, changed: Sequence[Difference]) -> PaperTable:
    rows = [
        [each.id, told.figure_name(each.id), each.unit, _number(told, each.before), _number(told, each.after)]
        for each in changed
    ]
    columns = (("id", 25), ("meaning", 30), ("unit", 11), ("before", 17), ("after", 17))
    return _table(told, "changes", columns, rows)


def _number(told: Told, value: float | None) -> str:
    return told.text("without_value") if value is None else told.say.about(value)


def _table(told: Told, key: str, columns: Sequence[tuple[str, int]], rows: Sequence[Sequence[str]]) -> PaperTable:
    return PaperTable(
        title=told.text(f"table.{key}"),
        columns=[Column(head=told.text(f"head.{name}"), width_pct=pct) for name, pct in columns],
        rows=rows,
        empty=told.text("empty"),
    )
