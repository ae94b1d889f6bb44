from pathlib import Path

from premises.home import Home
from premises.intake.ingest_report import COMMIT_BUCKETS_S, WRITTEN_EVERY_MS, IngestReporter, LinkState, path_of, read


def reporter(folder: Path) -> tuple[Home, list[int], IngestReporter]:
    home, now_ms = Home.find(folder), [1_000]
    return home, now_ms, IngestReporter(home, now_ms=lambda: now_ms[0])


def test_state_of_the_link_is_told_at_once_and_since_when(tmp_path: Path) -> None:
    home, now_ms, ingest = reporter(tmp_path)
    ingest.subscribed()
    now_ms[0] = 9_000
    ingest.lost("the broker refused: Not authorized")
    told = read(home)
    assert told is not None
    assert (told.link, told.link_since_ms, told.error) == (LinkState.LOST, 9_000, "the broker refused: Not authorized")


def test_commits_are_counted_by_how_long_they_took(tmp_path: Path) -> None:
    home, now_ms, ingest = reporter(tmp_path)
    ingest.tick()
    for seconds in (0.0005, 0.004, 0.004, 99.0):
        ingest.committed(10, seconds)
    now_ms[0] += WRITTEN_EVERY_MS
    ingest.tick()
    told = read(home)
    assert told is not None
    assert (told.messages, told.last_commit_ms, told.commits.total_s) == (40, 1_000, 99.0085)
    assert told.commits.counts == (1, 0, 2, *[0] * (len(COMMIT_BUCKETS_S) - 3), 1)


def test_file_is_written_every_few_seconds_only(tmp_path: Path) -> None:
    home, now_ms, ingest = reporter(tmp_path)
    ingest.tick()
    path_of(home).unlink()
    now_ms[0] += WRITTEN_EVERY_MS - 1
    ingest.tick()
    assert read(home) is None


def test_file_that_is_no_report_is_none(tmp_path: Path) -> None:
    home = Home.find(tmp_path)
    for text in ("", "[]", '{"pid": 1}', '{"commits": {}}'):
        path_of(home).write_text(text, encoding="utf-8")
        assert read(home) is None
