"""Whatever stands and whatever was before: a real fire is told, nothing is held for ever, and the answer stays."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.decisions import Hold
from alerts.dispatch import Notice
from alerts.engine import decide
from alerts.engine_rules import EngineRules, Inhibition, QuietHours
from alerts.matching import Matcher
from alerts.model import is_real_fire
from alerts.standing import Drill, OutOfService, Shelf, Silence, Standing
from sensors.alarms import Alarm
from sensors.hours import parse_hours
from sensors.signals import Signal
from sensors.verdicts import Severity
from tests.alerts.memory_past import MemoryPast
from tests.alerts.signals import signal_of
from tests.alerts.test_engine import SHANGHAI
from tests.memory_records import NOON

LONGEST = timedelta(days=40)

offsets = st.integers(-90_000, 90_000).map(lambda seconds: timedelta(seconds=seconds))
spans = st.tuples(offsets, st.integers(1, 2_000_000)).map(
    lambda pair: (NOON + pair[0], NOON + pair[0] + timedelta(seconds=pair[1]))
)
matchers = st.sampled_from(
    [Matcher(), Matcher(zones=frozenset({"2F"})), Matcher(severities=frozenset({Severity.BLUE}))]
)
signals = st.builds(
    signal_of,
    st.sampled_from(list(Alarm)),
    severity=st.sampled_from(list(Severity)),
    subject=st.sampled_from(["device:d1", "gateway:gw1"]),
    zone=st.sampled_from(["", "2F"]),
    test=st.booleans(),
)


@st.composite
def standings(draw: st.DrawFn, signal: Signal) -> Standing:
    silences, drills = draw(st.lists(spans, max_size=2)), draw(st.lists(spans, max_size=1))
    hours = draw(st.sampled_from([(), parse_hours("12:00-13:00")]))
    return Standing(
        silences=[
            Silence(id=f"s{n}", matcher=draw(matchers), author="u", comment="c", starts=a, ends=b, hours=hours)
            for n, (a, b) in enumerate(silences)
        ],
        drills=[Drill(id="d", matcher=draw(matchers), author="u", comment="c", starts=a, ends=b) for a, b in drills],
        shelves=[
            Shelf(fingerprint=signal.mark, until=b, author="u", comment="c")
            for _, b in draw(st.lists(spans, max_size=1))
        ],
        out_of_service=[
            OutOfService(subject="gateway:gw1", since=a, until=b, author="u", comment="c")
            for a, b in draw(st.lists(spans, max_size=1))
        ],
    )


rules = st.builds(
    EngineRules,
    zone=st.just(SHANGHAI),
    settle=st.sampled_from([{}, dict.fromkeys(Alarm, timedelta(minutes=5))]),
    quiet=st.sampled_from([None, QuietHours(hours=(), severities=frozenset(Severity))]),
    inhibitions=st.sampled_from([(), (Inhibition(name="all", cause=Matcher(), effect=Matcher()),)]),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Notice, Standing, MemoryPast, EngineRules, datetime]:
    signal, past = draw(signals), MemoryPast()
    for at in sorted(draw(st.lists(offsets, max_size=6))):
        earlier = signal_of(signal.event, at=NOON + at, subject=str(signal.subject), zone=signal.zone)
        notice = past.raised(earlier)
        if draw(st.booleans()):
            past.tell(notice, NOON + at)
        if draw(st.booleans()):
            past.cleared(earlier, NOON + at + timedelta(seconds=draw(st.integers(0, 600))))
    notice = past.raised(signal)
    if draw(st.booleans()):
        ended = past.cleared(signal, NOON + timedelta(seconds=draw(st.integers(0, 600))))
        notice = ended if draw(st.booleans()) else notice
    return notice, draw(standings(signal)), past, draw(rules), NOON + draw(offsets)


@given(cases())
def test_real_fire_is_never_held_and_nothing_is_held_for_ever(
    case: tuple[Notice, Standing, MemoryPast, EngineRules, datetime],
) -> None:
    notice, standing, past, its_rules, now = case
    decision = decide(notice, standing, past, its_rules, now)
    assert decide(notice, standing, past, its_rules, now) == decision
    if is_real_fire(notice.signal):
        assert (decision.held, decision.group_until) == (None, None)
    if decision.held is not None:
        assert decision.by
        assert (decision.look_again is None) == (decision.held is Hold.OVER)
    if decision.look_again is not None:
        assert now < decision.look_again < now + LONGEST


@given(cases())
def test_what_is_held_is_told_or_over_when_it_was_looked_at_often_enough(
    case: tuple[Notice, Standing, MemoryPast, EngineRules, datetime],
) -> None:
    notice, standing, past, its_rules, now = case
    ends_with = EngineRules(zone=SHANGHAI, settle=its_rules.settle)
    for _ in range(400):
        decision = decide(notice, standing, past, ends_with, now)
        if decision.look_again is None:
            return
        now = decision.look_again
    raise AssertionError(decision)
