"""Certificates for tests, made by openssl: two authorities, a server, clients good, strange and expired."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority and what it signs, all in one folder."""

    folder: Path
    name: str

    @property
    def certificate(self) -> Path:
        """Return its own certificate."""
        return self.folder / f"{self.name}.crt"

    def sign(self, name: str, *, days: int = 2) -> tuple[Path, Path]:
        """Return a certificate and its key, for a server on loopback or a client; expired where `days` < 0."""
        key, request, made = (self.folder / f"{name}.{end}" for end in ("key", "csr", "crt"))
        extension = self.folder / f"{name}.ext"
        extension.write_text("subjectAltName=IP:127.0.0.1\n", encoding="utf-8")
        _openssl("req", "-newkey", *_CURVE, "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        _openssl(
            *("x509", "-req", "-in", request, "-out", made, "-days", days, "-extfile", extension),
            *("-CA", self.certificate, "-CAkey", self.folder / f"{self.name}.key", "-CAcreateserial"),
        )
        return made, key


_CURVE = ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")


def authority(folder: Path, name: str) -> Authority:
    """Return a new authority."""
    made = Authority(folder, name)
    key = folder / f"{name}.key"
    _openssl(
        *("req", "-x509", "-newkey", *_CURVE, "-nodes", "-keyout", key, "-out", made.certificate),
        *("-subj", f"/CN={name}", "-days", 2),
    )
    return made


def _openssl(*words: str | int | Path) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
