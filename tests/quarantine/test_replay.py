import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.second_look import FROM_QUARANTINE
from premises.home import Home
from premises.intake.quarantine_replay import DISCARDED, QuarantineFault, Replayed, drop, replay
from premises.processes.locks import TakenError, holder
from sensors.events import Event
from sensors.readings import ReadingFlag
from storage.quarantine import Which
from storage.refusals import refused_messages
from storage.spool import SqliteSpool
from tests.command_line import Outcome, runner
from tests.quarantine.homes import (
    HOUR_MS,
    NOW_MS,
    book,
    co2,
    home_in,
    kept,
    message,
    notices,
    take_in,
    values,
    with_device,
)
from tests.servers import eventually

BACKFILL = ReadingFlag.BACKFILL


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_in(tmp_path)


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    return runner(monkeypatch, capsys)


def replayed(home: Home, which: Which | None = None, *, dry_run: bool = False) -> Replayed:
    return replay(home, which or Which(), now_ms=lambda: NOW_MS, dry_run=dry_run)


def test_readings_of_a_device_that_is_known_now_are_taken_in_with_the_time_they_came(home: Home) -> None:
    take_in(home, message([co2("aq9", 500)]))
    with_device(home, "aq9")
    done = replayed(home)
    assert (done.messages, done.accepted, kept(home)) == (1, 1, [])
    assert values(home) == [(NOW_MS - HOUR_MS, "aq9", 500.0, BACKFILL | ReadingFlag.TIME_OF_RECEIPT)]
    account = book(home)
    assert (account.received, account.accepted, account.quarantined) == (1, 1, 0)


def test_only_the_records_that_were_kept_are_judged_again(home: Home) -> None:
    take_in(home, message([co2("aq1", 500), co2("aq9", 600), co2("aq1", -1)], boot="b", seq=1))
    assert book(home).accepted == 1
    with_device(home, "aq9")
    done = replayed(home)
    assert (done.accepted, done.again, dict(done.reasons)) == (1, 1, {"out_of_range": 1})
    assert sorted(each[2] for each in values(home)) == [500.0, 600.0]
    account = book(home)
    assert (account.received, account.accepted, account.quarantined) == (3, 2, 1)


def test_message_that_fails_for_another_reason_is_kept_under_that(home: Home) -> None:
    take_in(home, message([co2("aq9", 500)], topic="annex/gw1/readings"))
    assert [each.message.reason for each in kept(home)] == ["unknown_site"]
    text = home.registry.read_text(encoding="utf-8")
    home.registry.write_text(text.replace("id: hq", "id: annex"), encoding="utf-8")
    done = replayed(home)
    assert dict(done.reasons) == {"unknown_device": 1}
    (now,) = kept(home)
    assert (now.message.reason, now.message.gateway, now.message.received_ms) == (
        "unknown_device",
        "gw1",
        NOW_MS - HOUR_MS,
    )
    # The record moved to the gateway's own account; the one under the foreign site is empty.
    assert (book(home, "gw1").received, book(home, "annex/gw1").received) == (1, 0)


def test_what_fails_as_before_is_left_as_it_is(home: Home) -> None:
    take_in(home, message(b"no json"))
    before = kept(home)
    done = replayed(home)
    assert (done.messages, done.again, kept(home)) == (1, 1, before)


def test_second_replay_changes_nothing(home: Home) -> None:
    take_in(home, message([co2("aq9", 500, ts=NOW_MS)]))
    with_device(home, "aq9")
    replayed(home)
    before = book(home)
    assert replayed(home) == Replayed()
    assert book(home) == before


def test_dry_run_says_the_same_and_changes_nothing(home: Home) -> None:
    event = {"dev": "door9", "type": "granted", "id": "e1"}
    take_in(home, message([co2("aq9", 500)]), *[message([event], topic="hq/gw1/events")] * 2)
    with_device(home, "aq9")
    with_device(home, "door9")
    before, account = kept(home), book(home)
    said = replayed(home, dry_run=True)
    assert (kept(home), book(home)) == (before, account)
    assert replayed(home) == said


