"""Group robots of DingTalk, WeCom and Feishu, or of what speaks like them on an intranet.

All three answer HTTP 200 to what they refuse; only `errcode` or `code` tells. Signatures and limits as their documents
of custom robots say (DingTalk 自定义机器人安全设置, WeCom 群机器人配置说明, Feishu 自定义机器人使用指南).
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

from alerts.channels.exchange import (
    JSON_TYPE,
    LINE,
    Call,
    Line,
    Reply,
    by_status,
    channel_name,
    checked_address,
    exchange,
)
from alerts.dispatch import Answer, Delivery
from alerts.messages import Message

Kind = Literal["dingtalk", "wecom", "feishu"]

PUBLIC_CLOUDS: Mapping[Kind, str] = MappingProxyType(
    {"dingtalk": "oapi.dingtalk.com", "wecom": "qyapi.weixin.qq.com", "feishu": "open.feishu.cn"}
)
"""Hosts outside the building; they are called only where a setting names them."""

PER_MINUTE: Mapping[Kind, int] = MappingProxyType({"dingtalk": 20, "wecom": 20, "feishu": 100})
"""What each robot takes. DingTalk answers nothing for ten minutes after more."""

LONGEST_TEXT_BYTES = 2048
"""WeCom's limit for a text, the tightest of the three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """What the numbers in an answer mean. Any other failure may be mended over there and is tried again."""

    names: tuple[str, ...]
    too_many: frozenset[int]
    too_many_wait: timedelta
    refused: frozenset[int]


CODES: Mapping[Kind, Codes] = MappingProxyType(
    {
        "dingtalk": Codes(
            names=("errcode",),
            too_many=frozenset({130101, 660026}),
            too_many_wait=timedelta(minutes=10),
            refused=frozenset({40035, 43004, 430101, 430102, 430103, 430104}),
        ),
        "wecom": Codes(
            names=("errcode",),
            too_many=frozenset({45009, 45033}),
            too_many_wait=timedelta(minutes=1),
            refused=frozenset({40008, 40058, 44004, 45002}),
        ),
        "feishu": Codes(
            names=("code", "StatusCode"),
            too_many=frozenset({11232}),
            too_many_wait=timedelta(minutes=1),
            refused=frozenset({9499}),
        ),
    }
)
"""A wrong token, signature, keyword or address list is the receiver's setting: tried again, for it can be mended."""


class Speech(Protocol):
    """How one kind of robot is called."""

    def __call__(self, robot: "Robot", text: str) -> Call:
        """Return the request for a text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Robot:
    """A carrier. `base_url` has no default; `token` and `secret` show nowhere. Without a secret nothing is signed."""

    kind: Kind
    label: str
    base_url: str
    token: str = field(repr=False)
    secret: str = field(default="", repr=False)
    line: Line = LINE

    def __post_init__(self) -> None:
        """Refuse an address that cannot be called."""
        checked_address(self.base_url, "robot")

    @property
    def name(self) -> str:
        """Return kind, label and a digest of the address with its token."""
        return channel_name(self.kind, self.label, f"{self.base_url}|{self.token}")

    def carry(self, message: Message) -> Answer:
        """Return what the robot answered, or RETRY where there was no answer in time."""
        return exchange(SPEECHES[self.kind](self, _cut(message.text)), self.line, self._read)

    def _read(self, reply: Reply) -> Answer:
        return read_code(reply, CODES[self.kind]) if reply.is_success else by_status(reply)


def read_code(reply: Reply, codes: Codes) -> Answer:
    """Return what the number in an answer of HTTP 200 says; an answer without one is no success."""
    told = json_object(reply.body)
    code = next((told[name] for name in codes.names if name in told), None)
    if not isinstance(code, int) or isinstance(code, bool):
        return Answer(delivery=Delivery.RETRY, detail=f"HTTP {reply.status} without {codes.names[0]}")
    detail = f"{codes.names[0]} {code} {str(told.get('errmsg', told.get('msg', '')))[:120]}".rstrip()
    if code == 0:
        return Answer(delivery=Delivery.DONE, detail=detail)
    if code in codes.refused:
        return Answer(delivery=Delivery.DEAD, detail=detail)
    return Answer(
        delivery=Delivery.RETRY, detail=detail, wait=codes.too_many_wait if code in codes.too_many else reply.wait
    )


def dingtalk_call(robot: Robot, text: str) -> Call:
    """Return the request: signed by HMAC-SHA256 of time in ms and secret under the secret, encoded once, in the URL."""
    query = {"access_token": robot.token}
    if robot.secret:
        stamp = str(int(robot.line.unix_time() * 1000))
        query |= {"timestamp": stamp, "sign": _hmac(robot.secret, f"{stamp}\n{robot.secret}")}
    return _json_call(f"{robot.base_url}?{urlencode(query)}", {"msgtype": "text", "text": {"content": text}})


def wecom_call(robot: Robot, text: str) -> Call:
    """Return the request: WeCom's robots know no signature; the key in the address is all."""
    url = f"{robot.base_url}?{urlencode({'key': robot.token})}"
    return _json_call(url, {"msgtype": "text", "text": {"content": text}})


def feishu_call(robot: Robot, text: str) -> Call:
    """Return the request: signed by HMAC-SHA256 of nothing under time in s and secret, in the body."""
    body: dict[str, object] = {"msg_type": "text", "content": {"text": text}}
    if robot.secret:
        stamp = str(int(robot.line.unix_time()))
        body |= {"timestamp": stamp, "sign": _hmac(f"{stamp}\n{robot.secret}", "")}
    return _json_call(f"{robot.base_url.rstrip('/')}/{robot.token}", body)


SPEECHES: Mapping[Kind, Speech] = MappingProxyType(
    {"dingtalk": dingtalk_call, "wecom": wecom_call, "feishu": feishu_call}
)


def _hmac(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _json_call(url: str, body: Mapping[str, object]) -> Call:
    return Call(url=url, body=json.dumps(body, ensure_ascii=False).encode(), headers={"Content-Type": JSON_TYPE})


def _cut(text: str) -> str:
    return text.encode()[:LONGEST_TEXT_BYTES].decode(errors="ignore")


def json_object(body: bytes) -> Mapping[str, Any]:
    """Return the JSON object in an answer; empty where it holds none."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
