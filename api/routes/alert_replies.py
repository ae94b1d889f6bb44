"""Answers to SMS, brought by the gateway that received them."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from alerts.replies import ReplyOutcome
from api.answering import answered
from api.dependencies import ClientAddress, ServicesOf
from api.problems import Problem, ProblemError, not_found
from api.routes.bodies import Body, Text
from api.sms_replies import SmsReplies, plain_number

router = APIRouter(tags=["alerts"])


class SmsReplyBody(Body):
    """An SMS that somebody sent: from which number, and what it says."""

    phone: Annotated[Text, Field(max_length=40)]
    text: Annotated[Text, Field(max_length=1000)]


@dataclass(frozen=True, slots=True)
class SmsReplyView:
    """What became of it, for the gateway to tell; no alert is named."""

    outcome: ReplyOutcome


async def known_gateway(request: Request, services: ServicesOf, address: ClientAddress) -> SmsReplies:
    """Return what answers are held against, for a gateway that may bring them; others get a 404 or 403."""
    replies = services.sms_replies
    if replies is None:
        raise not_found(kind="sms_reply")
    body, headers, now_s = await request.body(), request.headers, services.clock.now().timestamp()
    signature, stamp = headers.get("x-premises-signature", ""), headers.get("x-premises-timestamp", "")
    shows = replies.is_bearer(headers.get("authorization", ""))
    if replies.lets_in(address) and (shows or replies.is_signed(body, stamp=stamp, signature=signature, now_s=now_s)):
        return replies
    raise ProblemError(Problem(status=403, code="not_permitted", detail="no known gateway, or not its secret"))


KnownGateway = Annotated[SmsReplies, Depends(known_gateway)]


@router.post("/alert-replies/sms")
def post_sms_reply(services: ServicesOf, replies: KnownGateway, given: SmsReplyBody) -> SmsReplyView:
    """Acknowledge the alert whose code an SMS brings; a number that is nobody's is answered like a wrong code."""
    phones = replies.phones.get(plain_number(given.phone))
    if not phones:
        return SmsReplyView(ReplyOutcome.WRONG_CODE)
    return SmsReplyView(answered(services, *phones, text=given.text, over="SMS", rules=replies.rules).outcome)
