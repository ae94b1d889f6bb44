"""Lockout: after five failures within fifteen minutes, for fifteen minutes, by account and by address."""

from datetime import timedelta

import pytest

from api.security.lockout import address_key, is_locked, locked_until
from tests.api.bench import NOON

MINUTE = timedelta(minutes=1)


def test_four_failures_close_nothing() -> None:
    assert locked_until([NOON + n * MINUTE for n in range(4)]) is None


def test_fifth_failure_closes_for_fifteen_minutes_from_then() -> None:
    failures = [NOON + n * 3 * MINUTE for n in range(5)]
    assert locked_until(failures) == NOON + 27 * MINUTE
    assert is_locked(failures, NOON + 27 * MINUTE - timedelta(seconds=1))
    assert not is_locked(failures, NOON + 27 * MINUTE)


def test_failures_that_are_spread_out_close_nothing() -> None:
    assert locked_until([NOON + n * 4 * MINUTE for n in range(9)]) is None


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "address:192.0.2.7"),
        ("::ffff:192.0.2.7", "address:192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "address:2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "address:2001:db8:1:2::/64"),
        ("", "address:unknown"),
        ("testclient", "address:unknown"),
    ],
)
def test_addresses_of_one_subscriber_are_one(address: str, key: str) -> None:
    assert address_key(address) == key
