"""The second step of signing in: codes as RFC 6238 has them, none taken twice, and what happens without a phone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.app import create_app
from api.security.totp import code_at, matching_step, new_secret, provisioning_uri, step_of
from sensors.actors import Role
from tests.api.bench import PASSWORD, Bench, Browser, code, web

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # noqa: S105 - RFC 6238, appendix B: "12345678901234567890"
STEP = timedelta(seconds=30)


@pytest.mark.parametrize(
    ("time_s", "expected"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_the_standard(time_s: int, expected: str) -> None:
    step = step_of(datetime.fromtimestamp(time_s, UTC))
    assert code_at(RFC_SECRET, step, digits=8) == expected
    assert code_at(RFC_SECRET, step) == expected[-6:]


@pytest.mark.parametrize(("off", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_differ_by_a_step(off: int, *, fits: bool) -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    assert (matching_step(RFC_SECRET, code_at(RFC_SECRET, step_of(now) + off), now=now) is not None) is fits


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "１２３４５６", "abcdef"])
def test_what_is_no_code_fits_nothing(typed: str) -> None:
    assert matching_step(RFC_SECRET, typed, now=datetime(2026, 11, 24, tzinfo=UTC)) is None


def test_address_for_the_authenticator_is_written_as_it_reads_it() -> None:
    uri = provisioning_uri("ABC", user_name="li.na", issuer="Compound 1")
    assert uri == "otpauth://totp/Compound%201:li.na?secret=ABC&issuer=Compound%201&digits=6&period=30"


def current(bench: Bench, secret: str) -> str:
    return code_at(secret, step_of(bench.clock.now()))


def equipped(bench: Bench, *roles: Role, user_name: str = "anna") -> tuple[str, list[str]]:
    """Make somebody who has set up a second step; return the secret and the recovery codes."""
    browser = bench.signed_in(*roles, user_name=user_name)
    secret = browser.post("/me/second-factor/offer").json()["secret"]
    made = browser.post("/me/second-factor", {"secret": secret, "code": current(bench, secret)})
    assert made.status_code == 201, made.text
    bench.clock.go_on(STEP)
    return secret, made.json()["recovery_codes"]


def enters(bench: Bench, given: str, *, user_name: str = "anna", password: str = PASSWORD) -> bool:
    body = {"user_name": user_name, "password": password, "code": given}
    return bench.browser().post("/sign-in", body).status_code == 200


def test_sign_in_asks_for_a_code_and_takes_none_twice(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    secret, _ = equipped(bench, Role.VIEWER)
    assert not enters(bench, "")
    assert not enters(bench, "000000")
    now = current(bench, secret)
    assert enters(bench, f" {now[:3]} {now[3:]} ")
    assert not enters(bench, now)
    bench.clock.go_on(STEP)
    assert enters(bench, current(bench, secret))


def test_code_without_the_password_opens_nothing_and_stays_good(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    secret, _ = equipped(bench, Role.VIEWER)
    assert not enters(bench, current(bench, secret), password="three blue cranes")  # noqa: S106 - a test's own
    assert enters(bench, current(bench, secret))


def test_recovery_code_stands_in_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    _, codes = equipped(bench, Role.VIEWER)
    assert len(set(codes)) == 10
    assert enters(bench, codes[0].upper())
    assert not enters(bench, codes[0])
    assert enters(bench, codes[1])


def test_wrong_codes_close_sign_in_as_wrong_passwords_do(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    secret, _ = equipped(bench, Role.VIEWER)
    assert not any(enters(bench, "000000") for _ in range(5))
    assert not enters(bench, current(bench, secret))
    bench.clock.go_on(timedelta(minutes=16))
    assert enters(bench, current(bench, secret))


def test_set_up_needs_a_code_of_the_secret_and_happens_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    anna = bench.signed_in(Role.VIEWER)
    secret = new_secret()
    for wrong in ({"secret": secret, "code": "000000"}, {"secret": "ABC", "code": "000000"}):
        assert code(anna.post("/me/second-factor", wrong)) == "account.second_code"
    assert anna.get("/me").json()["second_factor"] is False
    right = {"secret": secret, "code": current(bench, secret)}
    assert anna.post("/me/second-factor", right).status_code == 201
    assert code(anna.post("/me/second-factor", right)) == "account.second_code"
    assert anna.get("/me").json()["second_factor"] is True


def test_second_step_ends_with_the_password_or_by_the_administrator(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    equipped(bench, Role.VIEWER)
    admin = bench.signed_in(Role.SECURITY_ADMINISTRATOR, user_name="chief")
    assert code(admin.post("/accounts/id-chief/second-factor/reset")) == "account.yourself"
    assert admin.post("/accounts/id-anna/second-factor/reset").json()["second_factor"] is False
    assert enters(bench, "")
    secret, _ = equipped_again(bench)
    anna = browser_of(bench, current(bench, secret))
    assert code(anna.post("/me/second-factor/end", {"password": "x"})) == "account.wrong_password"
    assert anna.post("/me/second-factor/end", {"password": PASSWORD}).status_code == 204
    assert enters(bench, "")
    ended = [action for action in bench.audited() if action.startswith("second_factor")]
    assert ended == ["second_factor_set_up", "second_factor_ended"] * 2


def equipped_again(bench: Bench) -> tuple[str, list[str]]:
    anna = browser_of(bench, "")
    secret = new_secret()
    codes = anna.post("/me/second-factor", {"secret": secret, "code": current(bench, secret)}).json()["recovery_codes"]
    bench.clock.go_on(STEP)
    return secret, codes


def browser_of(bench: Bench, given: str) -> Browser:
    browser = bench.browser()
    answer = browser.post("/sign-in", {"user_name": "anna", "password": PASSWORD, "code": given})
    browser.csrf_token = answer.json()["csrf_token"]
    return browser


def test_role_that_needs_a_second_step_does_nothing_before_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    strict = web(second_factor_roles=frozenset({Role.SAFETY_OFFICER}))
    bench.services = replace(bench.services, web=strict)
    bench.app = create_app(bench.services)
    anna = bench.signed_in(Role.SAFETY_OFFICER)
    assert anna.get("/me").json()["permissions"] == []
    assert code(anna.get("/rooms")) == "not_permitted"
    secret = anna.post("/me/second-factor/offer").json()["secret"]
    assert anna.post("/me/second-factor", {"secret": secret, "code": current(bench, secret)}).status_code == 201
    assert anna.get("/rooms").status_code == 200
    assert bench.signed_in(Role.VIEWER, user_name="ben").get("/rooms").status_code == 200


def test_secret_and_recovery_codes_are_told_nowhere(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    secret, codes = equipped(bench, Role.VIEWER)
    admin = bench.signed_in(Role.SECURITY_ADMINISTRATOR, user_name="chief")
    told = admin.get("/accounts").text + repr(admin.bench.audited())
    with bench.records.reading() as tx:
        told += repr(tx.account("id-anna")) + repr(tx.audit_entries())
    assert secret not in told
    assert not any(each in told for each in codes)
