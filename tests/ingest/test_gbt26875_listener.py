"""The listener on a real socket: what is confirmed and when, what is refused, and who may hold a connection."""

import socket
from contextlib import closing
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

import pytest

from ingest.gbt26875.connections import MOST_UNSENT, Connection, OverError
from ingest.gbt26875.downlink import CONFIRM_S, Downlink, Ended, Outcome, Schedule, Send
from ingest.gbt26875.downlink import Line as Way
from ingest.gbt26875.frames import Command, FrameReader, label_of
from ingest.gbt26875.listener import ListenOptions
from ingest.gbt26875.units import UnitType
from sensors.events import Event
from sensors.intake import Book
from simulators.gbt26875 import FIRE, NEGATIVE, OPERATED_ROLL_CALL, FirePanel, asks_roll_call
from tests.ingest.intake import NOW_MS, spool_in
from tests.ingest.panels import AT, Client, later, listening
from tests.servers import eventually


def books(folder: Path) -> dict[str, Book]:
    with closing(spool_in(folder)) as spool:
        return spool.books()


def events(folder: Path) -> list[Event]:
    with closing(spool_in(folder)) as spool:
        return [event for each in spool.pending() for event in each.events]


def reasons(folder: Path) -> set[str]:
    with closing(spool_in(folder)) as spool:
        return {each.message.reason for each in spool.quarantined()}


def statuses(folder: Path) -> dict[str, str]:
    with closing(spool_in(folder)) as spool:
        return {each.gateway: each.status.state for each in spool.gateways() if each.status is not None}


def test_confirmation_comes_after_the_commit_under_the_frames_number(tmp_path: Path) -> None:
    with listening(tmp_path) as port, Client(port) as client:
        client.send(FirePanel(seq=513).component(AT, FIRE, text="走廊"))
        (reply,) = client.replies(1)
        assert [each.zone for each in events(tmp_path)] == ["1.1/10-2 走廊"]
        assert (reply.command, reply.seq, reply.source, reply.destination, reply.data) == (3, 513, 88_888, 889, b"")


def test_frames_in_one_go_are_confirmed_in_order_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    panel = FirePanel()
    packets = [panel.component(AT, FIRE, position=number) for number in range(40)]
    packets[20] = packets[20][:-3] + bytes((packets[20][-3] ^ 255,)) + b"##"
    with listening(tmp_path) as port, Client(port) as client:
        client.send(b"noise", *packets)
        replies = client.replies(40)
        assert [each.seq for each in replies if each.command == Command.CONFIRM] == [*range(20), *range(21, 40)]
        assert [each.seq for each in replies if each.command == Command.NEGATIVE] == [20]
    assert len(events(tmp_path)) == 39


def test_frame_in_single_bytes_is_one_frame(tmp_path: Path) -> None:
    with listening(tmp_path) as port, Client(port) as client:
        for byte in FirePanel().component(AT, FIRE):
            client.send(bytes((byte,)))
        assert len(client.replies(1)) == 1
    assert len(events(tmp_path)) == 1


def test_panel_that_comes_back_and_repeats_itself_is_confirmed_and_counted_once(tmp_path: Path) -> None:
    fire = FirePanel().component(AT, FIRE)
    with listening(tmp_path) as port:
        for _ in range(3):
            with Client(port) as client:
                client.send(fire)
                assert client.replies(1)[0].command == Command.CONFIRM
        eventually(lambda: statuses(tmp_path) == {"utd1": "lost"}, what="the loss of the panel")
    assert len(events(tmp_path)) == 1
    assert books(tmp_path)["utd1"].duplicate == 2


def test_garbage_and_a_half_frame_end_in_quarantine(tmp_path: Path) -> None:
    fire = FirePanel().component(AT, FIRE)
    with listening(tmp_path) as port:
        with Client(port) as client:
            client.send(b"\xff" * 10_000, fire)
            client.replies(1)
            client.send(fire[:30])
        eventually(lambda: reasons(tmp_path) == {"garbage", "half_frame"}, what="the half frame")


