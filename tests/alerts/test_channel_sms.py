"""SMS gateways by template: fields escaped for their place, success by the answer's own words."""

import json
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest

from alerts.channels.exchange import AddressError, Line
from alerts.channels.sms import Gateway, Sms, TemplateError
from alerts.channels.text import TextChannel
from alerts.dispatch import Delivery
from tests.alerts.receiver import Reply, receiver
from tests.alerts.told import message, notice, wording
from tests.memory_records import NOON

PHONE = "13800000000"
ODD = 'a"b\\c&<d>\n%e+ 火'


def sms(gateway: Gateway, *, timeout_s: float = 5.0) -> Sms:
    return Sms(gateway=gateway, label="duty", phone=PHONE, line=Line(timeout_s=timeout_s, unix_time=NOON.timestamp))


def json_gateway(url: str, **given: str) -> Gateway:
    body = '{"to":["${phone}"],"text":"${text}","key":"${secret}"}'
    return Gateway(
        url=url,
        body=body,
        secret="s3cret",  # noqa: S106 - of a test
        success_path=given.get("path", "result.0.code"),
        success_value="OK",
        dead_values=frozenset({"BLACKLIST"}),
    )


def test_a_notice_reaches_the_gateway_as_its_template_says() -> None:
    with receiver(Reply(body=b'{"result":[{"code":"OK"}]}')) as there:
        answer = TextChannel(sms(json_gateway(there.url)), wording()).send(notice())
    (post,) = there.posts
    assert answer.delivery is Delivery.DONE
    assert post.json == {"to": [PHONE], "text": wording().message(notice()).short, "key": "s3cret"}


def test_text_in_json_stays_text() -> None:
    with receiver() as there:
        sms(Gateway(url=there.url, body='{"text":"${text}"}')).carry(message(ODD))
    assert there.posts[0].json == {"text": ODD}


def test_text_in_a_form_stays_text() -> None:
    with receiver() as there:
        sms(Gateway(url=there.url, body="to=${phone}&text=${text}", format="form")).carry(message(ODD))
    assert parse_qs(there.posts[0].body.decode()) == {"to": [PHONE], "text": [ODD]}


def test_text_in_xml_stays_text() -> None:
    with receiver() as there:
        sms(Gateway(url=there.url, body="<t>${text}</t>", format="xml")).carry(message(ODD))
    assert there.posts[0].body.decode() == "<t>a&quot;b\\c&amp;&lt;d&gt;\n%e+ 火</t>"


def test_text_in_the_address_stays_text() -> None:
    with receiver() as there:
        sms(Gateway(url=f"{there.url}&text=$text", body="{}")).carry(message(ODD))
    assert parse_qs(urlsplit(there.posts[0].path).query)["text"] == [ODD]


def test_a_header_takes_fields_without_line_ends() -> None:
    gateway_headers = {"Authorization": "Bearer ${secret}", "X-Key": "${key}"}
    with receiver() as there:
        made = Gateway(url=there.url, body="{}", headers=gateway_headers, secret="a\r\nb")  # noqa: S106 - of a test
        sms(made).carry(message())
    assert there.posts[0].headers["Authorization"] == "Bearer ab"
    assert there.posts[0].headers["X-Key"] == "raised:x"


@pytest.mark.parametrize(
    ("reply", "delivery"),
    [
        (Reply(body=b'{"result":[{"code":"OK"}]}'), Delivery.DONE),
        (Reply(body=b'{"result":[{"code":"BUSY"}]}'), Delivery.RETRY),
        (Reply(body=b'{"result":[{"code":"BLACKLIST"}]}'), Delivery.DEAD),
        (Reply(body=b'{"result":[]}'), Delivery.RETRY),
        (Reply(body=b'{"result":{"code":"OK"}}'), Delivery.RETRY),
        (Reply(body=b"OK"), Delivery.RETRY),
        (Reply(429), Delivery.RETRY),
        (Reply(400), Delivery.DEAD),
        (Reply(hang=True), Delivery.RETRY),
        (Reply(drip="body"), Delivery.RETRY),
    ],
)
def test_success_is_what_stands_at_the_path(reply: Reply, delivery: Delivery) -> None:
    with receiver(reply) as there:
        answer = sms(json_gateway(there.url), timeout_s=0.3).carry(message())
    assert answer.delivery is delivery
    assert PHONE not in answer.detail


def test_a_number_at_the_path_is_compared_as_text() -> None:
    with receiver(Reply(body=json.dumps({"code": 0}).encode())) as there:
        gateway = Gateway(url=there.url, body="{}", success_path="code", success_value="0")
        assert sms(gateway).carry(message()).delivery is Delivery.DONE


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("https://sms.example/send", '{"x":"${number}"}'),
        ("https://sms.example/send", "costs $ 5"),
        ("https://${text}/send", "{}"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused(url: str, body: str) -> None:
    with pytest.raises(TemplateError):
        Gateway(url=url, body=body)


def test_an_address_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(AddressError):
        Gateway(url="sms.example", body="{}")


def test_neither_name_nor_form_tells_number_or_secret() -> None:
    made = sms(json_gateway("https://sms.example/send"))
    told = made.name + repr(made)
    assert PHONE not in told
    assert "s3cret" not in told


METHODS: tuple[Literal["POST", "GET"], ...] = ("POST", "GET")


@pytest.mark.parametrize("method", METHODS)
def test_only_a_post_has_a_body(method: Literal["POST", "GET"]) -> None:
    call = Gateway(url="https://sms.example/$phone", body="{}", method=method).call({"phone": PHONE})
    assert (call.method, call.body) == (method, b"{}" if method == "POST" else b"")
