"""alerts.yaml: read as people write it, and refused whole with every place that is wrong."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from alerts.policy import Absence, Lapse
from sensors.alarms import Alarm
from sensors.errors import InputFault
from sensors.verdicts import Severity
from storage.policy_file import Ground, PolicyFaultsError, load_policy, parse_policy
from storage.policy_words import day_hours, lapse, shift_hours, weekdays

GROUND = Ground(
    channels=("dingtalk:guards:1", "sms:duty:2", "sms:boss:3", "mail:office:4", "mail:office:5"), timezone="UTC"
)
WHOLE = """\
version: 1
default_contact: room
contacts:
  room: {channels: [guards, duty]}
  anna: {channels: [office]}
  boss: {channels: [boss]}
rosters:
  night:
    shifts:
      - {days: mon-fri, hours: "08:00-20:00", contacts: [anna]}
      - {days: mon-fri, hours: "20:00-08:00", contacts: [room]}
      - {days: "sat,sun", hours: "08:00-08:00", contacts: [room]}
    exceptions: [{from: 2026-10-01, to: 2026-10-03, contacts: [boss]}]
    absences: [{contact: anna, from: 2026-11-24}]
escalations:
  fire:
    levels: [{to: [room]}, {to: [night], after: 1m}, {escalation: up, after: 3m}]
  up:
    levels: [{to: [boss]}]
    repeat: {every: 10m, times: 3}
routes: [{kinds: [fire], days: mon-sun, hours: "20:00-08:00", workday: false, escalation: fire}]
quiet_hours: {hours: "22:00-07:00", severities: [blue]}
inhibitions: [{name: power, cause: {rules: [G04]}, effect: {kinds: [door]}, same: [building]}]
response: {red: {acknowledge: 30s}, yellow: {acknowledge: 2 workdays}}
engine: {settle: {leak: 10s}, clear_after: 0s, flapping: {raises: 4}, grouping: {by: [kind], wait: {yellow: 1m}}}
findings: [red, orange]
tests: [{name: weekly, to: night, days: mon, at: "09:00", confirm: 10m}]
"""


def faults(text: str) -> list[str]:
    policy, found = parse_policy(text.encode(), GROUND)
    assert policy is None
    return [f"{each.place.line}:{each.place.column} {each.reason}" for each in found if each.place]


def test_a_whole_policy_is_read(tmp_path: Path) -> None:
    (tmp_path / "alerts.yaml").write_text(WHOLE, encoding="utf-8")
    policy = load_policy(tmp_path / "alerts.yaml", GROUND)
    assert policy.contacts["anna"].channels == ("mail:office:4", "mail:office:5")
    assert policy.rosters["night"].absences == (
        Absence(contact="anna", first=date(2026, 11, 24), last=date(2026, 11, 24)),
    )
    assert policy.response[Severity.YELLOW].acknowledge == Lapse(workdays=2)
    rules = policy.engine_rules()
    assert rules.quiet is not None
    assert rules.quiet.hours == ((0, 420), (1320, 1440))
    assert rules.settle[Alarm.LEAK] == timedelta(seconds=10)
    assert [each.name for each in rules.inhibitions] == ["gateway_down", "power"]
    assert policy.tests[0].confirm == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("channels: [boss]", "channels: [bos]", "6:21 contact 'boss': channels 'bos' is no channel"),
        ("escalation: fire}", "escalation: fir}", "did you mean fire?"),
        ("{to: [boss]}]", "{escalation: fire}]", "escalation goes round in a loop: fire → up → fire"),
        (
            '"20:00-08:00", contacts',
            '"21:00-08:00", contacts',
            "8:3 roster 'night': nobody is on duty from mon 20:00 to mon 21",
        ),
        (
            "default_contact: room",
            "default_contact: rom",
            "2:1 default_contact 'rom' is no contact or roster; did",
        ),
        ("findings:", "finding:", "unknown key 'finding'; did you mean findings?"),
        ("severities: [blue]", "severities: [red]", "red is never quiet"),
        ("version: 1", "version: 2", "must be 1"),
        ("after: 1m", "after: soon", "must be a time like 30s"),
        ("from: 2026-10-01, to: 2026-10-03", "from: 2026-10-03, to: 2026-10-01", "lies before from"),
        ("effect: {kinds: [door]}", "effect: {}", "asks nothing"),
        ("  boss: {channels: [boss]}", "  night: {channels: [boss]}", "'night' is a contact too"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(right: str, wrong: str, said: str) -> None:
    assert right in WHOLE
    assert any(said in each for each in faults(WHOLE.replace(right, wrong)))


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "alerts.yaml").write_text(WHOLE.replace("[boss]", "[bos]").replace("1m", "x"), encoding="utf-8")
    with pytest.raises(PolicyFaultsError) as caught:
        load_policy(tmp_path / "alerts.yaml", GROUND)
    assert len(caught.value.faults) >= 3
    assert str(caught.value).startswith(f"{tmp_path}/alerts.yaml:6:21: ")


@pytest.mark.parametrize(
    "text", ["", "[]", "version: 1\nroutes: 5\n", "contacts: {a: 5}\n", "a: [", "\x00", "version: 1\nrosters: {r: {}}"]
)
def test_nonsense_is_a_fault_and_never_more(text: str) -> None:
    assert parse_policy(text.encode(), GROUND)[0] is None


def test_a_file_that_cannot_be_opened_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="cannot be read"):
        load_policy(tmp_path, GROUND)


def test_times_are_read_as_people_write_them() -> None:
    assert [lapse(text).time.total_seconds() for text in ("30s", "1.5h", "10 min", "3d")] == [30, 5400, 600, 259200]
    assert weekdays("fri-mon") == {4, 5, 6, 0}
    assert weekdays("daily") == set(range(7))
    assert shift_hours("20:00-08:00") == (1200, 720)
    assert shift_hours("00:00-24:00") == (0, 1440)
    assert day_hours("22:00-07:00,12:00-13:00") == ((0, 420), (720, 780), (1320, 1440))
