"""Numbers that never came, and what is known of the gateways that sent the others."""

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.intake import Gap, GatewayStatus, Ignored, SpoolEntry
from storage.spool import BOOTS, SqliteSpool
from storage.spool_windows import WINDOW, SeqWindow
from tests.storage.test_spool import NOW_MS, entry, spool_in


def numbered(spool: SqliteSpool, *seqs: int, boot: str = "b", gateway: str = "gw1", at_ms: int = NOW_MS) -> None:
    spool.commit([entry(1, boot=boot, seq=seq, gateway=gateway, received_ms=at_ms) for seq in seqs])


def missing(spool: SqliteSpool, gateway: str = "gw1") -> int:
    return spool.books()[gateway].missing


def status(state: str = "ready", *, boot: str | None = "b", at_ms: int = NOW_MS, retained: bool = False) -> SpoolEntry:
    said = GatewayStatus(state=state, boot=boot, interval_s=60.0, received_ms=at_ms, retained=retained)
    ignored = (Ignored(gateway="gw1", reason="status"),)
    return SpoolEntry(gateway="gw1", received_ms=at_ms, received=1, ignored=ignored, status=said)


@settings(max_examples=100)
@given(groups=st.lists(st.sets(st.integers(0, 40), min_size=1), min_size=1, max_size=8))
def test_missing_is_what_lies_between_first_and_highest_and_never_came(groups: list[set[int]]) -> None:
    window = SeqWindow()
    for group in groups:
        window = window.marked(group)
    first, came = min(groups[0]), set().union(*groups)
    assert window.missing == len(set(range(first, max(came) + 1)) - came)


def test_gap_is_counted_with_its_messages_and_a_late_one_fills_it(tmp_path: Path) -> None:
    gaps: list[Gap] = []
    with closing(spool_in(tmp_path, on_gap=gaps.append)) as spool:
        numbered(spool, 7, 8, 12)
        assert missing(spool) == 3
        assert gaps == [Gap(gateway="gw1", boot="b", missing=3, newest=12)]
        numbered(spool, 10)
        assert missing(spool) == 2
        assert len(gaps) == 1
        # Below the first seen nothing is known, and a repeated number fills nothing.
        numbered(spool, 3, 8)
        assert missing(spool) == 2


def test_disorder_within_a_commit_is_no_gap(tmp_path: Path) -> None:
    gaps: list[Gap] = []
    with closing(spool_in(tmp_path, on_gap=gaps.append)) as spool:
        numbered(spool, 4, 1, 3, 2, 0)
        assert (missing(spool), gaps) == (0, [])


def test_what_fell_out_of_the_window_stays_missing(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        numbered(spool, 0, 2)
        numbered(spool, *range(3, 10), WINDOW + 5)
        before = missing(spool)
        numbered(spool, 1)
        assert missing(spool) == before == 1 + WINDOW + 5 - 10


def test_missing_numbers_outlive_opening_again_and_a_forgotten_boot(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        numbered(spool, 0, 5)
    with closing(spool_in(tmp_path)) as spool:
        numbered(spool, 3)
        assert missing(spool) == 3
        for number in range(BOOTS + 1):
            numbered(spool, 0, boot=f"n{number}", at_ms=NOW_MS + number + 1)
        (state,) = spool.gateways()
        assert "b" not in {each.boot for each in state.boots}
        assert (state.missing, len(state.boots)) == (3, BOOTS)


def test_failed_commit_counts_no_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    with closing(spool_in(tmp_path)) as spool:
        numbered(spool, 0)
        with monkeypatch.context() as patch:
            patch.setattr("storage.spool.add_ignored", refuse)
            with pytest.raises(OSError, match=r"^$"):
                numbered(spool, 5)
        assert missing(spool) == 0
        numbered(spool, 1)
        numbered(spool, 5)
        assert missing(spool) == 3


def test_numbers_are_counted_for_each_gateway_and_boot(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        numbered(spool, 0, 2)
        numbered(spool, 0, 4, boot="c", at_ms=NOW_MS + 1)
        numbered(spool, 0, 1, gateway="gw2")
        first, second = spool.gateways()
    assert (first.missing, second.missing) == (4, 0)
    assert [(each.boot, each.first, each.newest, each.missing) for each in first.boots] == [
        ("c", 0, 4, 3),
        ("b", 0, 2, 1),
    ]


def test_more_boots_than_are_cached_count_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.spool_seqs._CACHED_WINDOWS", 2)
    with closing(spool_in(tmp_path)) as spool:
        for seq in (0, 2):
            spool.commit([entry(1, boot="b", seq=seq, gateway=f"gw{number}") for number in range(5)])
        assert [missing(spool, f"gw{number}") for number in range(5)] == [1] * 5


def test_gateway_is_heard_by_its_records_only(tmp_path: Path) -> None:
    replay = SpoolEntry(
        gateway="gw1", received_ms=NOW_MS + 9, received=1, ignored=(Ignored(gateway="gw1", reason="retained"),)
    )
    with closing(spool_in(tmp_path)) as spool:
        spool.commit([status("lost", at_ms=NOW_MS - 5)])
        (state,) = spool.gateways()
        assert (state.last_received_ms, state.status) == (None, status("lost", at_ms=NOW_MS - 5).status)
        numbered(spool, 0)
        spool.commit([replay, status(at_ms=NOW_MS + 10)])
        (state,) = spool.gateways()
        assert state.last_received_ms == NOW_MS


def test_last_status_stands_and_its_retained_copy_keeps_its_time(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        spool.commit([status("lost"), status("ready", at_ms=NOW_MS + 1)])
        spool.commit([status("ready", at_ms=NOW_MS + 500, retained=True)])
        (state,) = spool.gateways()
        assert state.status == status("ready", at_ms=NOW_MS + 1).status
        spool.commit([status("ready", boot="c", at_ms=NOW_MS + 900, retained=True)])
        (state,) = spool.gateways()
        assert state.status is not None
        assert (state.status.boot, state.status.received_ms) == ("c", NOW_MS + 900)
