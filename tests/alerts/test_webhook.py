"""Webhooks against a real server: signed, bounded in time and size, and every answer a value."""

import hashlib
import hmac
import socket
from datetime import timedelta

import pytest

from alerts.channels.exchange import LONGEST_ANSWER, AddressError, Line
from alerts.channels.webhook import Webhook
from alerts.dispatch import Delivery, Notice, NoticeKind
from alerts.model import alert_id
from sensors.events import EventType
from tests.alerts.factories import raised
from tests.alerts.receiver import Reply, receiver
from tests.memory_records import NOON

SECRET = "s3cret"  # noqa: S105 - of a test


def notice(kind: NoticeKind = NoticeKind.RAISED) -> Notice:
    signal = raised(EventType.SMOKE, device="smoke1", zone="2F")
    return Notice(number=1, kind=kind, alert_id=alert_id(signal.mark, signal.time), signal=signal, at=NOON)


def webhook(url: str, *, timeout_s: float = 5.0) -> Webhook:
    return Webhook(url=url, secret=SECRET, line=Line(timeout_s=timeout_s, unix_time=NOON.timestamp))


def test_a_notice_arrives_signed_with_everything_a_receiver_needs() -> None:
    with receiver() as there:
        answer = webhook(there.url).send(notice())
    (post,) = there.posts
    assert answer.delivery is Delivery.DONE
    assert post.path == "/alarm?site=hq"
    stamp = post.headers["X-Premises-Timestamp"]
    assert stamp == str(int(NOON.timestamp()))
    signed = hmac.new(SECRET.encode(), f"{stamp}.".encode() + post.body, hashlib.sha256).hexdigest()
    assert post.headers["X-Premises-Signature"] == f"sha256={signed}"
    assert post.key == f"raised:{notice().alert_id}"
    alert = post.json["alert"]
    assert (alert["message"], alert["severity"], alert["zone"]) == ("alert.smoke", "red", "2F")
    assert alert["name"] == {"zh": "烟感报警", "en": "Smoke detector alarm"}
    assert alert["parameters"]["room"] == "a-201"


@pytest.mark.parametrize(
    ("reply", "delivery"),
    [
        (Reply(204, body=b""), Delivery.DONE),
        (Reply(500), Delivery.RETRY),
        (Reply(503), Delivery.RETRY),
        (Reply(404), Delivery.RETRY),
        (Reply(401), Delivery.RETRY),
        (Reply(422), Delivery.DEAD),
        (Reply(413), Delivery.DEAD),
    ],
    ids=lambda value: str(getattr(value, "status", value)),
)
def test_each_answer_is_a_value(reply: Reply, delivery: Delivery) -> None:
    with receiver(reply) as there:
        answer = webhook(there.url).send(notice())
    assert (answer.delivery, answer.detail) == (delivery, f"HTTP {reply.status}")


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("7", timedelta(seconds=7)),
        ("Mon, 23 Nov 2026 04:01:00 GMT", timedelta(minutes=1)),
        ("Mon, 23 Nov 2026 03:00:00 GMT", timedelta(0)),
        ("soon", None),
        ("99999999999999999999", timedelta(days=1)),
    ],
)
def test_a_receiver_may_ask_for_patience(asked: str, wait: timedelta | None) -> None:
    with receiver(Reply(429, {"Retry-After": asked})) as there:
        answer = webhook(there.url).send(notice())
    assert (answer.delivery, answer.wait) == (Delivery.RETRY, wait)


def test_a_redirect_is_not_followed() -> None:
    with receiver() as elsewhere, receiver(Reply(302, {"Location": elsewhere.url})) as there:
        assert webhook(there.url).send(notice()).delivery is Delivery.RETRY
    assert elsewhere.posts == []


@pytest.mark.parametrize("reply", [Reply(hang=True), Reply(drip="status")], ids=["hangs", "drips"])
def test_a_receiver_that_takes_too_long_is_cut_off(reply: Reply) -> None:
    with receiver(reply) as there:
        assert webhook(there.url, timeout_s=0.3).send(notice()).delivery is Delivery.RETRY


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"x" * (100 * LONGEST_ANSWER)),
        Reply(drip="body"),
        Reply(headers={"Content-Length": "9"}, body=b"short"),
    ],
    ids=["long", "drips", "short"],
)
def test_what_follows_the_status_changes_nothing(reply: Reply) -> None:
    with receiver(reply) as there:
        assert webhook(there.url, timeout_s=3.0).send(notice()).delivery is Delivery.DONE


def test_what_is_not_http_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        hook = webhook(f"http://127.0.0.1:{server.getsockname()[1]}", timeout_s=0.3)
        assert hook.send(notice()).delivery is Delivery.RETRY


def test_nobody_there_is_tried_again() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert webhook(f"http://127.0.0.1:{port}/").send(notice()).delivery is Delivery.RETRY


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x/y",
        "https://",
        "x",
        "https://user:word@host/",
        "https://host/a b",
        "https://host:99999/",
        "https://[::1",
    ],
)
def test_an_address_that_cannot_be_called_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(AddressError) as refused:
        webhook(url)
    assert "word" not in str(refused.value)


def test_neither_name_nor_form_of_a_webhook_tells_its_secrets() -> None:
    hook = webhook("https://host.example/hook?key=abc123")
    assert "abc123" not in hook.name + repr(hook)
    assert SECRET not in repr(hook)
    assert hook.name == webhook("https://host.example/hook?key=abc123").name
