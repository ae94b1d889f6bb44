"""An application of WeCom against a server that answers like the real one."""

from dataclasses import replace

import pytest

from alerts.channels.exchange import AddressError, Line
from alerts.channels.wecom_app import RENEW_BEFORE_S, WecomApp, WecomMember
from alerts.codes import codes_in
from alerts.dispatch import Delivery
from alerts.messages import Message
from sensors.verdicts import Severity
from tests.alerts.told import CODE, message
from tests.alerts.wecom_server import AGENT, CORP, SECRET, WecomServer, wecom_server


class Hands:
    """A clock that is moved by hand."""

    now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


def member(
    there: WecomServer,
    *,
    secret: str = SECRET,
    clock: Hands | None = None,
    who: str = "zhangsan",
    timeout_s: float = 5.0,
) -> WecomMember:
    line = Line(timeout_s=timeout_s, unix_time=clock or Hands())
    app = WecomApp(label="guards", base_url=there.url, corp_id=CORP, agent_id=AGENT, secret=secret, line=line)
    return WecomMember(app=app, label="duty", member=who)


def without_code() -> Message:
    return Message(key="cleared:x", title="火警", text="已解除", short="已解除", severity=Severity.RED)


def test_what_can_be_answered_is_a_card_whose_button_brings_the_code_back() -> None:
    with wecom_server() as there:
        assert member(there).carry(message("火警")).delivery is Delivery.DONE
    (sent,) = there.sent
    card = sent["template_card"]
    assert (sent["touser"], sent["agentid"], sent["msgtype"]) == ("zhangsan", AGENT, "template_card")
    assert (card["card_type"], card["main_title"]["title"]) == ("button_interaction", "火警")
    (button,) = card["button_list"]
    assert (button["text"], codes_in(button["key"])) == ("确认", [CODE])


def test_what_cannot_be_answered_is_a_text() -> None:
    with wecom_server() as there:
        assert member(there).carry(without_code()).delivery is Delivery.DONE
    assert there.sent[0]["text"] == {"content": "已解除"}


def test_old_clients_get_a_text_with_the_code_in_it() -> None:
    with wecom_server() as there:
        plain = member(there)
        replace(plain, app=replace(plain.app, card=False)).carry(message("确认码493021"))
    assert there.sent[0]["text"] == {"content": "确认码493021"}


def test_one_token_serves_many_messages_until_shortly_before_its_end() -> None:
    clock = Hands()
    with wecom_server() as there:
        told = member(there, clock=clock)
        for _ in range(3):
            told.carry(without_code())
        assert there.tokens_given == 1
        clock.now_s += there.lasts_s - RENEW_BEFORE_S
        assert told.carry(without_code()).delivery is Delivery.DONE
    assert there.tokens_given == 2


@pytest.mark.parametrize("errcode", [40014, 42001])
def test_a_token_that_is_refused_is_renewed_within_the_same_attempt(errcode: int) -> None:
    with wecom_server() as there:
        told = member(there)
        told.carry(without_code())
        there.instead = [{"errcode": errcode, "errmsg": "access_token expired"}]
        assert told.carry(without_code()).delivery is Delivery.DONE
    assert (there.tokens_given, len(there.sent)) == (2, 2)


def test_tokens_that_are_refused_for_ever_are_not_asked_for_in_a_loop() -> None:
    with wecom_server() as there:
        there.instead = [{"errcode": 40014, "errmsg": "invalid access_token"}] * 9
        assert member(there).carry(without_code()).delivery is Delivery.RETRY
    assert there.tokens_given == 2


def test_a_wrong_secret_is_tried_again_and_shows_nowhere() -> None:
    with wecom_server() as there:
        told = member(there, secret="wrong secret")  # noqa: S106 - of a test
        answer = told.carry(message())
    assert (answer.delivery, answer.detail) == (Delivery.RETRY, "token: errcode 40001 invalid credential")
    assert "wrong" not in repr(told) + told.name


@pytest.mark.parametrize(
    ("errcode", "delivery", "waits"),
    [
        (45009, Delivery.RETRY, True),
        (60020, Delivery.RETRY, False),
        (-1, Delivery.RETRY, False),
        (44004, Delivery.DEAD, False),
    ],
)
def test_http_200_with_a_number_is_what_the_number_says(errcode: int, delivery: Delivery, *, waits: bool) -> None:
    with wecom_server() as there:
        there.instead = [{"errcode": errcode, "errmsg": "no"}]
        answer = member(there).carry(message())
    assert (answer.delivery, answer.wait is not None) == (delivery, waits)


def test_a_member_whom_wecom_does_not_know_was_not_told_whatever_the_number_says() -> None:
    with wecom_server() as there:
        answer = member(there, who="wangwu").carry(message())
    assert answer.delivery is Delivery.RETRY
    assert "wangwu" not in answer.detail + member(there, who="wangwu").name


def test_the_same_notice_again_is_another_card() -> None:
    clock = Hands()
    with wecom_server() as there:
        told = member(there, clock=clock)
        told.carry(message())
        clock.now_s += 1
        assert told.carry(message()).delivery is Delivery.DONE


def test_who_hangs_is_given_up_and_tried_again() -> None:
    with wecom_server() as there:
        there.hangs = True
        assert member(there, timeout_s=0.3).carry(message()).delivery is Delivery.RETRY


def test_an_address_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(AddressError, match="http"):
        WecomApp(label="x", base_url="ftp://x", corp_id=CORP, agent_id=AGENT, secret=SECRET)
