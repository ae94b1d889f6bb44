"""An SMS that brings its code back acknowledges that alert once; everything else acknowledges nothing."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from alerts.codes import code_of, codes_in
from alerts.replies import WITHIN, WRONG_ANSWERS, CodeRules
from api.app import create_app
from api.recipients import Recipient
from api.sms_replies import FRESH_S, SmsReplies, plain_number
from sensors.actors import Role
from tests.api.bench import Bench, code
from tests.api.records import fire

PATH = "/api/v1/alert-replies/sms"
SECRET = "s3cret"  # noqa: S105 - of a test
KEY = b"key"
BEARER = {"Authorization": f"Bearer {SECRET}"}
PHONES = {
    "13800000000": [Recipient(label="duty", channel="sms:duty:1"), Recipient(label="duty", channel="sms:duty:9")],
    "13900000000": [Recipient(label="anna", channel="sms:anna:2", user="anna")],
}
WRONG = "000000"


def bench(folder: Path, *, valid: timedelta = timedelta(hours=24)) -> Bench:
    made = Bench(folder)
    rules = CodeRules(key=KEY, valid=valid)
    replies = SmsReplies(secret=SECRET, allowed=(ip_network("127.0.0.0/8"),), phones=PHONES, rules=rules)
    made.services = replace(made.services, sms_replies=replies)
    made.app = create_app(made.services)
    return made


def answered(
    there: Bench,
    text: str,
    *,
    phone: str = "+86 138 0000 0000",
    headers: Mapping[str, str] = BEARER,
    address: str = "127.0.0.1",
) -> str:
    """Return the outcome, or the code of the problem."""
    client = there.browser(address=address).client
    answer = client.post(PATH, json={"phone": phone, "text": text}, headers=dict(headers))
    return str(answer.json()["outcome"]) if answer.status_code == 200 else code(answer)


def state(there: Bench, alert_id: str) -> str:
    with there.records.reading() as tx:
        found = tx.alert(alert_id)
    assert found is not None
    return found.state.value


def test_the_code_of_a_phone_acknowledges_its_alert_by_the_phones_name(tmp_path: Path) -> None:
    there = bench(tmp_path)
    alert_id, other = fire(there), fire(there, zone="3F")
    assert answered(there, f"收到 {code_of(KEY, alert_id, 'sms:duty:1')}。") == "acknowledged"
    assert (state(there, alert_id), state(there, other)) == ("acknowledged", "raised")
    with there.records.reading() as tx:
        step = tx.alert_steps(alert_id)[-1]
        (reply,) = tx.alert_replies("sms:duty:1", since=there.clock.now())
    assert (step.actor_id, step.note) == ("sms:duty", "SMS")
    assert code_of(KEY, alert_id, "sms:duty:1") not in str(reply)
    assert "138" not in str(step) + str(reply)


def test_a_phone_with_an_account_acknowledges_as_its_holder(tmp_path: Path) -> None:
    there = bench(tmp_path)
    there.account(Role.SAFETY_OFFICER)
    alert_id = fire(there)
    assert answered(there, code_of(KEY, alert_id, "sms:anna:2"), phone="13900000000") == "acknowledged"
    with there.records.reading() as tx:
        assert tx.alert_steps(alert_id)[-1].actor_id == "id-anna"


def test_a_phone_whose_account_is_closed_or_may_not_acknowledges_nothing(tmp_path: Path) -> None:
    there = bench(tmp_path)
    alert_id = fire(there)
    told = code_of(KEY, alert_id, "sms:anna:2")
    assert answered(there, told, phone="13900000000") == "not_permitted"
    there.account(Role.VIEWER)
    assert answered(there, told, phone="13900000000") == "not_permitted"
    assert state(there, alert_id) == "raised"


def test_the_same_code_twice_is_once(tmp_path: Path) -> None:
    there = bench(tmp_path)
    told = code_of(KEY, fire(there), "sms:duty:1")
    assert [answered(there, told) for _ in range(2)] == ["acknowledged", "already"]


@pytest.mark.parametrize("channel", ["sms:duty:1", "sms:duty:9"])
def test_a_number_answers_with_the_code_of_any_of_its_channels(tmp_path: Path, channel: str) -> None:
    there = bench(tmp_path)
    assert answered(there, code_of(KEY, fire(there), channel)) == "acknowledged"


def test_who_guesses_is_not_heard_over_any_of_its_channels(tmp_path: Path) -> None:
    there = bench(tmp_path)
    told = code_of(KEY, fire(there), "sms:duty:9")
    for _ in range(WRONG_ANSWERS):
        answered(there, WRONG)
    assert answered(there, told) == "too_many"


def test_another_phones_code_acknowledges_nothing(tmp_path: Path) -> None:
    there = bench(tmp_path)
    alert_id = fire(there)
    assert answered(there, code_of(KEY, alert_id, "sms:anna:2")) == "wrong_code"
    assert answered(there, code_of(KEY, alert_id, "sms:duty:1"), phone="13700000000") == "wrong_code"
    assert state(there, alert_id) == "raised"


def test_a_code_ends_with_its_time(tmp_path: Path) -> None:
    there = bench(tmp_path, valid=timedelta(hours=1))
    told = code_of(KEY, fire(there), "sms:duty:1")
    there.clock.go_on(timedelta(hours=1))
    assert answered(there, told) == "expired"


def test_who_guesses_is_not_heard_for_a_while_not_even_with_the_right_code(tmp_path: Path) -> None:
    there = bench(tmp_path)
    told = code_of(KEY, fire(there), "sms:duty:1")
    assert [answered(there, WRONG) for _ in range(WRONG_ANSWERS)] == ["wrong_code"] * WRONG_ANSWERS
    assert answered(there, told) == "too_many"
    there.clock.go_on(WITHIN + timedelta(seconds=1))
    assert answered(there, told) == "acknowledged"


def test_an_answer_without_a_code_is_no_attempt(tmp_path: Path) -> None:
    there = bench(tmp_path)
    assert [answered(there, "好的") for _ in range(9)] == ["no_code"] * 9


def test_a_signed_call_is_heard_and_a_changed_or_old_one_is_not(tmp_path: Path) -> None:
    there = bench(tmp_path)
    client = there.browser().client
    stamp = str(int(there.clock.now().timestamp()))
    body = json.dumps({"phone": "13800000000", "text": code_of(KEY, fire(there), "sms:duty:1")}).encode()
    signed = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"X-Premises-Timestamp": stamp, "X-Premises-Signature": f"sha256={signed}"}
    headers["Content-Type"] = "application/json"
    assert code(client.post(PATH, content=body + b" ", headers=headers)) == "not_permitted"
    assert client.post(PATH, content=body, headers=headers).json() == {"outcome": "acknowledged"}
    there.clock.go_on(timedelta(seconds=FRESH_S + 1))
    assert code(client.post(PATH, content=body, headers=headers)) == "not_permitted"


@pytest.mark.parametrize(
    ("headers", "address"),
    [({}, "127.0.0.1"), ({"Authorization": "Bearer other"}, "127.0.0.1"), (BEARER, "192.0.2.7"), (BEARER, "nowhere")],
)
def test_others_are_not_heard(tmp_path: Path, headers: Mapping[str, str], address: str) -> None:
    there = bench(tmp_path)
    alert_id = fire(there)
    told = code_of(KEY, alert_id, "sms:duty:1")
    assert answered(there, told, headers=headers, address=address) == "not_permitted"
    assert state(there, alert_id) == "raised"


def test_where_no_gateway_is_named_there_is_no_such_place(tmp_path: Path) -> None:
    assert answered(Bench(tmp_path), WRONG) == "not_found"


def test_the_control_room_acknowledges_for_somebody_who_called(tmp_path: Path) -> None:
    there = Bench(tmp_path)
    alert_id = fire(there)
    officer = there.signed_in(Role.SAFETY_OFFICER)
    officer.post(f"/alerts/{alert_id}/acknowledge", {"note": "by phone", "on_behalf_of": "duty electrician"})
    step = officer.get(f"/alerts/{alert_id}").json()["steps"][-1]
    assert (step["actor_id"], step["on_behalf_of"], step["note"]) == ("id-anna", "duty electrician", "by phone")


@pytest.mark.parametrize(
    ("text", "found"),
    [("493021", ["493021"]), ("确认４９３０２１！", ["493021"]), ("13800000000", []), ("49302", []), ("", [])],
)
def test_codes_are_found_in_what_people_write(text: str, found: list[str]) -> None:
    assert codes_in(text) == found


@pytest.mark.parametrize("written", ["13800000000", "+8613800000000", "0086 138-0000-0000", "8613800000000"])
def test_a_number_is_known_however_it_is_written(written: str) -> None:
    assert plain_number(written) == "13800000000"
