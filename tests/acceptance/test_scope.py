"""Nobody finds anything of another district, at no address, in no role; and each guard is needed.

Two districts (`two_districts.py`). Every role is asked everything before and after the other
district is filled: the answers are the same. Then each policy of the database is taken away, and
the same questions, asked by views that forget their filter, find what it guarded.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from gridmap.core.actor import Actor
from tests.acceptance import two_districts as districts
from tests.acceptance.crawling import FOREIGN, Answer, answer_to, crawl, foreign_in
from tests.acceptance.questions import NOTHING_TO_FIND, ROUTES, routes_of
from tests.acceptance.two_districts import MINE, THEIRS, Ask, World
from tests.people import PEOPLE_ROLES, SignedIn, sign_in


@pytest.fixture(scope="module")
def database(test_cluster, database_urls):
    """A clone of the empty database for this module; the process points at it."""
    from gridmap.core import database
    from gridmap.web import wiring

    wiring.connect()
    name = f"clone_{os.urandom(4).hex()}"
    admin = create_engine(test_cluster.url("postgres", "postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE gridmap OWNER gridmap_owner"))
    roles = ("gridmap_app", "gridmap_owner", "gridmap_analysis", "postgres")
    urls = {role.removeprefix("gridmap_"): test_cluster.url(role, name) for role in roles}
    database.configure(app=urls["app"], owner=urls["owner"], analysis=urls["analysis"])
    yield urls
    database.close_all()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="module")
def application(database, test_home):
    from gridmap.web import create_app

    made = create_app()
    made.config["TESTING"] = True
    return made


class Crawl:
    """The world with both districts, and what each role was told before and after."""

    def __init__(self, app, urls, folder: Path) -> None:
        self.app, self.urls = app, urls
        self.world = World(folder)
        self.world.names = {THEIRS: districts.MISSING, districts.WORD: districts.MISSING_WORD}
        districts.settle(self.world, MINE, "alpha", column=0, incidents=districts.MY_INCIDENTS)
        self.case = self.world.case
        self.clients = {role: self.client(role, MINE) for role in PEOPLE_ROLES}
        for client in self.clients.values():
            client.get("/healthz")  # now has an account of a small number
        districts.begin_numbers(urls["postgres"])
        self.before = {role: self.crawl(role, "GET") for role in PEOPLE_ROLES}
        others = districts.settle(
            self.world, THEIRS, districts.WORD, column=5, incidents=districts.THEIR_INCIDENTS
        )
        self._upload(others)
        self.world.names |= {
            str(districts.FIRST_ID): str(districts.MISSING_ID),
            str(districts.BATCH): str(districts.MISSING_ID),
            self.world.case: self.world.case[:-6] + "ZZZZZZ",
            self.world.upload: "y" * 32,
        }
        self.after = {role: self.crawl(role, "GET") for role in PEOPLE_ROLES}
        for role in PEOPLE_ROLES:  # behind all reading: a form of the own district may be taken
            self.after[role] |= self.crawl(role, "POST")

    def client(self, role: str, *prefixes: str) -> SignedIn:
        return SignedIn(self.app, lambda: sign_in(role, prefixes=prefixes))

    def crawl(self, role: str, method: str) -> dict[Ask, Answer]:
        return crawl(self.clients[role], self.world, method)

    def _upload(self, others: Actor) -> None:
        import io

        from werkzeug.datastructures import FileStorage

        from gridmap.exchange import uploads

        data = FileStorage(io.BytesIO(b"lon,lat,omega\n1,2,3\n"), filename="omega-secret.csv")
        self.world.upload = uploads.keep(data, "incidents", owner=others.name).token


@pytest.fixture(scope="module")
def crawled(application, database):
    folder = Path(tempfile.mkdtemp(prefix="gridmap-scope-"))
    yield Crawl(application, database, folder)
    shutil.rmtree(folder)


def test_every_address_is_asked_or_has_a_reason(application):
    known = set(ROUTES) | set(NOTHING_TO_FIND)

    assert routes_of(application) - known == set(), (
        "new addresses: say in tests/acceptance/questions.py what the crawl asks there"
    )
    assert known - routes_of(application) == set(), "these addresses are gone"


def of_record(asked: dict[Ask, Answer]) -> str:
    """The questions about the record: it tells whoever asked them that they were asked."""
    return " ".join(ask.path for ask in asked if ask.path.endswith("/looks"))


@pytest.mark.parametrize("role", PEOPLE_ROLES)
def test_no_answer_names_anything_of_the_other_district(crawled, role):
    found = {
        f"{ask.method} {ask.path}": words
        for ask, answer in crawled.after[role].items()
        if (words := foreign_in(ask, answer, of_record(crawled.after[role])))
    }

    assert found == {}


@pytest.mark.parametrize("role", PEOPLE_ROLES)
def test_what_happens_in_the_other_district_changes_no_answer(crawled, role):
    before, after = crawled.before[role], crawled.after[role]
    steady = [ask for ask in before.keys() & after.keys() if ask.steady]

    changed = [f"{ask.method} {ask.path}" for ask in steady if before[ask] != after[ask]]

    assert len(steady) > 60
    assert changed == []


@pytest.mark.parametrize("role", PEOPLE_ROLES)
def test_what_is_theirs_answers_like_what_is_nowhere(crawled, role):
    world, client = crawled.world, crawled.clients[role]

    different = {}
    for ask, answer in crawled.after[role].items():
        if ask.twin:
            missing = answer_to(client, ask.of_missing(world))
            if answer.plain(world) != missing.plain(world):
                different[f"{ask.method} {ask.path}"] = (answer.status, missing.status)

    assert different == {}


def test_the_crawl_finds_what_is_there(crawled):
    """Somebody over everything is told what the others must not be: the questions are good."""
    client = crawled.client("coordinator", "")
    told = crawl(client, crawled.world, "GET")

    silent = [
        f"{ask.method} {ask.path}"
        for ask, answer in told.items()
        if ask.twin and answer.status == 404 and crawled.world.upload not in ask.path
    ]

    assert silent == []
    assert sum(bool(foreign_in(ask, answer)) for ask, answer in told.items()) > 20


# -- Each guard is needed -----------------------------------------------------------------------
NEW_MONTH = "from=2024-03-01&to=2024-03-20"
"""No whole month, so that counts come from the incidents, not from the roll-up."""
FOUND_AT = {
    ("incidents", "see"): f"/map/points?{districts.BOX}&{districts.WINDOW}",
    ("incidents", "count"): f"/map/figures?{NEW_MONTH}",
    ("incident_months", "count"): f"/map/figures?{districts.WINDOW}",
    ("places", "see"): "/search?q=street&part=1",
    ("resources", "see"): f"/map/resources?{districts.BOX}&kind=camera",
    ("batches", "see"): "/import",
    ("cases", "see"): "/desk?tab=all",
}
"""Table and policy → a page that finds foreign rows without it, once views forget their filter.

