"""SQL as the application's role neither reads what is secret nor makes itself somebody."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gridmap.auth import attempts
from gridmap.auth.proofs import signed
from gridmap.auth.second_factor import _digest
from gridmap.core.actor import NOBODY, SYSTEM
from gridmap.core.database import transaction
from gridmap.core.keys import proof
from tests.people import make_account

OLD = 1_000_000_000


@pytest.mark.parametrize(
    "question",
    [
        "auth.account_to_sign_in('name', 'li.na', 0, '')",
        "auth.account_to_sign_in('name', 'li.na', extract(epoch FROM now())::bigint, 'x')",
        "auth.count_attempt('k', 10, 300, 0, '')",
        "auth.forget_attempt('k', 0, '')",
        "auth.use_totp_step(1, 1, 0, '')",
        "auth.use_recovery_code(1, 'x', 0, '')",
        "auth.rehash_password(1, 'a', 'b', 0, '')",
        "auth.set_password(1, 'b', false, 0, '')",
        "auth.begin_totp('x', 0, '')",
        "auth.confirm_totp(1, '{}', 0, '')",
        "auth.new_recovery_codes('{}', 0, '')",
        "auth.remove_totp(1, 0, '')",
        "auth.require_fresh_proof('x', 0, '')",
        "auth.manages_account(1)",
        "auth.is_system()",
        "(SELECT key FROM auth.attempts LIMIT 1)",
        "(SELECT code_hash FROM auth.recovery_codes LIMIT 1)",
    ],
)
def test_without_the_servers_key_nothing_is_answered(session, actor_as, question):
    for actor in (NOBODY, actor_as("administrator", "")):
        with pytest.raises(DBAPIError) as refused, transaction(actor) as own:
            own.scalar(text(f"SELECT {question}"))
        assert refused.value.orig.pgcode == "42501"


def test_a_proof_is_good_for_its_arguments_and_for_five_minutes(session):
    make_account("li.na")
    make_account("zhao.wei")
    good = signed("sign in", "name", "li.na")
    ask = text("SELECT auth.account_to_sign_in('name', :name, :issued, :proof)")

    with transaction(NOBODY) as own:
        assert own.scalar(ask, {"name": "li.na", **good})["name"] == "li.na"
    stale = {"issued": OLD, "proof": proof("sign in", "name", "li.na", OLD)}
    for values in ({"name": "zhao.wei", **good}, {"name": "li.na", **stale}):
        with pytest.raises(DBAPIError), transaction(NOBODY) as own:
            own.scalar(ask, values)


@pytest.mark.parametrize(
    ("call", "parts"),
    [("confirm_totp(7, :codes, :issued, :proof)", ("confirm totp", 7)),
     ("new_recovery_codes(:codes, :issued, :proof)", ("new codes",))],
)  # fmt: skip
def test_a_proof_for_recovery_codes_is_good_for_these_codes_alone(session, actor_as, call, parts):
    actor = actor_as("planner", "99")
    what, *more = parts
    codes, others = [b"a" * 32, b"b" * 32], [b"a" * 32, b"c" * 32]
    signature = signed(what, actor.account_id, *more, _digest(codes))
    unbound = signed(what, actor.account_id, *more)

    with transaction(actor) as own:
        own.scalar(text(f"SELECT auth.{call}"), {"codes": codes, **signature})
    for proven in (signature, unbound):
        with pytest.raises(DBAPIError) as refused, transaction(actor) as own:
            own.scalar(text(f"SELECT auth.{call}"), {"codes": others, **proven})
        assert refused.value.orig.pgcode == "42501"


def test_even_with_a_proof_only_ones_own_or_managed_accounts_change(session, actor_as):
    victim = make_account("li.na", "planner", prefixes=("990102",))
    values = {"id": victim, **signed("password", victim, "x", 1)}

    with pytest.raises(DBAPIError), transaction(actor_as("administrator", "990101")) as own:
        own.execute(text("SELECT auth.set_password(:id, 'x', true, :issued, :proof)"), values)
    with transaction(SYSTEM) as own:
        own.execute(text("SELECT auth.set_password(:id, 'x', true, :issued, :proof)"), values)


def test_the_database_opens_no_browser_without_the_second_factor_that_there_is(session):
    from gridmap.auth.sessions import open_session

    account = make_account("li.na")
    with transaction(SYSTEM) as own:
        assert open_session(own, account) is not None
    from gridmap.auth import second_factor
    from gridmap.auth.sessions import actor_of

    with transaction(SYSTEM) as own:
        token = open_session(own, account)
    import pyotp

    actor = actor_of(token)
    code = pyotp.TOTP(second_factor.begin(actor)).now()
    second_factor.confirm(actor, code, second_factor.Client(address="192.0.2.1"))

    with pytest.raises(DBAPIError), transaction(SYSTEM) as own:
        open_session(own, account)
    with transaction(SYSTEM) as own:
        assert open_session(own, account, second_factor=True) is not None


def test_names_and_addresses_are_not_readable_in_the_counter(session, database_urls):
    attempts.count(account="li.na", address="192.0.2.1")

    keys = attempts._keys("li.na", "192.0.2.1")

    assert len(set(keys)) == 2
    assert all(len(key) == 64 for key in keys)


def test_other_sessions_of_the_same_role_see_no_token(database_urls):
    from sqlalchemy import create_engine

    from gridmap.auth.proofs import hidden
    from gridmap.core.database import hand_over

    engine = create_engine(database_urls["app"])
    look = text("SELECT query FROM pg_stat_activity WHERE pid = :pid")
    with engine.connect() as one, engine.connect() as other:
        pid = one.scalar(text("SELECT pg_backend_pid()"))
        hand_over(one, "the secret token")
        seen = other.scalar(look, {"pid": pid})
        other.rollback()
        one.scalar(hidden("length('the secret proof')"))
        seen += other.scalar(look, {"pid": pid})
    engine.dispose()

    assert "secret" not in seen
    assert len(seen) > 1000


def test_a_session_ends_when_it_is_not_used_and_after_its_time(session):
    from datetime import timedelta

    from gridmap.auth.sessions import Lifetime, actor_of, lifetime_of, open_session

    account = make_account("li.na")
    with transaction(SYSTEM) as own:
        idle = open_session(own, account, lifetime=Lifetime(timedelta(1), idle=timedelta(0)))
        over = open_session(own, account, lifetime=Lifetime(timedelta(0)))

    assert actor_of(idle) is NOBODY
    assert actor_of(over) is NOBODY
    assert lifetime_of("browser") == Lifetime(timedelta(hours=12), idle=timedelta(hours=1))
