"""What WeCom sends: a code or a pressed button acknowledges once; everything that is not WeCom's is refused."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from httpx2 import Response

from alerts.codes import code_of
from alerts.replies import WRONG_ANSWERS, CodeRules
from api.app import create_app
from api.recipients import Recipient
from api.wecom_envelope import (
    DEEPEST,
    LONGEST_BODY,
    EncodingKeyError,
    Envelope,
    EnvelopeError,
    Flaw,
    Signed,
    aes_key,
    fields_in,
)
from api.wecom_replies import FRESH_S, SEEN_AT_MOST, Heard, WecomReplies
from sensors.actors import Role
from tests.api.bench import Bench, code
from tests.api.records import fire
from tests.api.wecom import AGENT, CORP, ENCODING_KEY, TOKEN, Wecom

PATH = "/api/v1/alert-replies/wecom/guards"
KEY = b"key"
WECOM = Wecom()
MEMBERS = {
    "zhangsan": Recipient(label="duty", channel="wecom_app:duty:1"),
    "lisi": Recipient(label="anna", channel="wecom_app:anna:2", user="anna"),
}
BILLION_LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<xml><Encrypt>&b;</Encrypt></xml>"""
OUTSIDE = b"""<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Encrypt>&a;</Encrypt></xml>"""
PARAMETERS = b"""<!DOCTYPE xml [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x.dtd">%a;]><xml><Encrypt>x</Encrypt></xml>"""


def envelope() -> Envelope:
    return Envelope(token=TOKEN, key=aes_key(ENCODING_KEY), receiver=CORP)


def bench(folder: Path) -> Bench:
    made = Bench(folder)
    replies = WecomReplies(
        envelope=envelope(), agent_id=AGENT, members=MEMBERS, rules=CodeRules(key=KEY, valid=timedelta(hours=24))
    )
    made.services = replace(made.services, wecom_replies={"guards": replies})
    made.app = create_app(made.services)
    return made


def now_s(there: Bench) -> int:
    return int(there.clock.now().timestamp())


def posted(there: Bench, message: str, *, by: Wecom = WECOM, nonce: str = "1", age_s: int = 0) -> Response:
    encrypted = by.encrypted(message)
    query = by.query(encrypted, stamp=now_s(there) - age_s, nonce=nonce)
    return there.browser().client.post(f"{PATH}?{query}", content=by.body(encrypted))


def said(answer: Response) -> Mapping[str, str]:
    assert answer.status_code == 200, answer.text
    return WECOM.read(answer.content)


def state(there: Bench, alert_id: str) -> str:
    with there.records.reading() as tx:
        found = tx.alert(alert_id)
    assert found is not None
    return found.state.value


def test_an_address_is_verified_by_giving_back_what_was_encrypted(tmp_path: Path) -> None:
    there = bench(tmp_path)
    echo = WECOM.encrypted("1616140317555161061")
    answer = there.browser().client.get(f"{PATH}?{WECOM.query(echo, stamp=now_s(there), echostr=echo)}")
    assert (answer.status_code, answer.text) == (200, "1616140317555161061")


def test_a_written_code_acknowledges_and_is_answered_in_the_same_cipher(tmp_path: Path) -> None:
    there = bench(tmp_path)
    alert_id, other = fire(there), fire(there, zone="3F")
    told = said(posted(there, WECOM.text("ZhangSan", f"确认 {code_of(KEY, alert_id, 'wecom_app:duty:1')}")))
    assert (told["MsgType"], told["Content"], told["ToUserName"]) == ("text", "已确认", "ZhangSan")
    assert (state(there, alert_id), state(there, other)) == ("acknowledged", "raised")
    with there.records.reading() as tx:
        step = tx.alert_steps(alert_id)[-1]
    assert (step.actor_id, step.note) == ("wecom:duty", "WeCom")


def test_a_pressed_button_acknowledges_as_the_account_and_says_so(tmp_path: Path) -> None:
    there = bench(tmp_path)
    there.account(Role.SAFETY_OFFICER)
    alert_id = fire(there)
    told = said(posted(there, WECOM.pressed("lisi", f"ack-{code_of(KEY, alert_id, 'wecom_app:anna:2')}")))
    assert (told["MsgType"], told["ReplaceName"]) == ("update_button", "已确认")
    with there.records.reading() as tx:
        assert tx.alert_steps(alert_id)[-1].actor_id == "id-anna"


def test_an_account_that_may_not_is_told_so_and_acknowledges_nothing(tmp_path: Path) -> None:
    there = bench(tmp_path)
    there.account(Role.VIEWER)
    alert_id = fire(there)
    told = said(posted(there, WECOM.text("lisi", code_of(KEY, alert_id, "wecom_app:anna:2"))))
    assert told["Content"] == "您的账号不能确认告警"
    assert state(there, alert_id) == "raised"


def test_a_call_that_comes_again_is_no_second_attempt(tmp_path: Path) -> None:
    there = bench(tmp_path)
    encrypted = WECOM.encrypted(WECOM.text("zhangsan", "000000"))
    address = f"{PATH}?{WECOM.query(encrypted, stamp=now_s(there))}"
    answers = [there.browser().client.post(address, content=WECOM.body(encrypted)) for _ in range(WRONG_ANSWERS + 1)]
    assert [answer.content == b"" for answer in answers] == [False] + [True] * WRONG_ANSWERS
    alert_id = fire(there)
    right = posted(there, WECOM.text("zhangsan", code_of(KEY, alert_id, "wecom_app:duty:1")), nonce="2")
    assert said(right)["Content"] == "已确认"


