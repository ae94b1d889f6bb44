"""Passwords: which are refused and why, and that what is kept opens only for the right one."""

import pytest

from api.security.passwords import Weakness, WeakPasswordError, common_passwords, must_be_strong, weakness
from tests.api.bench import QUICK


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short pwd", Weakness.TOO_SHORT),
        ("x" * 257, Weakness.TOO_LONG),
        ("eeeeeeeeeeee", Weakness.ONE_CHARACTER),
        ("Password123", Weakness.COMMON),
        ("1234567890", Weakness.COMMON),
        ("Anna.Maria.Lopez", Weakness.LIKE_USER_NAME),
        ("anna.maria.lopez1!", Weakness.LIKE_USER_NAME),
    ],
)
def test_weak_password_is_refused_with_its_reason(password: str, reason: Weakness) -> None:
    assert weakness(password, user_name="anna.maria.lopez") is reason
    with pytest.raises(WeakPasswordError):
        must_be_strong(password, user_name="anna.maria.lopez")


@pytest.mark.parametrize("password", ["three blue herons", "三只苍鹭飞过了青翠的山", "aT4!" * 3])
def test_long_uncommon_password_is_taken(password: str) -> None:
    assert weakness(password, user_name="anna") is None


def test_every_common_password_on_the_list_is_long_enough_to_be_tried() -> None:
    assert all(len(each) >= 10 and each == each.casefold() for each in common_passwords())


def test_kept_password_opens_for_itself_alone() -> None:
    kept = QUICK.hash("three blue herons")
    assert "heron" not in kept
    assert QUICK.verify(kept, "three blue herons")
    assert not QUICK.verify(kept, "three blue heron")


def test_password_opens_in_either_form_of_its_letters() -> None:
    kept = QUICK.hash("caf\u00e9 au bord du lac")
    assert QUICK.verify(kept, "cafe\u0301 au bord du lac")


def test_nothing_kept_opens_for_nothing() -> None:
    assert not QUICK.verify("", "")
    assert not QUICK.verify("", "nobody has this password")
    assert not QUICK.verify("not a hash", "not a hash")
