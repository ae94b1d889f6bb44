"""SMS by an HTTP gateway of any make: a template for the request, a path and a value that mean success."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import Template
from types import MappingProxyType
from typing import Literal
from urllib.parse import quote, quote_plus, urlsplit
from xml.sax.saxutils import escape

from alerts.channels.exchange import LINE, Call, Line, Reply, by_status, channel_name, checked_address, exchange
from alerts.dispatch import Answer, Delivery
from alerts.messages import Message

FIELDS = frozenset({"phone", "text", "code", "key", "secret", "timestamp"})
"""What `${…}` in a template may name."""

Format = Literal["json", "form", "xml"]


def _in_json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]


def _in_xml(value: str) -> str:
    return escape(value, {'"': "&quot;", "'": "&apos;"})


ESCAPES: Mapping[Format, Callable[[str], str]] = MappingProxyType(
    {"json": _in_json, "form": quote_plus, "xml": _in_xml}
)
CONTENT_TYPES: Mapping[Format, str] = MappingProxyType(
    {
        "json": "application/json; charset=utf-8",
        "form": "application/x-www-form-urlencoded; charset=utf-8",
        "xml": "text/xml; charset=utf-8",
    }
)


class TemplateError(ValueError):
    """A template of an SMS gateway names a field that there is not, or is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """How a gateway is spoken to. Fields are escaped for their place: percent in the address, as `format` in the body.

    `success_path` leads into a JSON answer (`result.0.code`); `success_value` is what stands there when it was taken,
    `dead_values` what stands there when it never will be. Without a path the HTTP status says it.
    """

    url: str
    body: str = ""
    method: Literal["POST", "GET"] = "POST"
    format: Format = "json"
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: str = field(default="", repr=False)
    success_path: str = ""
    success_value: str = ""
    dead_values: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse templates that could not be filled, and a field in the host, which would choose who is called."""
        for template in (self.url, self.body, *self.headers.values()):
            _check(template)
        if "$" in urlsplit(self.url).netloc:
            msg = "the gateway's host holds a field; write the host itself"
            raise TemplateError(msg)
        checked_address(Template(self.url).safe_substitute(dict.fromkeys(FIELDS, "x")), "gateway")

    def call(self, values: Mapping[str, str]) -> Call:
        """Return the request for these fields."""
        inside = {name: ESCAPES[self.format](value) for name, value in values.items()}
        header = {name: "".join(filter(str.isprintable, value)) for name, value in values.items()}
        headers = {name: Template(value).substitute(header) for name, value in self.headers.items()}
        return Call(
            url=Template(self.url).substitute({name: quote(value, safe="") for name, value in values.items()}),
            body=Template(self.body).substitute(inside).encode() if self.method == "POST" else b"",
            method=self.method,
            headers={"Content-Type": CONTENT_TYPES[self.format], **headers},
        )

    def read(self, reply: Reply) -> Answer:
        """Return what the gateway's answer means; its own words stay out of the log, they may repeat the number."""
        if not reply.is_success or not self.success_path:
            return by_status(reply)
        found = _at(reply.body, self.success_path)
        if found is None:
            return Answer(delivery=Delivery.RETRY, detail=f"HTTP {reply.status} without {self.success_path}")
        delivery = Delivery.DONE if found == self.success_value else Delivery.RETRY
        dead = found in self.dead_values
        return Answer(
            delivery=Delivery.DEAD if dead else delivery,
            detail=f"{self.success_path} {found[:60]}",
            wait=reply.wait,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """A carrier to one phone. Its number shows in no name and no log."""

    gateway: Gateway
    label: str
    phone: str = field(repr=False)
    line: Line = LINE

    @property
    def name(self) -> str:
        """Return `sms:` with the recipient's label and a digest of the number."""
        return channel_name("sms", self.label, self.phone)

    def carry(self, message: Message) -> Answer:
        """Return what the gateway answered, or RETRY where there was no answer in time."""
        values = {
            "phone": self.phone,
            "text": message.short,
            "code": message.code,
            "key": message.key,
            "secret": self.gateway.secret,
            "timestamp": str(int(self.line.unix_time())),
        }
        return exchange(self.gateway.call(values), self.line, self.gateway.read)


def _check(template: str) -> None:
    named = Template(template)
    if not named.is_valid():
        msg = "a template holds a $ that begins no field; write $$ for the sign itself"
        raise TemplateError(msg)
    unknown = sorted(set(named.get_identifiers()) - FIELDS)
    if unknown:
        msg = f"${{{unknown[0]}}} is no field of an SMS; there are {', '.join(sorted(FIELDS))}"
        raise TemplateError(msg)


def _at(body: bytes, path: str) -> str | None:
    """Return what stands at a path of names and positions in a JSON answer, as text; None where nothing does."""
    try:
        found = json.loads(body)
        for part in path.split("."):
            found = found[int(part)] if isinstance(found, list) else found[part]
    except (ValueError, LookupError, TypeError):
        return None
    return found if isinstance(found, str) else json.dumps(found)