def test_flood_is_taken_in_bounds_and_a_fire_on_another_line_is_confirmed_meanwhile(tmp_path: Path) -> None:
    flood, fire = FirePanel(), FirePanel(address=7).component(AT, FIRE)
    with listening(tmp_path) as port, Client(port) as noisy, Client(port) as other:
        noisy.send(b"".join(flood.heartbeat(AT) for _ in range(20_000)))
        other.send(fire)
        assert other.replies(1)[0].command == Command.CONFIRM
        assert len(noisy.replies(20_000)) == 20_000
    assert books(tmp_path)["utd1"].ignored["heartbeat"] == 20_000


def test_panel_that_takes_no_answers_is_let_go() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        ours.setblocking(False)  # noqa: FBT003 - the socket's own signature
        deaf = Connection(socket=ours, peer="10.0.0.9", frame_ms=0)

        def confirm_without_end() -> None:
            while True:
                deaf.send(b"confirmed")

        with pytest.raises(OverError, match="takes nothing"):
            confirm_without_end()
        assert len(deaf.unsent) <= MOST_UNSENT + len(b"confirmed")


def test_stranger_is_let_go_at_once(tmp_path: Path) -> None:
    with listening(tmp_path, allowed=(ip_network("10.0.0.0/8"),)) as port, Client(port) as client:
        assert client.is_closed()
    assert books(tmp_path) == {}


def test_more_connections_than_its_share_close_the_silent_ones_of_that_address(tmp_path: Path) -> None:
    with listening(tmp_path, max_connections=8) as port, Client(port) as first, Client(port) as second:
        second.send(FirePanel().heartbeat(AT))
        second.replies(1)
        with Client(port) as third:
            assert first.is_closed()
            third.send(FirePanel(address=7).heartbeat(AT))
            third.replies(1)
            second.send(FirePanel().heartbeat(AT))
            second.replies(1)


def test_silent_connection_is_closed_and_its_panel_is_lost(tmp_path: Path) -> None:
    with listening(tmp_path, idle_s=0.2) as port, Client(port) as client:
        client.send(FirePanel().heartbeat(AT))
        client.replies(1)
        assert client.is_closed()
        eventually(lambda: statuses(tmp_path) == {"utd1": "lost"}, what="the loss of the panel")


@pytest.mark.parametrize(
    ("address", "admitted"),
    [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("10.2.0.1", False), ("fe80::1%eth0", True), ("::1", False)],
)
def test_networks_admit_by_address(address: str, *, admitted: bool) -> None:
    options = ListenOptions(allowed=(ip_network("10.1.0.0/16"), ip_network("fe80::/10")))
    assert options.admits(address) is admitted


# What the centre asks; no clock but the numbers given.

MINUTE_MS = 60_000
LABEL = label_of(AT)
ASK = Schedule(roll_call_minutes=120, answer_minutes=10)
BEGIN_MS = NOW_MS - NOW_MS % (120 * MINUTE_MS)


@dataclass(slots=True)
class Calls:
    """A downlink to one panel."""

    downlink: Downlink
    lines: dict[int, Way]

    def due(self, minutes: float) -> list[Send | Ended]:
        return self.downlink.due(self.lines, LABEL, BEGIN_MS + int(minutes * MINUTE_MS))


def calls(schedule: Schedule = ASK, *, connected: bool = True) -> Calls:
    lines = {889: Way(address=889, centre=88_888, version=b"\1\1")}
    made = Calls(Downlink(schedule, (889,)), lines if connected else {})
    assert made.due(60) == []
    return made


def asked(found: list[Send | Ended]) -> Send:
    (send,) = found
    assert isinstance(send, Send)
    return send


def test_roll_call_is_asked_at_each_interval_in_the_words_of_the_standard() -> None:
    made = calls()
    assert made.due(119) == []
    packet = asked(made.due(120)).frame.encoded()
    assert asks_roll_call(packet)
    assert packet[24:-3] == bytes.fromhex("0300 01 5b010a")
    made.downlink.answered(889)
    assert asked(made.due(240)).frame.seq == 1


