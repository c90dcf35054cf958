"""The guards of the database, read from its own catalogue: nothing with a place lies open."""

import pytest
from sqlalchemy import text

NO_POLICY = {"grid_versions", "grid_population", "divisions", "grids", "grid_lineage",
             "grid_neighbours"}  # fmt: skip
"""Borders and counts of people: no row of them is anybody's; pages still show the scope alone."""
PERSONS = {"auth.accounts", "auth.grants", "auth.sessions"}
"""Tables with a person in them and no `grid_code`; each register of persons adds its own."""
OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
CLASSES = "pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
FUNCTIONS = "pg_proc p JOIN pg_namespace n ON n.oid = pronamespace"


@pytest.fixture
def rows(session):
    """Run a question about the catalogue; the first column of each answer."""
    return lambda question: set(session.scalars(text(question)))


def test_every_table_with_a_grid_code_or_a_person_is_guarded(rows):
    placed = rows(
        f"SELECT c.oid::regclass::text FROM {CLASSES} "
        "JOIN pg_attribute a ON a.attrelid = c.oid "
        f"WHERE relkind IN ('r', 'p') AND attname = 'grid_code' AND {OURS} "
        "AND relpersistence <> 't'"
    )
    forced = rows(
        "SELECT oid::regclass::text FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
    )

    assert {"incidents", "incident_months", "places", "resources", "batches"} <= placed
    assert (placed | PERSONS) - forced == set()


def test_a_table_with_a_grid_carries_its_code_too(rows):
    with_grid = rows("SELECT attrelid::regclass::text FROM pg_attribute JOIN pg_class c "
                     "ON c.oid = attrelid WHERE attname = 'grid_id' AND relkind = 'r' "
                     "AND relpersistence <> 't'")  # fmt: skip
    with_code = rows(
        "SELECT attrelid::regclass::text FROM pg_attribute WHERE attname = 'grid_code'"
    )

    assert with_grid - with_code <= NO_POLICY


def test_every_policy_asks_for_the_scope(rows):
    lax = rows(
        "SELECT tablename || '.' || policyname FROM pg_policies WHERE schemaname <> 'auth' "
        "AND permissive = 'PERMISSIVE' AND "
        "coalesce(qual, '') || coalesce(with_check, '') NOT LIKE '%auth.scopes(%' "
        "AND coalesce(qual, '') || coalesce(with_check, '') NOT LIKE '%auth.account()%'"
    )

    assert lax == set()


def test_the_application_owns_nothing_and_passes_no_guard(rows):
    assert rows(
        f"SELECT c.oid::regclass::text FROM {CLASSES} "
        f"WHERE {OURS} AND relpersistence <> 't' "
        "AND pg_get_userbyid(relowner) IN ('gridmap_app', 'gridmap_analysis')"
    ) == set()  # fmt: skip
    assert rows(
        "SELECT r.rolname FROM pg_roles r, pg_roles o WHERE r.rolname IN ('gridmap_app', "
        "'gridmap_analysis', 'gridmap_owner') AND pg_has_role(r.oid, o.oid, 'MEMBER') "
        "AND o.rolname <> 'pg_database_owner' "
        "AND (o.rolbypassrls OR o.rolsuper OR o.oid <> r.oid)"
    ) == set()  # fmt: skip


def test_nobody_but_the_owner_may_truncate(rows):
    assert rows(
        f"SELECT c.oid::regclass::text FROM {CLASSES} "
        f"WHERE relkind = 'r' AND {OURS} AND (has_table_privilege('gridmap_app', c.oid, 'TRUNCATE')"
        " OR has_table_privilege('gridmap_analysis', c.oid, 'TRUNCATE'))"
    ) == set()  # fmt: skip


def test_the_role_that_counts_writes_nothing(rows):
    assert rows(
        f"SELECT c.oid::regclass::text FROM {CLASSES} "
        f"WHERE relkind = 'r' AND {OURS} AND relpersistence <> 't' AND "
        "has_table_privilege('gridmap_analysis', c.oid, 'INSERT,UPDATE,DELETE')"
    ) == set()  # fmt: skip


def test_views_show_what_their_reader_may_see(rows):
    assert rows(
        f"SELECT c.oid::regclass::text FROM {CLASSES} "
        f"LEFT JOIN pg_depend d ON d.objid = c.oid AND d.deptype = 'e' WHERE relkind = 'v' "
        f"AND {OURS} AND d.objid IS NULL AND NOT coalesce(reloptions @> "
        "'{security_invoker=true,security_barrier=true}', false)"
    ) == set()  # fmt: skip
    assert rows(
        "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'm' "
        "AND has_table_privilege('gridmap_app', oid, 'SELECT')"
    ) == set()  # fmt: skip


def test_functions_with_their_owners_rights_fix_where_they_look(rows):
    assert rows(
        f"SELECT p.oid::regprocedure::text FROM {FUNCTIONS} "
        f"LEFT JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e' WHERE prosecdef AND {OURS} "
        "AND d.objid IS NULL AND NOT EXISTS "
        "(SELECT FROM unnest(proconfig) c WHERE c LIKE 'search_path=%')"
    ) == set()  # fmt: skip


def test_nobody_in_general_may_call_a_function_of_auth(rows):
    assert rows(
        f"SELECT p.oid::regprocedure::text FROM {FUNCTIONS} "
        "WHERE n.nspname = 'auth' AND EXISTS (SELECT FROM aclexplode(coalesce(proacl, "
        "acldefault('f', proowner))) WHERE grantee = 0)"
    ) == set()  # fmt: skip