def test_event_that_was_kept_twice_is_taken_in_once(home: Home) -> None:
    text = home.registry.read_text(encoding="utf-8")
    event = message([{"dev": "door9", "type": "granted", "id": "e1"}], topic="hq/gw1/events")
    take_in(home, event)
    take_in(home, event)
    home.registry.write_text(text.replace("# the end", "  - {id: door9, opening: d-201}"), encoding="utf-8")
    done = replayed(home)
    assert (done.accepted, done.duplicate) == (1, 1)


def fire(state: str = "active") -> dict[str, object]:
    return {"dev": "panel1", "type": "fire", "state": state, "zone": "2F", "id": state}


def refused(home: Home, record: dict[str, object], *, age_ms: int) -> None:
    """Keep a message as a decoder left it that has since been mended."""
    sent = message([record], topic="hq/gw1/events", received_ms=NOW_MS - age_ms)
    take_in(home, sent, max_payload_bytes=10)


@pytest.mark.parametrize(("age_ms", "told"), [(60_000, ["raised"]), (HOUR_MS, [])])
def test_fire_of_a_minute_ago_still_alerts_and_an_old_one_does_not(home: Home, age_ms: int, told: list[str]) -> None:
    refused(home, fire(), age_ms=age_ms)
    assert notices(home) == []
    done = replayed(home)
    assert (done.accepted, done.alerts, notices(home)) == (1, len(told), told)
    with closing(SqliteSpool(home.spool)) as spool:
        (event,) = [event for each in spool.pending() for event in each.events]
    assert FROM_QUARANTINE in event.doubts
    assert bool(event.flags & BACKFILL) is not bool(told)


def test_late_end_of_a_fire_does_not_end_one_that_burns(home: Home) -> None:
    refused(home, fire("cleared"), age_ms=60_000)
    take_in(home, message([fire()], topic="hq/gw1/events", received_ms=NOW_MS - 30_000))
    replayed(home)
    assert notices(home) == ["raised"]


def test_cut_message_is_said_and_stays(home: Home, premises: Callable[..., Outcome]) -> None:
    take_in(home, message([co2("aq1", 500 + each) for each in range(5_000)]), max_payload_bytes=1_000)
    outcome = premises("quarantine", "replay", "--all", "--home", home.root)
    assert "only their beginning kept" in outcome.out
    assert [each.message.reason for each in kept(home)] == ["payload_too_large"]


def test_what_the_store_refused_is_taken_in_as_it_was_and_alerts_nobody_again(home: Home) -> None:
    event = {"dev": "panel1", "type": "fire", "state": "active", "id": "f1", "ts": NOW_MS}
    take_in(home, message([event], topic="hq/gw1/events", received_ms=NOW_MS))
    with closing(SqliteSpool(home.spool)) as spool:
        (pending,) = spool.pending()
        spool.mark_stored(pending.id, refused=refused_messages([Refusal(events=pending.events)], [pending]))
    (before,) = pending.events
    done = replayed(home)
    with closing(SqliteSpool(home.spool)) as spool:
        (after,) = [event for each in spool.pending() for event in each.events]
    assert (done.accepted, done.duplicate, done.alerts, notices(home)) == (1, 0, 0, ["raised"])
    assert (after.id, after.flags, after.time) == (before.id, before.flags, before.time)
    assert book(home).accepted == 1


@dataclass(frozen=True)
class Refusal:
    events: Sequence[Event]
    words: str = "out of retention"
    readings: None = None


def test_damaged_entry_of_the_spool_is_left_as_it_is(home: Home) -> None:
    take_in(home, message([co2("aq1", 500), co2("aq1", 501)], received_ms=NOW_MS))
    with closing(SqliteSpool(home.spool)) as spool:
        (pending,) = spool.pending()
        spool.set_aside(pending.id, "damaged", "cannot be read back")
    before = kept(home)
    done = replayed(home)
    assert (done.cut, done.accepted, kept(home), book(home).quarantined) == (1, 0, before, 2)


