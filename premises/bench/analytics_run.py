"""One analysis of the bench: `python -m premises.bench.analytics_run FOLDER` prints what it took as JSON."""

import json
import sys
import time
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

from analytics.calendar import WorkCalendar
from analytics.rules import WEEKLY_RULES, WINDOWED_RULES
from analytics.runs import Analysis, Request, analyse
from premises.bench.analytics import REGISTRY, Run
from premises.bench.analytics_store import opened
from premises.bench.memory import most_resident_mb
from premises.holidays import holidays_of
from sensors.readings import ReadingBatch
from sensors.topology import Registry
from sensors.verdicts import Verdict
from storage.ports import ReadingStore
from storage.registry_file import load_registry

REQUEST = Request(rules=(*WINDOWED_RULES, *WEEKLY_RULES))


def run(folder: Path) -> Run:
    """Return what all rules take over all there is, and over the last day after one of its readings changed."""
    path = folder / REGISTRY
    registry = load_registry(path)
    with opened(folder) as store:
        began, began_cpu = time.perf_counter(), time.process_time()
        whole = _analysed(registry, path, store, REQUEST)
        seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
        last = _touch_last_day(registry, path, store)
        began = time.perf_counter()
        _analysed(registry, path, store, replace(REQUEST, first=last, last=last))
        incremental = time.perf_counter() - began
    return Run(
        seconds=round(seconds, 2),
        cpu_seconds=round(cpu, 2),
        incremental_seconds=round(incremental, 2),
        peak_rss_mb=round(most_resident_mb(), 1),
        findings=sum(finding.verdict is Verdict.FAULT for finding in whole.findings),
        failed_rules=[failure.rule for failure in whole.failures],
    )


def _analysed(registry: Registry, path: Path, store: ReadingStore, request: Request) -> Analysis:
    return analyse(registry=registry, holidays=holidays_of(registry.site, path), store=store, request=request)


def _touch_last_day(registry: Registry, path: Path, store: ReadingStore) -> date:
    """Let the last whole day receive a reading again, with another value, and return the day."""
    newest = store.latest(registry.site.id).row(0, named=True)
    day = WorkCalendar(registry.site, holidays_of(registry.site, path)).local_day(newest["time_ms"] - 1)
    again = ReadingBatch(site=registry.site.id)
    again.add(newest["time_ms"], newest["device"], newest["metric"], newest["value"] + 1, phase=newest["phase"])
    store.append(again)
    return day


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(run(Path(sys.argv[1])))) + "\n")