Policies that are not here are tried by SQL alone, like these too.
"""
NOT_BY_PLACE = {
    ("audit_events", "add"): "everybody writes as themselves, about any place",
    ("batches", "count"): "whoever counts knows whether imports are a sample",
}


@pytest.fixture
def forgetful(monkeypatch):
    """Views that forget to narrow: only the policies are left."""
    from gridmap.maps import kept
    from gridmap.tiles import views as tiles

    monkeypatch.setattr(Actor, "narrow", lambda self, scope, *_: scope)
    monkeypatch.setattr(Actor, "root", lambda *_: "")
    may = Actor.may
    monkeypatch.setattr(Actor, "may", lambda self, *what, at=None: may(self, *what))

    def forget() -> None:
        kept._kept.clear()
        tiles._kept.clear()

    forget()
    yield forget
    forget()


@pytest.fixture
def without(database):
    """Let one policy at a time allow everything."""
    from contextlib import contextmanager

    engine = create_engine(database["owner"])

    def alter(table: str, policy: str, using: str | None, check: str | None) -> None:
        parts = [f"USING ({using})" if using else "", f"WITH CHECK ({check})" if check else ""]
        with engine.begin() as connection:
            connection.execute(text(f"ALTER POLICY {policy} ON {table} {' '.join(parts)}"))

    @contextmanager
    def relaxed(*policies):
        for one in policies:
            alter(one.tablename, one.policyname, one.qual and "true", one.with_check and "true")
        try:
            yield
        finally:
            for one in policies:
                alter(one.tablename, one.policyname, one.qual, one.with_check)

    yield relaxed
    engine.dispose()


@pytest.fixture
def policies(database):
    """Every policy of a table with a place, as the catalogue has it."""
    engine = create_engine(database["owner"])
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT p.* FROM pg_policies p JOIN information_schema.columns c "
                 "ON c.table_schema = p.schemaname AND c.table_name = p.tablename "
                 "WHERE c.column_name = 'grid_code' AND p.schemaname = 'public' "
                 "AND p.permissive = 'PERMISSIVE'")
        ).all()  # fmt: skip
    engine.dispose()
    return {(row.tablename, row.policyname): row for row in found}


def finds(client, address: str) -> bool:
    """Whether a page names or counts something of the other district."""
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    if answer.is_json:
        told = answer.get_json()
        mine = districts.MY_INCIDENTS if "kind=" not in address else 1
        return max(told.get("incidents", 0), told.get("total", 0)) > mine
    return bool(FOREIGN.search(answer.get_data(as_text=True)))


def test_pages_whose_view_forgets_the_scope_find_what_a_policy_no_longer_guards(
    crawled, forgetful, without, policies
):
    client = crawled.client("coordinator", MINE)

    assert {where for where in FOUND_AT.values() if finds(client, where)} == set()
    for name, address in FOUND_AT.items():
        forgetful()
        with without(policies[name]):
            assert finds(client, address), f"{name}: {address} finds nothing without it"
    forgetful()
    assert {where for where in FOUND_AT.values() if finds(client, where)} == set()


def test_sql_finds_foreign_rows_as_soon_as_one_policy_is_gone(crawled, without, policies, database):
    token = sign_in("coordinator", prefixes=(MINE,))
    needless, leaking = [], []
    for name, policy in policies.items():
        if name in NOT_BY_PLACE or not granted(database, policy):
            continue
        readers = [
            other for other in policies.values()
            if other.tablename == policy.tablename and other.cmd == "SELECT"
            and other is not policy
        ] if policy.cmd != "SELECT" else []  # fmt: skip
        with without(*readers):
            if reaches(database, policy, token):
                leaking.append(name)
            with without(policy):
                if not reaches(database, policy, token):
                    needless.append(name)

    assert leaking == [], "these let a coordinator of one district reach the other"
    assert needless == [], (
        "without these nothing foreign is reached: does the other district have a row there "
        "(tests/acceptance/two_districts.py: settle)?"
    )


COMMANDS = {"SELECT": "SELECT", "INSERT": "INSERT", "UPDATE": "UPDATE", "DELETE": "DELETE",
            "ALL": "UPDATE"}  # fmt: skip


def role_of(policy) -> str:
    return "analysis" if "gridmap_analysis" in policy.roles else "app"


def granted(database, policy) -> bool:
    """Whether the role may use the command at all."""
    engine = create_engine(database[role_of(policy)])
    with engine.connect() as connection:
        found = connection.scalar(
            text("SELECT has_table_privilege(:table, :command)"),
            {"table": policy.tablename, "command": COMMANDS[policy.cmd]},
        )
    engine.dispose()
    return bool(found)


def reaches(database, policy, token: str) -> bool:
    """Whether the policy's command reaches rows of the other district; changes nothing."""
    from sqlalchemy.exc import IntegrityError, ProgrammingError

    table, command = policy.tablename, COMMANDS[policy.cmd]
    theirs = f"grid_code ^@ '{THEIRS}'"
    engine = create_engine(database[role_of(policy)])
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT set_config('gridmap.token', %s, false)", (token,))
            statement = {
                "SELECT": f"SELECT 1 FROM {table} WHERE {theirs}",
                "INSERT": "" if command != "INSERT" else copy_of_a_row(connection, table),
                "UPDATE": f"UPDATE {table} SET grid_code = grid_code WHERE {theirs} RETURNING 1",
                "DELETE": f"DELETE FROM {table} WHERE {theirs} RETURNING 1",
            }[command]
            return bool(connection.execute(text(statement)).all())
    except IntegrityError:  # the row was reached; another table holds it
        return True
    except ProgrammingError as problem:
        if "row-level security" not in str(problem):
            raise
        return False
    finally:
        engine.dispose()


def copy_of_a_row(connection, table: str) -> str:
    """A statement that stores a row of one's own once more, in the other district."""
    columns = connection.execute(
        text("SELECT column_name, data_type FROM information_schema.columns "
             "WHERE table_name = :table AND table_schema = 'public' AND is_identity = 'NO' "
             "AND is_generated = 'NEVER'"), {"table": table},
    ).all()  # fmt: skip
    own = {
        "grid_code": f"'{THEIRS}001001000'", "source_id": "gen_random_uuid()::text",
        "code": "gen_random_uuid()::text", "key": "gen_random_uuid()::text",
    }  # fmt: skip
    names = [name for name, _ in columns]
    values = [own.get(name, name) for name in names]
    return (
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table} "
        f"WHERE grid_code ^@ '{MINE}' LIMIT 1 RETURNING 1"
    )
