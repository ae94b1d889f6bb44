"""What the data of a saving lack, as a person reads it: months that lack the same are one line."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from analytics.savings.result import Lack, Shortfall

RANGE = " – "


def in_runs(lacks: Iterable[Shortfall]) -> Iterator[Shortfall]:
    """Yield the lacks; months of a period that follow one another and lack as much come as one, `first – last`."""
    run: list[Shortfall] = []
    for lack in lacks:
        if run and not _goes_on(run[-1], lack):
            yield _joined(run)
            run = []
        run.append(lack)
    if run:
        yield _joined(run)


def _goes_on(before: Shortfall, lack: Shortfall) -> bool:
    if lack.code is not Lack.MONTH_COVERAGE or before.code is not lack.code or before.is_fatal != lack.is_fatal:
        return False
    month = str(before.params["month"])
    return {**before.params, "month": _next(month)} == dict(lack.params)


def _next(month: str) -> str:
    year, number = (int(part) for part in month.split("-"))
    return f"{year + number // 12}-{number % 12 + 1:02d}"


def _joined(run: list[Shortfall]) -> Shortfall:
    if len(run) == 1:
        return run[0]
    first, last = run[0].params, run[-1].params
    return replace(run[0], params={**first, "month": f"{first['month']}{RANGE}{last['month']}"})
