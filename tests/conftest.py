"""What all tests share: one private cluster, a migrated template, a clone of it per worker."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests.people import PEOPLE_ROLES, SignedIn, sign_in

CHECKOUT = Path(__file__).resolve().parents[1]
TEST_HOME = Path(tempfile.gettempdir()) / f"gridmap-test-{os.getpid()}-{os.urandom(4).hex()}"
os.environ["GRIDMAP_HOME"] = str(TEST_HOME)
"""Said before anything can read the settings: no test touches the checkout's own home."""
DEFAULT_REFERENCE = CHECKOUT.parent / "shared" / "data"

hypothesis_settings.register_profile(
    "ci", derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
hypothesis_settings.load_profile("ci")


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """The folder of real data; where it is set but not there, the test fails."""
    said = os.environ.get("GRIDMAP_REFERENCE_DATA")
    if said:
        folder = Path(said)
        assert folder.is_dir(), f"GRIDMAP_REFERENCE_DATA is {said}: no such folder"
        return folder
    if not DEFAULT_REFERENCE.is_dir():
        pytest.skip("no reference data: set GRIDMAP_REFERENCE_DATA")
    return DEFAULT_REFERENCE


@pytest.fixture(scope="session")
def test_home() -> Iterator[Path]:
    """A home of its own for this worker's private cluster, gone afterwards."""
    from gridmap import cluster

    home = TEST_HOME
    home.mkdir(mode=0o755, exist_ok=True)
    home.chmod(0o755)
    yield home
    found = cluster.find(home)
    if found is not None:
        found.stop()
        shutil.rmtree(found.layout.data, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def test_cluster(test_home):
    """The worker's running PostgreSQL."""
    from gridmap import cluster

    return cluster.start(test_home)


@pytest.fixture(scope="session")
def database_urls(test_cluster) -> dict[str, str]:
    """Addresses of a migrated, empty database, by role."""
    from sqlalchemy import create_engine, text

    from gridmap.auth import installation
    from gridmap.core import schema

    schema.upgrade(test_cluster.url("gridmap_owner"))
    installation.install(test_cluster.url("gridmap_owner"))
    admin = create_engine(test_cluster.url("postgres", "postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:  # rolled back tests use up numbers: not in the template
        connection.execute(text("CREATE DATABASE shared TEMPLATE gridmap OWNER gridmap_owner"))
    admin.dispose()
    roles = ("gridmap_app", "gridmap_owner", "gridmap_analysis", "postgres")
    return {role.removeprefix("gridmap_"): test_cluster.url(role, "shared") for role in roles}


@pytest.fixture
def fresh_database(test_cluster, database_urls) -> Iterator[dict[str, str]]:
    """A clone of the empty database in which a test may commit; the process points at it."""
    from sqlalchemy import create_engine, text

    from gridmap.core import database

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


@pytest.fixture
def session(database_urls) -> Iterator[object]:
    """One transaction as the application's role, rolled back; `transaction` joins it."""
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from sqlalchemy.pool import NullPool

    from gridmap.core import database
    from gridmap.core.actor import SYSTEM
    from gridmap.web import wiring

    wiring.connect()
    engine = create_engine(database_urls["app"], poolclass=NullPool)
    with engine.connect() as connection:
        outer = connection.begin()

        def lend() -> Session:
            return Session(
                connection, join_transaction_mode="create_savepoint", expire_on_commit=False
            )

        with database.lend_session(lend, connection, SYSTEM), lend() as own:
            yield own
        outer.rollback()
    engine.dispose()


@pytest.fixture
def app(test_home):
    """The application; its database is whatever the other fixture of the test set up."""
    from gridmap.web import create_app

    made = create_app()
    made.config["TESTING"] = True
    return made


@pytest.fixture
def client(app):
    """A test client, signed in as somebody with every role over everything."""
    return SignedIn(app, lambda: sign_in(*PEOPLE_ROLES))


@pytest.fixture
def client_as(app) -> Callable[..., SignedIn]:
    """Make a test client that holds a role in a scope: client_as("planner", "990101")."""

    def make(role: str, *prefixes: str) -> SignedIn:
        return SignedIn(app, lambda: sign_in(role, prefixes=prefixes))

    return make


@pytest.fixture
def actor_as() -> Callable[..., object]:
    """Make an actor that holds a role in a scope: actor_as("planner", "990101")."""
    from gridmap.auth.sessions import actor_of

    return lambda role, *prefixes: actor_of(sign_in(role, prefixes=prefixes))


@pytest.fixture
def stranger(app):
    """A test client without a session."""
    return app.test_client()


@pytest.fixture
def run(app) -> Callable[..., object]:
    """Run a command line, such as run("import", "list"); returns click's result."""
    runner = app.test_cli_runner()

    def invoke(*arguments: object):
        return runner.invoke(args=[str(argument) for argument in arguments])

    return invoke
