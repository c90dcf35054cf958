"""Signing in through an OpenID provider: code flow with PKCE, state and nonce.

Only the configured issuer is asked: its discovery document may not send us to another host. No
account is made: an administrator says which account belongs to which "issuer|subject".
"""

import hmac
import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from itsdangerous import BadSignature, URLSafeTimedSerializer
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from gridmap.auth import attempts
from gridmap.auth.errors import ProviderFailed, UnknownIdentity
from gridmap.auth.log_in import Candidate, candidate
from gridmap.auth.sessions import Client
from gridmap.core.actor import NOBODY
from gridmap.core.database import transaction
from gridmap.core.errors import NotConfigured
from gridmap.core.keys import named_key
from gridmap.core.settings import settings

log = logging.getLogger(__name__)

WAIT_S = 10
ON_THE_WAY_S = 600
"""How long somebody may take at the provider."""
LARGEST = 256 * 1024
"""Bytes of an answer."""
ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"]
LEEWAY_S = 60


@dataclass(frozen=True)
class Provider:
    """What the issuer's discovery document says, as far as it is on the issuer's own host."""

    issuer: str
    authorization: str
    token: str
    keys: str


def set_out(return_address: str, following: str) -> tuple[str, str]:
    """Return the provider's page to send somebody to, and the note that their browser keeps.

    Raises:
        ProviderFailed: it does not answer as a provider does.
    """
    known = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    with _asking(return_address) as session:
        address, _ = session.create_authorization_url(
            provider().authorization, state=known["state"], nonce=known["nonce"],
            code_verifier=known["verifier"],
        )  # fmt: skip
    return str(address), _notes().dumps({**known, "next": following})


def come_back(
    arguments: Mapping[str, str], note: str, return_address: str, client: Client
) -> tuple[Candidate, str]:
    """Return the account of somebody who comes back, and the page that they wanted.

    Raises:
        ProviderFailed: the way was not begun in this browser, was changed, or took too long.
        UnknownIdentity: no account has this identity, or it is locked.
        TooManyAttempts: from this address.
    """
    attempts.count(account="provider " + (client.address or ""), address=client.address)
    try:
        known = _notes().loads(note, max_age=ON_THE_WAY_S)
    except BadSignature as problem:
        raise ProviderFailed from problem
    given = arguments.get("state", "").encode()
    if not hmac.compare_digest(given, known["state"].encode()) or "code" not in arguments:
        raise ProviderFailed
    subject = _subject(arguments["code"], known, return_address)
    with transaction(NOBODY) as session:
        found = candidate(session, "external", subject)
    if found is None or found.locked:
        raise UnknownIdentity(identity=subject)
    attempts.take_back(address=client.address)
    return found, str(known["next"])


def _subject(code: str, known: Mapping[str, str], return_address: str) -> str:
    """Change the code for an id token and return "issuer|subject"."""
    try:
        with _asking(return_address) as session:
            answer = session.fetch_token(
                provider().token, code=code, code_verifier=known["verifier"],
                grant_type="authorization_code", timeout=WAIT_S, allow_redirects=False,
            )  # fmt: skip
        claims = _claims(str(answer["id_token"]), known["nonce"])
    except (OAuthError, JoseError, requests.RequestException, ValueError, KeyError) as problem:
        log.warning("login.provider_failed: %s", type(problem).__name__)
        raise ProviderFailed from problem
    return f"{claims['iss']}|{claims['sub']}"


def _claims(token: str, nonce: str) -> dict[str, Any]:
    """Return what an id token says, its signature and its claims checked."""
    keys = jwk.KeySet.import_key_set(cast("jwk.KeySetSerialization", _get(provider().keys)))
    found = jwt.decode(token, keys, algorithms=ALGORITHMS)
    audience = settings().oidc_client_id
    jwt.JWTClaimsRegistry(
        leeway=LEEWAY_S,
        iss={"essential": True, "value": provider().issuer},
        aud={"essential": True, "value": audience},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    ).validate(found.claims)
    if found.claims.get("azp", audience) != audience:
        raise ValueError("the token is for another client")
    return found.claims


def _asking(return_address: str) -> OAuth2Session:
    chosen = settings()
    file = chosen.oidc_client_secret_file
    secret = file.read_text(encoding="utf-8").strip() if file else None
    return OAuth2Session(
        chosen.oidc_client_id, secret, scope="openid", redirect_uri=return_address,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic" if secret else "none",
    )  # fmt: skip


def provider() -> Provider:
    """Return the configured provider; its document is read once.

    Raises:
        NotConfigured: there is none, or its address is not https (or this machine).
        ProviderFailed: it does not answer, or names another host than its own.
    """
    issuer = settings().oidc_issuer
    if issuer is None:
        raise NotConfigured(setting="GRIDMAP_OIDC_ISSUER", why="No provider is known.")
    return _discover(issuer)


@lru_cache(maxsize=1)
def _discover(issuer: str) -> Provider:
    parts = urlsplit(issuer)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise NotConfigured(setting="GRIDMAP_OIDC_ISSUER", why="Its address begins with https.")
    try:
        said = _get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        found = Provider(
            said["issuer"], said["authorization_endpoint"], said["token_endpoint"], said["jwks_uri"]
        )
    except (requests.RequestException, ValueError, KeyError) as problem:
        raise ProviderFailed from problem
    if found.issuer != issuer or any(
        urlsplit(address)[:2] != parts[:2] for address in (found.token, found.keys)
    ):
        log.warning("login.provider_failed: the document names another issuer or host")
        raise ProviderFailed
    return found


def _get(address: str) -> dict[str, Any]:
    """Return a small JSON object from the issuer's host; redirects are not followed."""
    with requests.get(address, timeout=WAIT_S, allow_redirects=False, stream=True) as answer:
        if answer.status_code != requests.codes.ok:
            raise ValueError(f"status {answer.status_code}")
        body = answer.raw.read(LARGEST + 1, decode_content=True)
    if len(body) > LARGEST:
        raise ValueError("the answer is too long")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _notes() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(named_key("half-way"), salt="on the way to the provider")
