"""Whom codes are sent to, and who they are when they answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody whom codes were sent to. `channel` is the channel's name, `user` the account of whoever answers."""

    label: str
    channel: str
    user: str | None = None
