"""Notices by mail: one message for each recipient, over TLS unless the setting says otherwise."""

import hashlib
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from socket import SHUT_RDWR, gethostname
from threading import Timer
from typing import Literal

from alerts.channels.exchange import LINE, Line, channel_name
from alerts.dispatch import Answer, Delivery
from alerts.messages import Message
from sensors.verdicts import Severity

Security = Literal["starttls", "tls", "none"]

READY = 220
"""A server that takes letters greets with this."""

DEAD_FROM = 500
"""From here on a server refuses for good, RFC 5321 4.2.1."""

MENDABLE = frozenset({421, 450, 451, 452, 454, 530, 534, 535, 538})
"""Refusals that somebody can mend over there, a login among them, though its number says never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed in. With `starttls` nothing is sent where the server offers none."""

    host: str
    port: int
    sender: str
    security: Security = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A carrier to one address."""

    server: MailServer
    label: str
    recipient: str = field(repr=False)
    line: Line = LINE

    @property
    def name(self) -> str:
        """Return `mail:` with the label and a digest of the address."""
        return channel_name("mail", self.label, self.recipient)

    def carry(self, message: Message) -> Answer:
        """Return what the mail server answered, or RETRY where there was no answer in time."""
        try:
            self._hand_in(self._letter(message))
        except smtplib.SMTPRecipientsRefused as exc:
            return _refused(*next(iter(exc.recipients.values())))
        except smtplib.SMTPResponseException as exc:
            return _refused(exc.smtp_code, exc.smtp_error)
        except (OSError, smtplib.SMTPException, ValueError) as exc:
            return Answer(delivery=Delivery.RETRY, detail=f"{type(exc).__name__}: {exc}"[:200])
        return Answer(delivery=Delivery.DONE, detail="taken")

    def _hand_in(self, letter: EmailMessage) -> None:
        smtp = _mailer(self.server, self.line.timeout_s)
        watchdog = Timer(self.line.timeout_s, _cut, (smtp,))
        watchdog.daemon = True
        watchdog.start()
        try:
            _greet(smtp, self.server)
            _enter(smtp, self.server)
            smtp.send_message(letter, from_addr=self.server.sender, to_addrs=[self.recipient])
            with suppress(OSError, smtplib.SMTPException):  # it is handed in, whatever becomes of the farewell
                smtp.quit()
        finally:
            watchdog.cancel()
            smtp.close()

    def _letter(self, message: Message) -> EmailMessage:
        letter = EmailMessage(policy=SMTP_POLICY)
        letter["Subject"] = " ".join(message.title.split())
        letter["From"] = Address("Premises", addr_spec=self.server.sender)
        letter["To"] = Address(addr_spec=self.recipient)
        letter["Date"] = format_datetime(datetime.fromtimestamp(self.line.unix_time(), UTC))
        # The same for every attempt, so that a mail program shows a repeat once.
        letter["Message-ID"] = f"<{hashlib.sha256(f'{message.key}|{self.name}'.encode()).hexdigest()[:32]}@premises>"
        letter["Auto-Submitted"] = "auto-generated"
        if message.severity is Severity.RED:
            letter["Importance"] = "high"
        letter.set_content(message.text)
        return letter


def _mailer(server: MailServer, timeout_s: float) -> smtplib.SMTP:
    """Return a client that has not called yet, so that its first wait can be cut as well."""
    here = gethostname()  # else the library asks the name service for the full one, which may take long
    if server.security == "tls":
        context = server.tls or ssl.create_default_context()
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(local_hostname=here, timeout=timeout_s, context=context)
    else:
        smtp = smtplib.SMTP(local_hostname=here, timeout=timeout_s)
    # Whose certificate is checked; the library notes it only when it calls at once.
    setattr(smtp, "_host", server.host)  # noqa: B010 - its type description leaves the name out
    return smtp


def _greet(smtp: smtplib.SMTP, server: MailServer) -> None:
    code, told = smtp.connect(server.host, server.port)
    if code != READY:
        raise smtplib.SMTPConnectError(code, told)


def _enter(smtp: smtplib.SMTP, server: MailServer) -> None:
    if server.security == "starttls":
        smtp.starttls(context=server.tls or ssl.create_default_context())
    if server.username:
        smtp.login(server.username, server.password)


def _cut(smtp: smtplib.SMTP) -> None:
    with suppress(OSError):
        if smtp.sock is not None:
            smtp.sock.shutdown(SHUT_RDWR)


def _refused(code: int, told: bytes | str) -> Answer:
    """Return DEAD for a refusal of this letter; the server's words are left out where they may repeat an address."""
    is_dead = code >= DEAD_FROM and code not in MENDABLE
    words = told.decode(errors="replace") if isinstance(told, bytes) else told
    detail = f"SMTP {code} {'' if '@' in words else words[:120]}".rstrip()
    return Answer(delivery=Delivery.DEAD if is_dead else Delivery.RETRY, detail=detail)