def test_roll_call_that_nobody_confirms_is_sent_four_times_and_then_undelivered() -> None:
    made, step = calls(), CONFIRM_S / 60
    frames = [asked(made.due(120 + number * step)).frame for number in range(4)]
    assert len({each.seq for each in frames}) == 1
    assert made.due(120 + 3.5 * step) == []
    assert made.due(120 + 4 * step) == [Ended(889, Outcome.UNDELIVERED, BEGIN_MS + 120 * MINUTE_MS)]
    assert made.due(125) == []


@pytest.mark.parametrize(("answer", "ended"), [(True, []), (False, [Outcome.UNANSWERED])])
def test_confirmed_roll_call_waits_for_a_person(*, answer: bool, ended: list[Outcome]) -> None:
    made = calls()
    sent = asked(made.due(120)).frame.encoded()
    (confirmation,) = FrameReader().feed(FirePanel().confirmation(sent, AT))
    made.downlink.heard(confirmation, BEGIN_MS + 120 * MINUTE_MS)  # type: ignore[arg-type] # a frame
    assert made.due(129) == []
    if answer:
        made.downlink.answered(889)
    assert [each.outcome for each in made.due(130) if isinstance(each, Ended)] == ended


def test_refused_command_is_sent_again_and_an_unreachable_panel_told_at_once() -> None:
    made = calls()
    sent = asked(made.due(120)).frame.encoded()
    (refusal,) = FrameReader().feed(FirePanel().confirmation(sent, AT, answer=NEGATIVE))
    made.downlink.heard(refusal, BEGIN_MS + 120 * MINUTE_MS)  # type: ignore[arg-type] # a frame
    assert asked(made.due(121)).frame.encoded() == sent
    away = calls(connected=False)
    assert [each.outcome for each in away.due(120) if isinstance(each, Ended)] == [Outcome.UNDELIVERED]


def test_clock_is_set_once_a_day_where_it_may_be_and_by_default_never() -> None:
    day = 24 * 60
    made = calls(Schedule(sets_clocks=True))
    frame = asked(made.due(day)).frame
    assert frame.data == bytes((UnitType.CLOCK, 1)) + LABEL
    (confirmation,) = FrameReader().feed(FirePanel().confirmation(frame.encoded(), AT))
    made.downlink.heard(confirmation, BEGIN_MS)  # type: ignore[arg-type] # a frame
    assert made.due(day + 5) == []
    assert calls(Schedule()).due(10 * day) == []


def test_clock_that_is_set_back_holds_no_command_up_and_asks_nothing_twice() -> None:
    made, step = calls(), CONFIRM_S / 60
    asked(made.due(120))
    assert made.due(20) == []
    assert asked(made.due(20 + step)).frame.seq == 0


@pytest.mark.parametrize("answers", [True, False])
def test_roll_call_over_the_line_ends_in_an_event(tmp_path: Path, *, answers: bool) -> None:
    panel, clock = FirePanel(), [BEGIN_MS - 1]
    with listening(tmp_path, schedule=ASK, now_ms=lambda: clock[0]) as port, Client(port) as client:
        client.send(panel.heartbeat(AT))
        client.replies(1)
        clock[0] = BEGIN_MS
        client.send(panel.heartbeat(AT))
        replies = client.replies(2)
        (call,) = [each for each in replies if each.command == Command.CONTROL]
        assert asks_roll_call(call.encoded())
        client.send(panel.confirmation(call.encoded(), AT))
        if answers:
            client.send(panel.transmitter_operated(later(1), OPERATED_ROLL_CALL))
            client.replies(1)
        eventually(lambda: books(tmp_path)["utd1"].ignored.get("confirm") == 1, what="the panel's confirmation")
        clock[0] += 11 * MINUTE_MS
        eventually(lambda: bool(events(tmp_path)), what="the outcome")
    assert [(each.type, each.zone) for each in events(tmp_path)] == [
        ("roll_call", "answered" if answers else "unanswered")
    ]
