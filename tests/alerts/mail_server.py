"""A small SMTP server on loopback that answers what a test tells it to, over TLS where it is given a certificate."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import MappingProxyType


@dataclass(slots=True)
class MailBox:
    """What was taken, and what is answered to a command instead of success; an empty answer never comes."""

    port: int = 0
    answers: Mapping[str, str] = field(default_factory=dict)
    context: ssl.SSLContext | None = None
    from_the_first: bool = False
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


class _Talk(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        box = self.server.box
        if box.from_the_first and box.context is not None:
            self._secure(box.context)
        self._say(box.answers.get("HELLO", "220 here"))
        while line := self.rfile.readline():
            word, _, rest = line.decode().strip().partition(" ")
            if not self._answer(word.upper(), rest):
                return

    def finish(self) -> None:
        super().finish()
        self.request.close()  # over TLS it is another socket than the server knows of

    def _answer(self, word: str, rest: str) -> bool:
        box = self.server.box
        if word in box.answers:
            self._say(box.answers[word])
        elif word == "EHLO":
            offers = ["AUTH PLAIN", *(["STARTTLS"] if box.context is not None and not box.from_the_first else [])]
            self._say("\r\n".join(["250-here", *(f"250-{each}" for each in offers[:-1]), f"250 {offers[-1]}"]))
        elif word == "STARTTLS" and box.context is not None:
            self._say("220 go")
            self._secure(box.context)
        elif word == "AUTH":
            box.logins.append(base64.b64decode(rest.split()[1]).decode())
            self._say("235 in")
        elif word == "DATA":
            self._take()
        else:
            if word == "RCPT":
                box.recipients.append(rest)
            self._say("250 fine")
        return word != "QUIT"

    def _take(self) -> None:
        self._say("354 tell")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        self.server.box.letters.append(message_from_bytes(b"".join(lines), policy=default))
        self._say(self.server.box.answers.get("TAKEN", "250 taken"))

    def _secure(self, context: ssl.SSLContext) -> None:
        self.request = context.wrap_socket(self.request, server_side=True)
        self.setup()

    def _say(self, answer: str) -> None:
        if answer:
            self.wfile.write(f"{answer}\r\n".encode())
            return
        while not self.server.box.over.wait(0.05):
            self.wfile.write(b"2")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, box: MailBox) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.box = box

    def handle_error(self, *_: object) -> None:
        pass  # a client that gave up is what some tests are about


@contextmanager
def mail_server(
    context: ssl.SSLContext | None = None,
    *,
    from_the_first: bool = False,
    answers: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[MailBox]:
    box = MailBox(answers=answers, context=context, from_the_first=from_the_first)
    server = _Server(box)
    box.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield box
    finally:
        box.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
