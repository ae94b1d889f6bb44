"""How tokens of programs end: one by one, and all of an account that is closed."""

from dataclasses import replace
from datetime import datetime

from api.ports import RecordsTransaction
from sensors.accounts import Account, ApiToken
from sensors.actors import Actor


def end_token(tx: RecordsTransaction, token: ApiToken, *, actor: Actor, now: datetime) -> ApiToken:
    """Return the token, which opens nothing any more."""
    changed = replace(token, revoked=now)
    tx.save_api_token(changed)
    audit_token(tx, actor.id, "token_revoked", token, now, name=token.name)
    return changed


def end_tokens_of(tx: RecordsTransaction, account: Account, *, actor: Actor, now: datetime) -> None:
    """End all tokens of an account that still hold."""
    for token in tx.api_tokens(account.id):
        if token.holds(now):
            end_token(tx, token, actor=actor, now=now)


def audit_token(
    tx: RecordsTransaction, actor_id: str, action: str, token: ApiToken, at: datetime, **detail: str
) -> None:
    """Write down what happened to a token, and whose it is."""
    told = {"account": token.account_id, **detail}
    tx.audit(actor_id=actor_id, action=action, subject=f"token:{token.id}", at=at, detail=told)
