"""An OpenID provider on loopback that signs what a test tells it to, right or wrong."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "premises", "a:secret/with signs"
BACK = "https://premises.example/sign-on/back"


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """What it says; a test changes what shall be wrong."""

    port: int = 0
    subject: str = "u-7"
    key: rsa.RSAPrivateKey = field(default_factory=new_key)
    kid: str = "one"
    signs: Callable[[dict[str, Any]], str] | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    token_answer: tuple[int, bytes] | None = None
    nonce: str = ""
    challenge: str = ""
    heads: list[str] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}/office"

    def visit(self, address: str) -> dict[str, str]:
        """Go there as a browser would; return what comes back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["scope"] == "openid"
        assert asked["redirect_uri"].endswith("/sign-on/back")
        assert asked["code_challenge_method"] == "S256"
        self.nonce, self.challenge = asked["nonce"], asked["code_challenge"]
        return {"code": "c-1", "state": asked["state"], "iss": self.issuer}

    def back(self, address: str) -> str:
        """Return where a browser that went there is sent: the person is signed in there, nothing is asked."""
        asked = parse_qs(urlsplit(address).query)
        return f"{asked['redirect_uri'][0]}?{urlencode(self.visit(address))}"

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_response_iss_parameter_supported": True,
            **self.about,
        }

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{"kty": "oct", "k": "AAAA"}, {**public, "kid": self.kid, "use": "sig", "alg": "RS256"}]}

    def token(self) -> str:
        now = int(time.time())
        base = {"iss": self.issuer, "sub": self.subject, "aud": CLIENT, "iat": now, "exp": now + 300}
        claims = {**base, "nonce": self.nonce, **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.signs is not None:
            return self.signs(claims)
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.kid})

    def exchange(self, head: str, form: Mapping[str, list[str]]) -> tuple[int, bytes]:
        self.heads.append(head)
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == self.challenge
        if self.token_answer is not None:
            return self.token_answer
        if form["code"] != ["c-1"]:
            return 400, b'{"error": "invalid_grant"}'
        return 200, json.dumps({"id_token": self.token(), "token_type": "Bearer"}).encode()


@contextmanager
def provider() -> Iterator[Provider]:
    there = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/office/auth":
                self._send(302, b"", {"Location": f"{there.back(self.path)}"})
                return
            told = {"/office/.well-known/openid-configuration": there.discovery, "/office/keys": there.keys}.get(path)
            self._send(404, b"{}") if told is None else self._send(200, json.dumps(told()).encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._send(*there.exchange(self.headers.get("Authorization", ""), parse_qs(body)))

        def _send(self, status: int, body: bytes, more: Mapping[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (more or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
