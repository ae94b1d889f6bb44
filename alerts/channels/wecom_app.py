"""Messages of a WeCom application (企业微信自建应用) to one member: unlike its group robots, it hears answers.

As its documents say (获取access_token, 发送应用消息, 全局错误码): a token for two hours, HTTP 200 to what is refused, a
card with a button whose key comes back when somebody presses it. What hears the answer is `api.routes.wecom_replies`.
"""

import hashlib
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from alerts.channels.exchange import JSON_TYPE, LINE, Call, Line, Reply, by_status, channel_name, checked_address
from alerts.channels.exchange import exchange as exchanged
from alerts.channels.robots import LONGEST_TEXT_BYTES, Codes, json_object, read_code
from alerts.dispatch import Answer, Delivery
from alerts.messages import Language, Message
from sensors.topology import Name

TOKEN_REFUSED = frozenset({"40014", "42001"})
"""The token is wrong or too old: it was renewed elsewhere, or the secret was changed."""

CODES = Codes(
    names=("errcode",),
    too_many=frozenset({45009, 45033}),
    too_many_wait=timedelta(minutes=1),
    refused=frozenset({40008, 40058, 44004, 45002}),
)
"""A wrong secret, application, member or address (40001, 40013, 60020, 81013) is a setting: tried again."""

PER_MINUTE = 12
"""To one member. WeCom takes 30; a person reads fewer."""

RENEW_BEFORE_S = 300
SHORTEST_EXCHANGE_S = 0.2
LONGEST_TITLE_CHARS = 26
LONGEST_SUBTITLE_CHARS = 112
BUTTON = Name(zh="确认", en="Acknowledge")
BUTTON_KEY = "ack"
"""Stands before the code in the key of the button."""


@dataclass(slots=True)
class AccessToken:
    """The token of one application, shared by the threads that send for it."""

    value: str = field(default="", repr=False)
    until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def forget(self, refused: str) -> None:
        """Hold it no longer, unless another thread has renewed it already."""
        with self.lock:
            if self.value == refused:
                self.value = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WecomApp:
    """One application. `base_url` has no default; the secret shows nowhere. `card` sends a button with the words."""

    label: str
    base_url: str
    corp_id: str
    agent_id: int
    secret: str = field(repr=False)
    card: bool = True
    line: Line = LINE
    token: AccessToken = field(default_factory=AccessToken, repr=False)

    def __post_init__(self) -> None:
        """Refuse an address that cannot be called."""
        checked_address(self.base_url, "application")

    def send(self, body: Mapping[str, object]) -> Answer:
        """Return what became of a message: a token that is refused is renewed once, all within the line's time."""
        ends = time.monotonic() + self.line.timeout_s
        for _ in range(2):
            token, failed = self._token(ends)
            if failed is not None:
                return failed
            answer = self._sent(body, token, ends)
            if not _is_token_refused(answer):
                return answer
            self.token.forget(token)
        return answer

    def _token(self, ends: float) -> tuple[str, Answer | None]:
        """Return the token, or why there is none."""
        with self.token.lock:
            if not self.token.value or self.line.unix_time() >= self.token.until:
                answer = self._fetch(ends)
                if answer.delivery is not Delivery.DONE:
                    return "", answer
            return self.token.value, None

    def _fetch(self, ends: float) -> Answer:
        query = urlencode({"corpid": self.corp_id, "corpsecret": self.secret})
        call = Call(url=f"{self.base_url.rstrip('/')}/cgi-bin/gettoken?{query}", method="GET")
        return exchanged(call, self._line(ends), self._keep)

    def _keep(self, reply: Reply) -> Answer:
        """Keep the token in a reply; whatever else it says is tried again, for it can be mended over there."""
        answer = read_code(reply, CODES) if reply.is_success else by_status(reply)
        told = json_object(reply.body)
        value, lasts_s = told.get("access_token"), told.get("expires_in")
        if answer.delivery is Delivery.DONE and isinstance(value, str) and value and isinstance(lasts_s, int):
            self.token.value = value
            self.token.until = self.line.unix_time() + max(lasts_s - RENEW_BEFORE_S, 0)
            return answer
        return Answer(delivery=Delivery.RETRY, detail=f"token: {answer.detail}", wait=answer.wait)

    def _sent(self, body: Mapping[str, object], token: str, ends: float) -> Answer:
        call = Call(
            url=f"{self.base_url.rstrip('/')}/cgi-bin/message/send?{urlencode({'access_token': token})}",
            body=json.dumps(body, ensure_ascii=False).encode(),
            headers={"Content-Type": JSON_TYPE},
        )
        return exchanged(call, self._line(ends), _read)

    def _line(self, ends: float) -> Line:
        return replace(self.line, timeout_s=max(ends - time.monotonic(), SHORTEST_EXCHANGE_S))


@dataclass(frozen=True, slots=True, kw_only=True)
class WecomMember:
    """A carrier to one member of an application. The member's id shows in no name and no log."""

    app: WecomApp
    label: str
    member: str = field(repr=False)
    language: Language = "zh"

    @property
    def name(self) -> str:
        """Return `wecom_app:` with the member's label and a digest of who it is."""
        app = self.app
        return channel_name("wecom_app", self.label, f"{app.base_url}|{app.corp_id}|{app.agent_id}|{self.member}")

    def carry(self, message: Message) -> Answer:
        """Return what WeCom answered, or RETRY where there was no answer in time."""
        body: dict[str, object] = {"touser": self.member, "agentid": self.app.agent_id}
        return self.app.send(body | (self._card(message) if message.code and self.app.card else _text(message)))

    def _card(self, message: Message) -> dict[str, object]:
        card = {
            "card_type": "button_interaction",
            "main_title": {"title": message.title[:LONGEST_TITLE_CHARS]},
            "sub_title_text": message.text[:LONGEST_SUBTITLE_CHARS],
            "task_id": self._task_id(message),
            "button_list": [
                {"text": BUTTON.in_language(self.language), "style": 1, "key": f"{BUTTON_KEY}-{message.code}"}
            ],
        }
        return {"msgtype": "template_card", "template_card": card}

    def _task_id(self, message: Message) -> str:
        """Return an id that WeCom has not seen: it refuses one that it has, and a repeat is meant to arrive."""
        stamp = int(self.app.line.unix_time() * 1000)
        return hashlib.sha256(f"{self.name}|{message.key}|{stamp}".encode()).hexdigest()[:32]


def _text(message: Message) -> dict[str, object]:
    cut = message.text.encode()[:LONGEST_TEXT_BYTES].decode(errors="ignore")
    return {"msgtype": "text", "text": {"content": cut}}


def _read(reply: Reply) -> Answer:
    """Return what an answer says; a member that WeCom does not know got nothing, whatever the number says."""
    answer = read_code(reply, CODES) if reply.is_success else by_status(reply)
    told: Mapping[str, Any] = json_object(reply.body)
    if answer.delivery is Delivery.DONE and told.get("invaliduser"):
        return Answer(delivery=Delivery.RETRY, detail="errcode 0, but the member is not known or may not be written to")
    return answer


def _is_token_refused(answer: Answer) -> bool:
    return answer.detail.removeprefix("errcode ").partition(" ")[0] in TOKEN_REFUSED
