"""Answers of people outside the console: whose they are, and what they acknowledge."""

from alerts.replies import AlertReply, CodeRules, addressed, answer_by_code
from api.ports import RecordsTransaction, Services
from api.recipients import Recipient
from sensors.actors import Actor, NotPermittedError, Permission, Role


def answered(services: Services, *known_as: Recipient, text: str, over: str, rules: CodeRules) -> AlertReply:
    """Return what became of an answer that came `over` some way, of somebody whom codes reach over these channels.

    Raises NotPermittedError.
    """
    with services.records.transaction() as tx:
        by_channel = {each.channel: each for each in known_as}
        who = by_channel[addressed(tx, text, recipients=list(by_channel), rules=rules, clock=services.clock)]
        actor = _holder(tx, who, over)
        return answer_by_code(
            tx, text, recipient=who.channel, actor=actor, rules=rules, clock=services.clock, note=over
        )


def _holder(tx: RecordsTransaction, who: Recipient, over: str) -> Actor:
    """Return who answers: the account that belongs to the recipient, else the recipient itself by its label."""
    identifier = f"{over.lower()}:{who.label}"
    if who.user is None:
        return Actor(id=identifier, name=who.label, roles=frozenset({Role.SAFETY_OFFICER}))
    account = tx.account_named(who.user)
    if account is None or account.disabled is not None:
        raise NotPermittedError(Actor(id=identifier, name=who.label), Permission.ACKNOWLEDGE_ALERT)
    return account.actor()
