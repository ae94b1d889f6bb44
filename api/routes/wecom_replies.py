"""Answers over WeCom: the address that an application's messages and pressed buttons are sent to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import PlainTextResponse, Response

from alerts.replies import ReplyOutcome
from api.answering import answered
from api.dependencies import ServicesOf
from api.ports import Services
from api.problems import TOO_LARGE, Problem, ProblemError, not_found
from api.wecom_envelope import LONGEST_BODY, EnvelopeError, Flaw, Signed, fields_in, xml_of
from api.wecom_replies import WecomReplies
from sensors.actors import NotPermittedError

router = APIRouter(tags=["alerts"])

LONGEST_TEXT = 2048
"""Characters of an answer that are looked at; WeCom takes no longer message."""

BUTTON_PRESSED = "template_card_event"

Word = Annotated[str, Query(min_length=1, max_length=200)]


def application(services: ServicesOf, app: str) -> WecomReplies:
    """Return what an application's calls are held against; there is nothing where none of this name is answered to."""
    found = services.wecom_replies.get(app)
    if found is None:
        raise not_found(kind="wecom_application")
    return found


Application = Annotated[WecomReplies, Depends(application)]


def signed_call(
    services: ServicesOf, replies: Application, msg_signature: Word, timestamp: Word, nonce: Word
) -> Signed:
    """Return what a call's address says of its signature, where it was made just now."""
    if not replies.is_fresh(timestamp, services.clock.now().timestamp()):
        raise _refused(Flaw.TIME)
    return Signed(signature=msg_signature, stamp=timestamp, nonce=nonce)


SignedCall = Annotated[Signed, Depends(signed_call)]


async def limited_body(request: Request) -> bytes:
    """Return the body, refused as soon as it is larger than a message can be."""
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told[:12]) > LONGEST_BODY:
        raise ProblemError(TOO_LARGE)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_BODY:
            raise ProblemError(TOO_LARGE)
    return bytes(body)


LimitedBody = Annotated[bytes, Depends(limited_body)]


@router.get("/alert-replies/wecom/{app}", response_class=PlainTextResponse)  # noqa: FAST003 - `application` takes it
def get_wecom_challenge(
    replies: Application, signed: SignedCall, echostr: Annotated[str, Query(max_length=4096)]
) -> PlainTextResponse:
    """Return what WeCom encrypted, as it asks before it sends anything to an address."""
    return PlainTextResponse(_opened(replies, echostr, signed))


@router.post("/alert-replies/wecom/{app}", response_class=Response)  # noqa: FAST003 - as above
def post_wecom_reply(services: ServicesOf, replies: Application, signed: SignedCall, body: LimitedBody) -> Response:
    """Acknowledge the alert whose code a member wrote, or whose button was pressed; the answer says what became of it.

    A member whom no code was sent to is answered like one with a wrong code.
    """
    message = _message(replies, body, signed)
    if replies.heard.has(signed.signature):
        return Response()
    said = _said(services, replies, message)
    replies.heard.add(signed.signature, services.clock.now().timestamp())
    if said is None:
        return Response()
    told = xml_of(_passive_reply(message, said, now_s=int(services.clock.now().timestamp())))
    sealed = replies.envelope.close(told.encode(), stamp=signed.stamp, nonce=signed.nonce)
    return Response(sealed, media_type="application/xml")


@dataclass(frozen=True, slots=True)
class _Message:
    """What a member did: wrote a text, or pressed the button with this key."""

    member: str
    receiver: str
    text: str
    is_button: bool


def _message(replies: WecomReplies, body: bytes, signed: Signed) -> _Message:
    try:
        encrypted = fields_in(body).get("Encrypt", "")
        told = fields_in(_opened(replies, encrypted, signed))
    except EnvelopeError as exc:
        raise _refused(exc.flaw) from exc
    if told.get("AgentID", "") != str(replies.agent_id):
        raise _refused(Flaw.APPLICATION)
    is_button = told.get("MsgType") == "event" and told.get("Event") == BUTTON_PRESSED
    is_text = told.get("MsgType") == "text"
    return _Message(
        member=told.get("FromUserName", ""),
        receiver=told.get("ToUserName", ""),
        text=(told.get("EventKey", "") if is_button else told.get("Content", "") if is_text else "")[:LONGEST_TEXT],
        is_button=is_button,
    )


def _opened(replies: WecomReplies, encrypted: str, signed: Signed) -> bytes:
    try:
        return replies.envelope.open(encrypted, signed)
    except EnvelopeError as exc:
        raise _refused(exc.flaw) from exc


def _said(services: Services, replies: WecomReplies, message: _Message) -> str | None:
    """Return what the member reads; None where nothing was said to us, as when somebody only opens the application."""
    if not message.text:
        return None
    who = replies.members.get(message.member.lower())
    if who is None:
        return replies.said(ReplyOutcome.WRONG_CODE)
    try:
        reply = answered(services, who, text=message.text, over="WeCom", rules=replies.rules)
    except NotPermittedError:
        return replies.said(None)
    return replies.said(reply.outcome)


def _passive_reply(message: _Message, said: str, *, now_s: int) -> Mapping[str, str | Mapping[str, str]]:
    """Return the answer's fields: a text, or what the pressed button says from now on."""
    head = {"ToUserName": message.member, "FromUserName": message.receiver, "CreateTime": str(now_s)}
    if message.is_button:
        return {**head, "MsgType": "update_button", "Button": {"ReplaceName": said}}
    return {**head, "MsgType": "text", "Content": said}


def _refused(why: str) -> ProblemError:
    return ProblemError(
        Problem(status=403, code="not_permitted", detail=f"no call of WeCom to this application: {why}")
    )