def test_dropped_message_is_counted_as_discarded(home: Home) -> None:
    take_in(home, message(b"no json"), message([co2("aq9", 1)]))
    numbers = [each.id for each in kept(home) if each.message.reason == "not_json"]
    assert drop(home, numbers) == 1
    account = book(home)
    assert (account.quarantined, dict(account.ignored)) == (1, {DISCARDED: 1})


def test_replay_beside_an_ingest_that_goes_on_counts_nothing_twice(home: Home) -> None:
    with closing(SqliteSpool(home.spool, min_free_bytes=0)) as running:
        take_in(home, message([co2("aq9", 500)], boot="b", seq=1))
        assert running.seen("gw1", "b", 1)
        with_device(home, "aq9")
        replayed(home)
        assert running.seen("gw1", "b", 1)
        take_in(home, message([co2("aq9", 500)], boot="b", seq=1))
    account = book(home)
    assert (account.received, account.accepted, account.duplicate) == (2, 1, 1)


def test_replay_of_one_home_by_two_is_refused(home: Home) -> None:
    take_in(home, message(b"no json"))
    code = (
        "import sys,pathlib; from premises.processes.locks import sole\n"
        "with sole(pathlib.Path(sys.argv[1]), 'x'): input()"
    )
    lock = home.run / "quarantine.lock"
    with subprocess.Popen([sys.executable, "-c", code, str(lock)], stdin=subprocess.PIPE) as other:
        try:
            eventually(lambda: holder(lock) == other.pid, what="the lock is held")
            with pytest.raises(TakenError, match="works on the quarantine"):
                replayed(home)
        finally:
            other.kill()


def test_home_without_a_spool_is_said(home: Home) -> None:
    with pytest.raises(QuarantineFault, match="there is no spool yet"):
        replayed(home)


def test_number_that_is_not_there_is_said(home: Home, premises: Callable[..., Outcome]) -> None:
    take_in(home, message(b"no json"))
    outcome = premises("quarantine", "replay", "99", "--home", home.root)
    assert (outcome.code, "no message 99 in quarantine" in outcome.err) == (2, True)


@pytest.mark.parametrize("arguments", [[], ["--all", "--reason", "not_json"]])
def test_replay_asks_which_messages_are_meant(
    home: Home, premises: Callable[..., Outcome], arguments: list[str]
) -> None:
    take_in(home, message(b"no json"))
    outcome = premises("quarantine", "replay", *arguments, "--home", home.root)
    assert (outcome.code, "say which" in outcome.err) == (2, True)


@pytest.mark.parametrize(("since", "found"), [("30m", 1), ("2h", 2), ("2020-01-01", 2)])
def test_list_can_be_narrowed_by_time(home: Home, premises: Callable[..., Outcome], since: str, found: int) -> None:
    take_in(home, message(b"old"), message(b"new", received_ms=NOW_MS))
    outcome = premises("quarantine", "list", "--since", since, "--json", "--home", home.root)
    assert len(json.loads(outcome.out.splitlines()[-1])) == found


@pytest.mark.kill
def test_kill_9_during_a_replay_loses_nothing_and_takes_nothing_in_twice(home: Home) -> None:
    count = 3_000
    take_in(home, *[message([co2("aq9", 400 + each % 1000, ts=NOW_MS - each)]) for each in range(count)])
    with_device(home, "aq9")
    command = [sys.executable, "-P", "-m", "premises", "quarantine", "replay", "--all", "--home", str(home.root)]
    ends = []
    for _ in range(3):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            left = book(home).quarantined
            while process.poll() is None and book(home).quarantined == left:
                pass
            process.kill()
        ends.append(process.returncode)
        account = book(home)
        assert (account.accepted, account.quarantined) == (count - len(kept(home)), len(kept(home)))
    assert -signal.SIGKILL in ends, "every replay was done before it could be killed"
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert sorted(each[0] for each in values(home)) == [NOW_MS - each for each in reversed(range(count))]
    assert (book(home).accepted, kept(home)) == (count, [])
