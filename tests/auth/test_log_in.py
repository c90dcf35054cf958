"""Signing in: what is asked, what is answered, what is kept."""

import re
import threading
from io import BytesIO

import pytest
from sqlalchemy import text

from gridmap.auth import log_in, passwords
from gridmap.auth.attempts import MOST
from gridmap.auth.current import COOKIE, SECURE_COOKIE
from gridmap.auth.sessions import Client, actor_of
from gridmap.core.actor import NOBODY, SYSTEM
from gridmap.core.database import transaction
from tests.people import PASSWORD, make_account

HERE = Client(address="192.0.2.7")


def post_login(browser, name, password=PASSWORD, **more):
    return browser.post("/login", data={"name": name, "password": password, **more})


def test_a_page_leads_to_the_log_in_and_back(session, stranger):
    make_account("li.na", "planner")

    asked = stranger.get("/grids?from=2024-01-01")
    answer = post_login(stranger, "li.na", next="/grids?from=2024-01-01")

    assert asked.status_code == 302
    assert asked.location == "/login?next=/grids?from%3D2024-01-01"
    assert answer.location == "/grids?from=2024-01-01"
    assert stranger.get("/grids").status_code == 200


def test_programs_and_parts_of_pages_get_the_error_instead(session, stranger):
    for address, headers in (
        ("/api/hotspots", {}),
        ("/grids", {"Accept": "application/json"}),
        ("/grids", {"Sec-Fetch-Mode": "cors"}),
        ("/search?q=a&part=1", {}),
    ):
        answer = stranger.get(address, headers=headers)
        assert answer.status_code == 401, address
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "evil", "",
     "/%0a//evil", "///evil.example", "javascript:alert(1)"],
)  # fmt: skip
def test_after_the_log_in_only_own_pages_follow(session, stranger, address):
    make_account("li.na")

    answer = post_login(stranger, "li.na", next=address)

    assert answer.status_code == 302
    assert answer.location in ("/", "/%0a//evil")


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(session, app):
    make_account("li.na")

    plain = post_login(app.test_client(), "li.na").headers.getlist("Set-Cookie")
    behind_tls = app.test_client().post(
        "/login", data={"name": "li.na", "password": PASSWORD}, base_url="https://localhost"
    )
    secure = behind_tls.headers.getlist("Set-Cookie")

    assert any(
        re.fullmatch(rf"{COOKIE}=\S+; HttpOnly; Path=/; SameSite=Lax", line) for line in plain
    )
    assert any(
        re.fullmatch(rf"{SECURE_COOKIE}=\S+; Secure; HttpOnly; Path=/; SameSite=Lax", line)
        for line in secure
    )


def test_each_log_in_is_a_new_session_and_ends_the_one_before(session, stranger):
    make_account("li.na")
    post_login(stranger, "li.na")
    first = stranger.get_cookie(COOKIE).value
    post_login(stranger, "li.na")
    second = stranger.get_cookie(COOKIE).value

    assert first != second
    assert actor_of(first) is NOBODY
    assert actor_of(second).name == "li.na"


def test_signing_out_ends_the_session_at_the_server(session, stranger):
    make_account("li.na")
    post_login(stranger, "li.na")
    token = stranger.get_cookie(COOKIE).value

    answer = stranger.post("/logout")

    assert answer.location == "/login?out=1"
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert actor_of(token) is NOBODY
    assert stranger.get("/logout").status_code == 405


def test_unknown_name_wrong_password_and_locked_account_get_one_answer(session, app):
    make_account("li.na")
    locked = make_account("zhao.wei")
    with transaction(SYSTEM) as own:
        own.execute(text("SELECT auth.lock_account(:id, 'gone')"), {"id": locked})

    answers = [
        post_login(app.test_client(), name, password)
        for name, password in (("nobody", PASSWORD), ("li.na", "wrong"), ("zhao.wei", PASSWORD))
    ]

    assert {answer.status_code for answer in answers} == {403}
    bodies = [re.sub(r'nonce="[^"]+"|value="[^"]*"', "", answer.text) for answer in answers]
    assert len(set(bodies)) == 1
    assert "do not belong together" in bodies[0]


