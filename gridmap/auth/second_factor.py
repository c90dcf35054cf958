"""The second factor: codes of the clock (TOTP, RFC 6238) and recovery codes, each good once."""

import base64
import hashlib
import hmac
import os
import secrets

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

from gridmap.audit.actions import record
from gridmap.auth import attempts
from gridmap.auth.asking import ask
from gridmap.auth.errors import NothingToConfirm, WrongCode
from gridmap.auth.log_in import Candidate, candidate
from gridmap.auth.on_record import record_account
from gridmap.auth.proofs import hidden, signed
from gridmap.auth.sessions import Client
from gridmap.core.actor import NOBODY, Actor
from gridmap.core.clock import utc_now
from gridmap.core.database import transaction
from gridmap.core.keys import named_key

STEP_S = 30
DRIFT = 1
"""Steps that the clock of a device may be ahead or behind."""
CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without signs that look alike."""
GROUPS = 4
GROUP = 6
NONCE = 12
ISSUER = "gridmap"


def check_code(found: Candidate, code: str, client: Client) -> None:
    """Accept a code of the clock, or a recovery code, once.

    Raises:
        TooManyAttempts: codes count as tries, beside those of the password.
        WrongCode: neither, or used before.
    """
    attempts.count(account=f"code of {found.id}", address=client.address)
    typed = "".join(code.split()).replace("-", "").lower()
    if not (_use_step(found, typed) if typed.isdecimal() else _use_recovery(found, typed)):
        with transaction(NOBODY) as session:
            record(session, Actor(name=found.name), "login.failed",
                   subject=("account", found.id), step="code")  # fmt: skip
        raise WrongCode
    attempts.take_back(address=client.address)


def _use_step(found: Candidate, code: str) -> bool:
    if found.totp_secret is None:
        return False
    step = step_of(unseal(found.id, found.totp_secret), code)
    if step is None:
        return False
    with transaction(NOBODY) as session:
        return bool(
            session.scalar(
                hidden("auth.use_totp_step(:who, :step, :issued, :proof)"),
                {"who": found.id, "step": step, **signed("step", found.id, step)},
            )
        )


def _use_recovery(found: Candidate, code: str) -> bool:
    mark = hash_of_code(found.id, code)
    with transaction(NOBODY) as session:
        return bool(
            session.scalar(
                hidden("auth.use_recovery_code(:who, :hash, :issued, :proof)"),
                {"who": found.id, "hash": mark, **signed("code", found.id, mark.hex())},
            )
        )


def step_of(secret: str, code: str) -> int | None:
    """Return the step of the clock to which a code belongs; None: to none of these minutes."""
    now = int(utc_now().timestamp()) // STEP_S
    clock = pyotp.TOTP(secret)
    fitting = None
    for step in range(now - DRIFT, now + DRIFT + 1):  # all of them: time tells nothing
        if hmac.compare_digest(clock.at(step * STEP_S).encode(), code.encode()):
            fitting = step
    return fitting


# -- setting it up ---------------------------------------------------------------------------
def begin(actor: Actor) -> str:
    """Return the secret that the actor's device shall keep, made now if there is none waiting."""
    with transaction(actor) as session:
        found = candidate(session, "id", actor.account_id)
        if found is not None and found.totp_pending is not None:
            return unseal(found.id, found.totp_pending)
        secret = pyotp.random_base32()
        sealed = seal(actor.account_id, secret)
        session.execute(
            hidden("auth.begin_totp(:secret, :issued, :proof)"),
            {"secret": sealed, **signed("begin totp", actor.account_id, sealed.hex())},
        )
    return secret


def confirm(actor: Actor, code: str, client: Client) -> list[str]:
    """Switch the second factor on after a first code; returns the recovery codes, shown once.

    Raises:
        TooManyAttempts: codes count as tries.
        WrongCode: the code is not that of the secret.
        NothingToConfirm: no secret waits, or another request was faster.
    """
    attempts.count(account=f"code of {actor.account_id}", address=client.address)
    step = step_of(_waiting(actor), "".join(code.split()))
    if step is None:
        raise WrongCode
    attempts.take_back(address=client.address)
    codes = [new_code() for _ in range(CODES)]
    marks = _marks(actor, codes)
    with transaction(actor) as session:
        kept = session.scalar(
            hidden("auth.confirm_totp(:step, :codes, :issued, :proof)"),
            {"step": step, "codes": marks,
             **signed("confirm totp", actor.account_id, step, _digest(marks))},
        )  # fmt: skip
        if not kept:
            raise NothingToConfirm
        record_account(session, actor, "account.second_factor_set", actor.account_id)
    return codes


def _waiting(actor: Actor) -> str:
    with transaction(actor) as session:
        found = candidate(session, "id", actor.account_id)
    if found is None or found.totp_pending is None:
        raise NothingToConfirm
    return unseal(found.id, found.totp_pending)


def renew_codes(actor: Actor) -> list[str]:
    """Replace the recovery codes; returns the new ones, shown once."""
    codes = [new_code() for _ in range(CODES)]
    marks = _marks(actor, codes)
    with transaction(actor) as session:
        session.execute(
            hidden("auth.new_recovery_codes(:codes, :issued, :proof)"),
            {"codes": marks, **signed("new codes", actor.account_id, _digest(marks))},
        )
        record_account(session, actor, "account.codes_renewed", actor.account_id)
    return codes


def remove(session: Session, actor: Actor, account_id: int) -> None:
    """Take a second factor away: one's own, or that of an account that the actor manages.

    Raises:
        NotYours: it is neither.
    """
    values = {"who": account_id, **signed("remove totp", account_id)}
    ask(
        session,
        lambda: session.execute(hidden("auth.remove_totp(:who, :issued, :proof)"), values),
    )
    record_account(session, actor, "account.second_factor_removed", account_id)


def address_for_device(name: str, secret: str) -> str:
    """Return the otpauth address that a QR code holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def new_code() -> str:
    """Return a recovery code: 118 bits, in groups to read."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def hash_of_code(account_id: int | None, code: str) -> bytes:
    """Return what is kept of a recovery code: with a key that the database lacks."""
    plain = code.replace("-", "").lower()
    return hmac.digest(named_key("recovery-codes"), f"{account_id} {plain}".encode(), "sha256")


def _marks(actor: Actor, codes: list[str]) -> list[bytes]:
    return [hash_of_code(actor.account_id, code) for code in codes]


def _digest(marks: list[bytes]) -> str:
    """Return what `auth.digest_of` returns: a proof is for these very codes."""
    return hashlib.sha256(",".join(mark.hex() for mark in marks).encode()).hexdigest()


# -- keeping the secret ----------------------------------------------------------------------
def seal(account_id: int | None, secret: str) -> bytes:
    """Return a secret encrypted for one account (AES-256-GCM): nonce, then ciphertext."""
    nonce = os.urandom(NONCE)
    return nonce + _cipher().encrypt(nonce, base64.b32decode(secret), _bound(account_id))


def unseal(account_id: int, sealed: bytes) -> str:
    """Return a secret that was sealed for this account.

    Raises:
        WrongCode: it does not open with this installation's key.
    """
    try:
        plain = _cipher().decrypt(sealed[:NONCE], sealed[NONCE:], _bound(account_id))
    except InvalidTag as problem:
        raise WrongCode from problem
    return base64.b32encode(plain).decode()


def _cipher() -> AESGCM:
    return AESGCM(named_key("second-factor"))


def _bound(account_id: int | None) -> bytes:
    return f"auth.accounts.totp_secret|{account_id}".encode()
