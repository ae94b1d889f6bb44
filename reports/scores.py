"""The scores of the rules against a truth, as a table for a terminal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from unicodedata import east_asian_width

from reports.messages import Messages
from sensors.catalogue import CATALOGUE
from simulators.scoring import Found, RuleScore, held
from simulators.truth import TruthRow

GAP = "  "
COLUMNS = (
    "score.rule",
    "score.tp",
    "score.fp",
    "score.fn",
    "score.precision",
    "score.recall",
    "score.delay",
    "score.near",
)
TWO_DAYS = timedelta(days=2)
MOST_TOLD = 20


def render_scores(scores: Mapping[str, RuleScore], messages: Messages, *, floor: float | None) -> str:
    """Return the table, then the findings and faults that did not meet, and whether the floor is held."""
    if not scores:
        return messages.text("score.nothing")
    header = [messages.text(column) for column in COLUMNS]
    rows = [_cells(rule, score, messages) for rule, score in scores.items()]
    return "\n".join([*_table([header, *rows]), *_astray(scores, messages), *_verdict(scores, messages, floor)])


def _cells(rule: str, score: RuleScore, m: Messages) -> list[str]:
    notes = [] if score.built else [m.text("score.not_built")]
    if score.explained:
        notes.append(m.text("score.explained", number=score.explained))
    return [
        f"{rule} {CATALOGUE[rule].name.in_language(m.language)}",
        str(score.tp),
        str(score.fp),
        str(score.fn),
        _figure(score.precision, m),
        _figure(score.recall, m),
        _delay(score.delay, m),
        m.text("score.near_of", tripped=score.near_misses_tripped, all=score.near_misses) if score.near_misses else "",
        *notes,
    ]


def _figure(figure: float | None, m: Messages) -> str:
    return m.text("score.none") if figure is None else m.number(figure, 2)


def _delay(delay: timedelta | None, m: Messages) -> str:
    if delay is None:
        return m.text("score.none")
    if delay < TWO_DAYS:
        return m.text("score.hours", hours=m.about(delay / timedelta(hours=1)))
    return m.text("score.days", days=m.about(delay / timedelta(days=1)))


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the rows with their columns under each other; a Chinese character is two columns wide."""
    widths = [max(_width(row[index]) for row in rows if index < len(row)) for index in range(len(COLUMNS))]
    for row in rows:
        first, *figures = row[: len(COLUMNS)]
        cells = [
            _padded(first, widths[0]),
            *(_padded(cell, -width) for cell, width in zip(figures, widths[1:], strict=True)),
        ]
        yield GAP.join([*cells, *row[len(COLUMNS) :]]).rstrip()


def _padded(text: str, width: int) -> str:
    """Return the text filled up on the right, or on the left where the width is negative."""
    blank = " " * (abs(width) - _width(text))
    return text + blank if width > 0 else blank + text


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _astray(scores: Mapping[str, RuleScore], m: Messages) -> Iterator[str]:
    wrong = [each for score in scores.values() for each in score.false_alarms]
    missed = [each for score in scores.values() if score.built for each in score.missed]
    yield from _told("score.false_alarm", wrong, m)
    yield from _told("score.missed_fault", missed, m)


def _told(message: str, each: Iterable[Found | TruthRow], m: Messages) -> Iterator[str]:
    lines = [m.text(message, rule=one.rule, subject=one.subject, period=m.period(one.start, one.end)) for one in each]
    yield from lines[:MOST_TOLD]
    if len(lines) > MOST_TOLD:
        yield f"… {len(lines) - MOST_TOLD}"


def _verdict(scores: Mapping[str, RuleScore], m: Messages, floor: float | None) -> Iterator[str]:
    if floor is None:
        return
    if held(scores, floor):
        yield m.text("score.held", floor=m.number(floor, 2))
    else:
        under = [rule for rule, score in scores.items() if not score.holds(floor)]
        yield m.text("score.not_held", floor=m.number(floor, 2), rules=m.joined(under))