def test_an_unknown_name_costs_a_hash_too(monkeypatch):
    asked = []
    passwords.is_right(None, "x")  # makes nobody's hash
    hasher = passwords._hasher

    class Spy:
        def verify(self, kept, given):
            asked.append(kept)
            return hasher.verify(kept, given)

    monkeypatch.setattr(passwords, "_hasher", Spy())

    assert not passwords.is_right(None, "nobody has that")
    assert not passwords.is_right(None, "nobody has this")

    assert len(asked) == 2
    assert all(kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$") for kept in asked)


def test_the_eleventh_try_is_refused_and_says_when_to_come_back(session, app):
    make_account("li.na")
    for _ in range(MOST):
        assert post_login(app.test_client(), "li.na", "wrong").status_code == 403

    answer = post_login(app.test_client(), "LI.NA ")

    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 300
    assert "too many tries" in answer.text


def test_tries_are_counted_by_address_too_and_right_ones_taken_back(session):
    for index in range(5):
        make_account(f"colleague{index}")
        for _ in range(3):
            log_in.check_password(f"colleague{index}", PASSWORD, HERE)
    for index in range(MOST):
        with pytest.raises(log_in.WrongLogin):
            log_in.check_password(f"guess{index}", "wrong", HERE)

    with pytest.raises(Exception, match="too many tries"):
        log_in.check_password("colleague1", PASSWORD, HERE)
    log_in.check_password("colleague1", PASSWORD, Client(address="192.0.2.8"))


@pytest.mark.slow
def test_several_workers_count_together(fresh_database):
    passed = []

    def guess():
        for _ in range(8):
            try:
                log_in.check_password("li.na", "wrong", HERE)
            except log_in.WrongLogin:
                passed.append(1)
            except log_in.attempts.TooManyAttempts:
                pass

    threads = [threading.Thread(target=guess) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(passed) == MOST


def test_a_hash_with_old_parameters_is_renewed_at_the_next_log_in(session):
    from argon2 import PasswordHasher

    account = make_account("li.na")
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with transaction(SYSTEM) as own:
        log_in_as_rehash(own, account, old)

    log_in.check_password("li.na", PASSWORD, HERE)

    with transaction(NOBODY) as own:
        kept = log_in.candidate(own, "name", "li.na").password_hash
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.is_right(kept, PASSWORD)


def log_in_as_rehash(own, account, new):
    from gridmap.auth.proofs import signed

    own.execute(
        text("SELECT auth.set_password(:id, :hash, false, :issued, :proof)"),
        {"id": account, "hash": new, **signed("password", account, new, 0)},
    )


def test_the_same_password_from_another_keyboard_fits(session):
    make_account("li.na", password="Zürich-Ångström")

    assert log_in.check_password("li.na", "Zu\u0308rich-A\u030angstro\u0308m", HERE).name == "li.na"


def test_log_ins_are_on_record_and_wrong_ones_too(session, stranger):
    account = make_account("li.na")
    post_login(stranger, "li.na", "wrong")
    post_login(stranger, "nobody-here", "wrong")
    post_login(stranger, "li.na")

    rows = session.execute(
        text("SELECT action, subject_id, detail::text FROM audit_events "
             "WHERE action LIKE 'login.%' ORDER BY id")
    ).all()  # fmt: skip

    assert [(row.action, row.subject_id) for row in rows] == [
        ("login.failed", str(account)), ("login.failed", ""), ("login.succeeded", str(account))
    ]  # fmt: skip
    assert "nobody-here" not in str(rows)


def test_nobody_fills_the_disk_before_signing_in(session, stranger):
    large = {"file": (BytesIO(b"x" * 200_000), "a.csv")}
    read = []

    class Body(BytesIO):
        def read(self, *args):
            read.append(args)
            return super().read(*args)

        readline = readinto = read

    refused = stranger.post(
        "/import", input_stream=Body(b"--b"), content_length=10**9,
        content_type="multipart/form-data; boundary=b", headers={"Accept": "application/json"},
    )  # fmt: skip
    too_large = stranger.post("/login", data=large, content_type="multipart/form-data")

    assert refused.status_code == 401
    assert read == []
    assert too_large.status_code == 413
