"""Guards that an attack asked for. Contracts nothing: the running release has these rights."""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"

HERE = Path(__file__).parent
OF_ANOTHER = {
    "residences": "of_a_person_in_sight",
    "resident_versions": "of_a_person_in_sight",
    "duties": "of_staff_in_sight",
    "case_clocks": "of_a_case_in_sight",
    "case_events": "of_a_case_in_sight",
}
OWNED = ("residences", "resident_versions", "duties")
OF_THE_CITY = (
    "divisions", "grids", "grid_versions", "grid_neighbours", "grid_lineage", "base_features",
    "grid_population", "categories", "category_words", "settings", "data_versions",
)  # fmt: skip


def upgrade() -> None:
    """Add the guards."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    sql = (HERE / "0012_guards.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))


def downgrade() -> None:
    """Take them away; the guard of grants stays the stricter one."""
    for table, policy in OF_ANOTHER.items():
        op.execute(f"DROP POLICY {policy} ON {table}")
    for table in OWNED:
        op.execute(f"DROP TRIGGER keeps_its_owner ON {table}")
    for table in OF_THE_CITY:
        op.execute(f"DROP TRIGGER written_with_a_right ON {table}")
    op.execute("DROP TRIGGER of_nobody ON audit_events")
    for function in ("keeps_its_owner", "written_with_a_right", "audit_of_nobody"):
        op.execute(f"DROP FUNCTION {function}()")
    op.execute("GRANT INSERT ON audit_events TO gridmap_app")
    for table in ("residences", "cases"):
        op.execute(f"ALTER TABLE {table} ALTER geom SET STATISTICS -1")
