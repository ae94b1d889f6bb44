"""Mail against a real SMTP conversation: over TLS or not at all, one letter each, every refusal a value."""

import socket
import ssl
from pathlib import Path

import pytest

from alerts.channels.exchange import Line
from alerts.channels.mail import Mail, MailServer, Security
from alerts.channels.robots import Robot
from alerts.channels.text import TextChannel
from alerts.dispatch import Delivery
from tests.alerts.mail_server import MailBox, mail_server
from tests.alerts.told import message, notice, wording
from tests.ingest.certificates import Authority, authority
from tests.memory_records import NOON

WORD = "w0rd"


PATIENT_S = 20.0
"""Longer than a crowded machine needs for a conversation in which every word is answered."""

SILENT_S = 0.5
"""How long a test waits for an answer that never comes."""


def mail(
    box: MailBox,
    security: Security = "none",
    *,
    trusted: ssl.SSLContext | None = None,
    user: str = "",
    timeout_s: float = PATIENT_S,
) -> Mail:
    server = MailServer(
        host="127.0.0.1",
        port=box.port,
        sender="premises@hq.example",
        security=security,
        username=user,
        password=WORD,
        tls=trusted,
    )
    line = Line(timeout_s=timeout_s, unix_time=NOON.timestamp)
    return Mail(server=server, label="duty", recipient="anna@hq.example", line=line)


def serving(signer: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*signer.sign("server"))
    return context


def trusting(signer: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(signer.certificate))


def test_a_letter_says_what_it_is_about_and_is_the_same_at_every_attempt() -> None:
    with mail_server() as box:
        channel = TextChannel(mail(box), wording())
        assert [channel.send(notice()).delivery for _ in range(2)] == [Delivery.DONE] * 2
    first, second = box.letters
    assert first["Subject"] == "【烟感报警】主楼2层201"
    assert first["To"] == "anna@hq.example"
    assert first["Importance"] == "high"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Message-ID"] == second["Message-ID"]
    assert first.get_content().replace("\r\n", "\n").strip() == wording().message(notice()).text
    assert box.recipients == ["TO:<anna@hq.example>"] * 2


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_over_tls_it_signs_in_and_hands_in(tmp_path: Path, security: Security) -> None:
    ours = authority(tmp_path, "ours")
    with mail_server(serving(ours), from_the_first=security == "tls") as box:
        answer = mail(box, security, trusted=trusting(ours), user="premises").carry(message())
    assert answer.delivery is Delivery.DONE
    assert box.logins == [f"\0premises\0{WORD}"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_somebody_else_is_told_nothing(tmp_path: Path, security: Security) -> None:
    with mail_server(serving(authority(tmp_path, "theirs")), from_the_first=security == "tls") as box:
        trusted = trusting(authority(tmp_path, "ours"))
        answer = mail(box, security, trusted=trusted, user="premises").carry(message())
    assert (answer.delivery, box.letters, box.logins) == (Delivery.RETRY, [], [])
    assert "SSL" in answer.detail


def test_a_robots_certificate_of_somebody_else_is_told_nothing(tmp_path: Path) -> None:
    with mail_server(serving(authority(tmp_path, "theirs")), from_the_first=True) as box:
        line = Line(timeout_s=PATIENT_S, tls=trusting(authority(tmp_path, "ours")))
        made = Robot(kind="wecom", label="x", base_url=f"https://127.0.0.1:{box.port}/send", token=WORD, line=line)
        answer = made.carry(message())
    assert answer.delivery is Delivery.RETRY
    assert "SSL" in answer.detail


def test_where_no_tls_is_offered_nothing_is_sent() -> None:
    with mail_server() as box:
        answer = mail(box, "starttls", user="premises").carry(message())
    assert (answer.delivery, box.letters, box.logins) == (Delivery.RETRY, [], [])


@pytest.mark.parametrize(
    ("word", "told", "delivery"),
    [
        ("HELLO", "421 later", Delivery.RETRY),
        ("AUTH", "535 wrong", Delivery.RETRY),
        ("MAIL", "553 who are you", Delivery.DEAD),
        ("RCPT", "550 nobody <anna@hq.example> here", Delivery.DEAD),
        ("RCPT", "450 greylisted", Delivery.RETRY),
        ("DATA", "451 not now", Delivery.RETRY),
        ("TAKEN", "552 too large", Delivery.DEAD),
        ("TAKEN", "", Delivery.RETRY),
        ("HELLO", "", Delivery.RETRY),
        ("EHLO", "", Delivery.RETRY),
        ("QUIT", "", Delivery.DONE),
    ],
)
def test_each_refusal_is_a_value(word: str, told: str, delivery: Delivery) -> None:
    with mail_server(answers={word: told}) as box:
        answer = mail(box, user="premises", timeout_s=PATIENT_S if told else SILENT_S).carry(message())
    assert answer.delivery is delivery
    assert "anna" not in answer.detail
    assert WORD not in answer.detail


def test_nobody_there_is_tried_again() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert mail(MailBox(port=port)).carry(message()).delivery is Delivery.RETRY


def test_neither_name_nor_form_tells_address_or_password() -> None:
    made = mail(MailBox(port=25))
    assert "anna" not in made.name + repr(made)
    assert WORD not in repr(made)