def test_who_guesses_is_not_heard_for_a_while(tmp_path: Path) -> None:
    there = bench(tmp_path)
    told = [said(posted(there, WECOM.text("zhangsan", "000000"), nonce=str(n)))["Content"] for n in range(6)]
    assert [text[:4] for text in told] == ["确认码不"] * WRONG_ANSWERS + ["错误次数"]


def test_a_member_without_codes_is_answered_like_a_wrong_code(tmp_path: Path) -> None:
    there = bench(tmp_path)
    told = code_of(KEY, fire(there), "wecom_app:duty:1")
    assert said(posted(there, WECOM.text("wangwu", told)))["Content"].startswith("确认码不对")


def test_opening_the_application_says_nothing_and_is_answered_by_nothing(tmp_path: Path) -> None:
    assert posted(bench(tmp_path), WECOM.opened_by("zhangsan")).content == b""


@pytest.mark.parametrize(
    ("by", "age_s", "flaw"),
    [
        (Wecom(token="other"), 0, Flaw.SIGNATURE),  # noqa: S106 - of a test
        (Wecom(key=ENCODING_KEY[::-1]), 0, None),
        (Wecom(corp="wx0000000000000000"), 0, Flaw.RECEIVER),
        (Wecom(agent=1), 0, Flaw.APPLICATION),
        (WECOM, FRESH_S + 1, Flaw.TIME),
        (WECOM, -FRESH_S - 1, Flaw.TIME),
    ],
)
def test_what_is_not_for_us_is_refused(tmp_path: Path, by: Wecom, age_s: int, flaw: Flaw | None) -> None:
    there = bench(tmp_path)
    alert_id = fire(there)
    answer = posted(there, by.text("zhangsan", code_of(KEY, alert_id, "wecom_app:duty:1")), by=by, age_s=age_s)
    assert (answer.status_code, code(answer)) == (403, "not_permitted")
    assert flaw is None or flaw.value in answer.json()["detail"]
    assert state(there, alert_id) == "raised"


def test_documents_that_are_no_message_are_refused(tmp_path: Path) -> None:
    there = bench(tmp_path)
    client, query = there.browser().client, WECOM.query("x", stamp=now_s(there))
    for body in (BILLION_LAUGHS, OUTSIDE, PARAMETERS, b"", b"{}", b"<xml>", b"\xff\xfe<", b"<a/>"):
        answer = client.post(f"{PATH}?{query}", content=body)
        assert (answer.status_code, code(answer)) == (403, "not_permitted"), body


def test_a_document_inside_that_declares_entities_is_refused_too(tmp_path: Path) -> None:
    answer = posted(bench(tmp_path), BILLION_LAUGHS.decode())
    assert Flaw.DOCUMENT_TYPE.value in answer.json()["detail"]


def test_a_body_larger_than_a_message_is_refused(tmp_path: Path) -> None:
    there = bench(tmp_path)
    client, query = there.browser().client, WECOM.query("x", stamp=now_s(there))
    large = b"<" * (LONGEST_BODY + 1)
    for content in (large, iter([large])):  # with its length, and without
        assert client.post(f"{PATH}?{query}", content=content).status_code == 413


@pytest.mark.parametrize("encrypted", ["", "no base64!", "AAAA", "A" * 64])
def test_what_cannot_be_decrypted_is_refused_whoever_signed_it(encrypted: str) -> None:
    signature = envelope().signature(encrypted, "1", "2").decode()
    signed = Signed(signature=signature, stamp="1", nonce="2")
    with pytest.raises(EnvelopeError):
        envelope().open(encrypted, signed)


def test_deep_documents_and_many_fields_are_refused() -> None:
    for document in (b"<a>" * (DEEPEST + 1), b"<xml>" + b"".join(b"<a%d/>" % n for n in range(99)) + b"</xml>"):
        with pytest.raises(EnvelopeError, match=Flaw.TOO_MUCH.value):
            fields_in(document)


@pytest.mark.parametrize("written", ["", "short", "*" * 43, ENCODING_KEY + "="])
def test_a_key_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(EncodingKeyError, match="43"):
        aes_key(written)


def test_what_was_heard_is_forgotten_in_time_and_never_grows_without_end() -> None:
    heard = Heard()
    heard.add("old", 0.0)
    heard.add("new", 2 * FRESH_S + 1.0)
    assert (heard.has("old"), heard.has("new")) == (False, True)
    for number in range(SEEN_AT_MOST + 5):
        heard.add(str(number), 1e6)
    assert len(heard.signatures) == SEEN_AT_MOST


def test_without_an_application_there_is_no_such_place(tmp_path: Path) -> None:
    there = Bench(tmp_path)
    answer = there.browser().client.post(f"{PATH}?{WECOM.query('x', stamp=now_s(there))}", content=b"")
    assert (answer.status_code, code(answer)) == (404, "not_found")
