"""Group robots against a server that answers like the real ones: HTTP 200 to nearly everything, and a number."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from alerts.channels.exchange import AddressError, Line
from alerts.channels.robots import CODES, LONGEST_TEXT_BYTES, PER_MINUTE, PUBLIC_CLOUDS, SPEECHES, Kind, Robot
from alerts.dispatch import Delivery
from tests.alerts.receiver import Reply, receiver
from tests.alerts.told import message
from tests.memory_records import NOON

SECRET = "SEC/+="  # noqa: S105 - of a test; its base64 needs escaping
TOKEN = "t0ken"  # noqa: S105 - of a test
KINDS: tuple[Kind, ...] = ("dingtalk", "wecom", "feishu")
FINE: dict[Kind, bytes] = {
    "dingtalk": b'{"errcode":0,"errmsg":"ok"}',
    "wecom": b'{"errcode":0,"errmsg":"ok"}',
    "feishu": b'{"code":0,"msg":"success","data":{}}',
}


def robot(kind: Kind, url: str, *, timeout_s: float = 5.0, secret: str = SECRET) -> Robot:
    line = Line(timeout_s=timeout_s, unix_time=NOON.timestamp)
    base = url.partition("?")[0]
    return Robot(kind=kind, label="guards", base_url=base, token=TOKEN, secret=secret, line=line)


def mac(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def test_dingtalk_is_signed_once_in_the_address() -> None:
    with receiver(Reply(body=FINE["dingtalk"])) as there:
        assert robot("dingtalk", there.url).carry(message()).delivery is Delivery.DONE
    (post,) = there.posts
    stamp = str(int(NOON.timestamp() * 1000))
    # Read back as the cloud does: unescaped once, it must be the signature.
    assert parse_qs(urlsplit(post.path).query) == {
        "access_token": ["t0ken"],
        "timestamp": [stamp],
        "sign": [mac(SECRET, f"{stamp}\n{SECRET}")],
    }
    assert post.json == {"msgtype": "text", "text": {"content": "火警"}}


def test_feishu_is_signed_in_the_body_under_time_and_secret() -> None:
    with receiver(Reply(body=FINE["feishu"])) as there:
        assert robot("feishu", there.url).carry(message()).delivery is Delivery.DONE
    (post,) = there.posts
    stamp = str(int(NOON.timestamp()))
    assert post.path == "/alarm/t0ken"
    assert post.json == {
        "timestamp": stamp,
        "sign": mac(f"{stamp}\n{SECRET}", ""),
        "msg_type": "text",
        "content": {"text": "火警"},
    }


def test_wecom_knows_no_signature_but_its_key() -> None:
    with receiver(Reply(body=FINE["wecom"])) as there:
        assert robot("wecom", there.url).carry(message()).delivery is Delivery.DONE
    (post,) = there.posts
    assert post.path == "/alarm?key=t0ken"


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_secret_nothing_is_signed(kind: Kind) -> None:
    with receiver(Reply(body=FINE[kind])) as there:
        robot(kind, there.url, secret="").carry(message())
    (post,) = there.posts
    assert "sign" not in post.path + post.body.decode()


@pytest.mark.parametrize(
    ("kind", "body", "delivery", "wait"),
    [
        ("dingtalk", {"errcode": 310000, "errmsg": "sign not match"}, Delivery.RETRY, None),
        ("dingtalk", {"errcode": 130101, "errmsg": "send too fast"}, Delivery.RETRY, timedelta(minutes=10)),
        ("dingtalk", {"errcode": 430102, "errmsg": "improper text"}, Delivery.DEAD, None),
        ("dingtalk", {"errcode": -1, "errmsg": "busy"}, Delivery.RETRY, None),
        ("wecom", {"errcode": 93000, "errmsg": "invalid webhook url"}, Delivery.RETRY, None),
        ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, Delivery.RETRY, timedelta(minutes=1)),
        ("wecom", {"errcode": 45002, "errmsg": "content size out of limit"}, Delivery.DEAD, None),
        ("feishu", {"code": 19021, "msg": "sign match fail"}, Delivery.RETRY, None),
        ("feishu", {"code": 11232, "msg": "frequency limited"}, Delivery.RETRY, timedelta(minutes=1)),
        ("feishu", {"code": 9499, "msg": "Bad Request"}, Delivery.DEAD, None),
        ("feishu", {"StatusCode": 0, "StatusMessage": "success"}, Delivery.DONE, None),
        ("wecom", {"errcode": True}, Delivery.RETRY, None),
        ("wecom", [], Delivery.RETRY, None),
    ],
)
def test_http_200_is_only_as_good_as_its_number(
    kind: Kind, body: object, delivery: Delivery, wait: timedelta | None
) -> None:
    with receiver(Reply(body=json.dumps(body).encode())) as there:
        answer = robot(kind, there.url).carry(message())
    assert (answer.delivery, answer.wait) == (delivery, wait)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"<html>sign in to the hotel's network</html>"),
        Reply(429, {"Retry-After": "7"}),
        Reply(502),
        Reply(302, {"Location": "http://127.0.0.1:1/"}),
        Reply(hang=True),
        Reply(drip="status"),
        Reply(drip="body"),
        Reply(headers={"Content-Length": "99"}, body=b'{"errcode"'),
    ],
    ids=["html", "429", "502", "redirect", "hangs", "drips", "drips body", "cut"],
)
def test_what_is_no_answer_is_tried_again(kind: Kind, reply: Reply) -> None:
    with receiver(reply) as there:
        answer = robot(kind, there.url, timeout_s=0.3).carry(message())
    assert answer.delivery is Delivery.RETRY
    assert "t0ken" not in answer.detail
    assert answer.wait == (timedelta(seconds=7) if reply.status == 429 else None)


def test_a_long_text_is_cut_between_characters() -> None:
    with receiver(Reply(body=FINE["wecom"])) as there:
        robot("wecom", there.url).carry(message("警" * 2000))
    (post,) = there.posts
    text = post.json["text"]["content"]
    assert set(text) == {"警"}
    assert len(text.encode()) <= LONGEST_TEXT_BYTES


def test_a_robot_tells_no_secret_by_name_or_form() -> None:
    made = robot("dingtalk", "https://robots.example/send")
    assert made.name.startswith("dingtalk:guards:")
    assert SECRET not in made.name + repr(made)
    assert "t0ken" not in made.name + repr(made)


def test_an_address_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(AddressError, match="robot's url"):
        robot("wecom", "robots.example")


def test_every_kind_has_its_speech_codes_limit_and_cloud() -> None:
    assert set(KINDS) == SPEECHES.keys() == CODES.keys() == PER_MINUTE.keys() == PUBLIC_CLOUDS.keys()
