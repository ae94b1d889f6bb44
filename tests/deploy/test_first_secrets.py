"""What is made for a new installation: once, closed, and different each time."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from premises.deployment.first_secrets import SECRETS, State, make_secrets
from sensors.errors import InputFault
from tests.command_line import runner

NOW = datetime(2026, 11, 24, tzinfo=UTC)
HOSTS = ("broker.example", "127.0.0.1")


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_every_secret_is_made_closed_to_others(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    make_secrets(state, hosts=HOSTS, now=NOW)
    files = [path for path in state.root.rglob("*") if path.is_file() and path.name != ".lock"]
    assert {path.name for path in state.secrets.iterdir()} == set(SECRETS)
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in state.root.rglob("*") if path.is_dir()} == {0o700}
    assert len({path.read_text() for path in state.secrets.iterdir()}) == len(SECRETS)
    assert min(len(path.read_text().strip()) for path in state.secrets.iterdir()) >= 43


def test_making_again_changes_nothing(tmp_path: Path) -> None:
    state = State(tmp_path)
    make_secrets(state, hosts=HOSTS, now=NOW)
    before = contents(tmp_path)
    assert make_secrets(state, hosts=HOSTS, now=NOW + timedelta(days=1)) == []
    assert contents(tmp_path) == before


def test_what_was_taken_away_is_made_anew_and_nothing_else(tmp_path: Path) -> None:
    state = State(tmp_path)
    make_secrets(state, hosts=HOSTS, now=NOW)
    (state.secrets / "grafana-admin-password").unlink()
    assert make_secrets(state, hosts=HOSTS, now=NOW) == [state.secrets / "grafana-admin-password"]


def test_the_certificate_names_its_hosts_and_is_renewed_by_the_same_authority(tmp_path: Path) -> None:
    state = State(tmp_path)
    make_secrets(state, hosts=HOSTS, now=NOW)
    authority = (state.certificates / "ca.crt").read_bytes()
    first = x509.load_pem_x509_certificate((state.certificates / "broker.crt").read_bytes())
    make_secrets(state, hosts=HOSTS, now=NOW + timedelta(days=800), renew_certificate=True)
    renewed = x509.load_pem_x509_certificate((state.certificates / "broker.crt").read_bytes())
    names = renewed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["broker.example"]
    assert renewed.not_valid_after_utc > first.not_valid_after_utc
    renewed.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))
    assert (state.certificates / "ca.crt").read_bytes() == authority
    ssl.create_default_context(cafile=str(state.certificates / "ca.crt"))


def test_without_the_authoritys_key_nothing_is_signed(tmp_path: Path) -> None:
    state = State(tmp_path)
    make_secrets(state, hosts=HOSTS, now=NOW)
    (state.authority / "ca.key").unlink()
    with pytest.raises(InputFault, match="put it back"):
        make_secrets(state, hosts=HOSTS, now=NOW, renew_certificate=True)


def test_the_command_prints_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runner(monkeypatch, capsys)
    done = run("secrets", "make", tmp_path / "state", "--host", "broker.example", "--demo")
    assert done.code == 0, done.err
    secrets = [path.read_text().strip() for path in (tmp_path / "state" / "secrets").iterdir()]
    assert len(secrets) == len(SECRETS) + 1
    assert not [secret for secret in secrets if secret in done.out + done.err]
    assert run("secrets", "make", tmp_path / "state", "--demo").out == "all is there already\n"
