"""The first tables: grids, what lies in them, imports, the audit trail."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

HERE = Path(__file__).parent


def run_file(name: str) -> None:
    """Run the statements of a file beside this one."""
    op.get_bind().exec_driver_sql((HERE / name).read_text(encoding="utf-8").replace("%", "%%"))


def upgrade() -> None:
    """Make everything."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("CREATE SEQUENCE data_version_numbers")
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(collation="C"), nullable=False),
        sa.Column("subject_type", sa.Text(collation="C"), nullable=False),
        sa.Column("subject_id", sa.Text(collation="C"), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column(
            "file_hash", sa.Text(collation="C"), nullable=False, comment="SHA-256 of the bytes"
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("is_sample", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "mapping",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="How its columns were read",
        ),
        sa.Column(
            "counts",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="read = stored + duplicate + rejected; stored = linked + unlinked",
        ),
        sa.Column(
            "notes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejects_file", sa.Text(), nullable=True, comment="Name below home/rejects"),
        sa.CheckConstraint(
            "kind IN ('divisions', 'grids', 'incidents', 'places', 'resources',"
            " 'population', 'base')",
            name=op.f("ck_batches_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    op.create_table(
        "categories",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column(
            "known",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="False: made by an import, not yet looked at",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("code", name=op.f("uq_categories_code")),
    )
    op.create_table(
        "data_versions",
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_data_versions")),
    )
    op.create_table(
        "incident_months",
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("grid_code", sa.Text(collation="C"), nullable=False),
        sa.Column("grid_id", sa.Integer(), nullable=True),
        sa.Column("first_month", sa.Integer(), nullable=False),
        sa.Column("cumulative", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.PrimaryKeyConstraint("category_id", "grid_code", name=op.f("pk_incident_months")),
    )
    op.create_geospatial_table(
        "incidents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.Text(collation="C"), nullable=False),
        sa.Column("source_id", sa.Text(collation="C"), nullable=False),
        sa.Column("occurred_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "occurred_to",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Half-open; NULL: at that moment",
        ),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("word_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column(
            "place_given",
            sa.Text(),
            nullable=True,
            comment="The grid code or address that the file gave instead of a point",
        ),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("x_original", sa.Double(), nullable=True),
        sa.Column("y_original", sa.Double(), nullable=True),
        sa.Column("crs_original", sa.Text(collation="C"), nullable=True),
        sa.Column("grid_id", sa.Integer(), nullable=True),
        sa.Column(
            "grid_code", sa.Text(collation="C"), server_default=sa.text("''"), nullable=False
        ),
        sa.CheckConstraint(
            "occurred_to > occurred_from", name=op.f("ck_incidents_ends_after_it_begins")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index(
        "ix_incidents_batch", "incidents", ["batch_id"], unique=False, postgresql_using="brin"
    )
    op.create_index(
        "ix_incidents_grid",
        "incidents",
        ["grid_id", "occurred_from"],
        unique=False,
        postgresql_include=["grid_code", "category_id"],
    )
    op.create_index(
        "ix_incidents_time",
        "incidents",
        ["occurred_from"],
        unique=False,
        postgresql_include=["grid_id", "grid_code", "category_id"],
    )
    op.create_index(
        "ix_incidents_unlinked",
        "incidents",
        ["occurred_from"],
        unique=False,
        postgresql_where="grid_id IS NULL",
    )
    op.create_index(
        "uq_incidents_source_id_source", "incidents", ["source_id", "source"], unique=True
    )
    op.create_table(
        "settings",
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_settings")),
    )
    op.create_geospatial_table(
        "base_features",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "rank", sa.SmallInteger(), nullable=False, comment="1 = seen from afar, 4 = near only"
        ),
        sa.Column(
            "geom",
            Geometry(
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "geom_3857",
            Geometry(
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=False,
        ),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('street', 'water', 'park', 'rail')", name=op.f("ck_base_features_kind")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_base_features_batch_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_features")),
    )
    op.create_index(op.f("ix_base_features_batch_id"), "base_features", ["batch_id"], unique=False)
    op.create_geospatial_index(
        "ix_base_features_geom_3857",
        "base_features",
        ["geom_3857"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_table(
        "category_words",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.Text(collation="C"), nullable=False, comment="'' = any source"),
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_category_words_category_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category_words")),
        sa.UniqueConstraint("source", "word", name=op.f("uq_category_words_source_word")),
    )
    op.create_index(
        op.f("ix_category_words_category_id"), "category_words", ["category_id"], unique=False
    )
    op.create_geospatial_table(
        "divisions",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "geom_3857",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=True,
        ),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("code <> ''", name=op.f("ck_divisions_code_not_empty")),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_divisions_geom_valid")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_divisions_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_divisions")),
        sa.UniqueConstraint("code", name=op.f("uq_divisions_code")),
    )
    op.create_index(op.f("ix_divisions_batch_id"), "divisions", ["batch_id"], unique=False)
    op.create_geospatial_index(
        "ix_divisions_geom_3857",
        "divisions",
        ["geom_3857"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_table(
        "grids",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("community_code", sa.Text(collation="C"), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="First day after it ended"),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("code <> ''", name=op.f("ck_grids_code_not_empty")),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_grids_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_grids_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grids")),
        sa.UniqueConstraint("code", name=op.f("uq_grids_code")),
    )
    op.create_index(op.f("ix_grids_batch_id"), "grids", ["batch_id"], unique=False)
    op.create_geospatial_table(
        "places",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.Text(collation="C"), nullable=False),
        sa.Column("source_id", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column(
            "address_key",
            sa.Text(collation="C"),
            nullable=True,
            comment="The address as intake.normalise_address writes it",
        ),
        sa.Column("dwellings", sa.Integer(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("x_original", sa.Double(), nullable=True),
        sa.Column("y_original", sa.Double(), nullable=True),
        sa.Column("crs_original", sa.Text(collation="C"), nullable=True),
        sa.Column("grid_id", sa.Integer(), nullable=True),
        sa.Column(
            "grid_code", sa.Text(collation="C"), server_default=sa.text("''"), nullable=False
        ),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('dwelling', 'building', 'address', 'poi')", name=op.f("ck_places_kind")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_places_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
        sa.UniqueConstraint("source_id", "source", name=op.f("uq_places_source_id_source")),
    )
    op.create_index("ix_places_address_key", "places", ["address_key"], unique=False)
    op.create_index("ix_places_grid_id", "places", ["grid_id"], unique=False)
    op.create_geospatial_index(
        "ix_places_unlinked",
        "places",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_where="grid_id IS NULL",
        postgresql_ops={},
    )
    op.create_geospatial_table(
        "resources",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.Text(collation="C"), nullable=False),
        sa.Column("source_id", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("x_original", sa.Double(), nullable=True),
        sa.Column("y_original", sa.Double(), nullable=True),
        sa.Column("crs_original", sa.Text(collation="C"), nullable=True),
        sa.Column("grid_id", sa.Integer(), nullable=True),
        sa.Column(
            "grid_code", sa.Text(collation="C"), server_default=sa.text("''"), nullable=False
        ),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('camera', 'police_box', 'street_light', 'fire_point', 'aed',"
            " 'shelter', 'volunteer_post')",
            name=op.f("ck_resources_kind"),
        ),
        sa.CheckConstraint(
            "status IN ('in_service', 'out_of_order')", name=op.f("ck_resources_status")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_resources_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resources")),
        sa.UniqueConstraint("source_id", "source", name=op.f("uq_resources_source_id_source")),
    )
    op.create_geospatial_index(
        "ix_resources_geom",
        "resources",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index("ix_resources_grid_id", "resources", ["grid_id"], unique=False)
    op.create_table(
        "grid_lineage",
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["from_id"], ["grids.id"], name=op.f("fk_grid_lineage_from_id")),
        sa.ForeignKeyConstraint(["to_id"], ["grids.id"], name=op.f("fk_grid_lineage_to_id")),
        sa.PrimaryKeyConstraint("from_id", "to_id", name=op.f("pk_grid_lineage")),
    )
    op.create_table(
        "grid_neighbours",
        sa.Column("grid_id", sa.Integer(), nullable=False),
        sa.Column("neighbour_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grid_id"], ["grids.id"], name=op.f("fk_grid_neighbours_grid_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["neighbour_id"],
            ["grids.id"],
            name=op.f("fk_grid_neighbours_neighbour_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("grid_id", "neighbour_id", name=op.f("pk_grid_neighbours")),
    )
    op.create_index(
        op.f("ix_grid_neighbours_neighbour_id"), "grid_neighbours", ["neighbour_id"], unique=False
    )
    op.create_table(
        "grid_population",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("grid_id", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("n", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("n >= 0", name=op.f("ck_grid_population_not_negative")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_grid_population_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["grid_id"], ["grids.id"], name=op.f("fk_grid_population_grid_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_population")),
        sa.UniqueConstraint(
            "grid_id", "date", "source", name=op.f("uq_grid_population_grid_id_date_source")
        ),
    )
    op.create_index(
        op.f("ix_grid_population_batch_id"), "grid_population", ["batch_id"], unique=False
    )
    op.create_geospatial_table(
        "grid_versions",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("grid_id", sa.Integer(), nullable=False),
        sa.Column(
            "valid",
            postgresql.DATERANGE(),
            nullable=False,
            comment="Half-open; open-ended while in force",
        ),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "geom_3857",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
            comment="For tiles of zoom 13 and above",
        ),
        sa.Column(
            "geom_3857_low",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
            comment="Simplified, for zoom 12 down",
        ),
        sa.Column(
            "label",
            Geometry(
                geometry_type="POINT",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
            comment="Where the name may stand",
        ),
        sa.Column(
            "label_width_m",
            sa.Double(),
            nullable=False,
            comment="Room for it, in units of EPSG:3857",
        ),
        sa.Column("area_m2", sa.Double(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("grid_id"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_grid_versions_one_at_a_time",
        ),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_grid_versions_geom_valid")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_grid_versions_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["grid_id"], ["grids.id"], name=op.f("fk_grid_versions_grid_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_versions")),
    )
    op.create_index(op.f("ix_grid_versions_batch_id"), "grid_versions", ["batch_id"], unique=False)
    op.create_geospatial_index(
        "ix_grid_versions_geom",
        "grid_versions",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_geospatial_index(
        "ix_grid_versions_geom_3857",
        "grid_versions",
        ["geom_3857"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    run_file("0001_access.sql")
    run_file("0001_first_load.sql")
    run_file("0001_categories.sql")


def downgrade() -> None:
    """Take everything away."""
    op.execute("DROP FUNCTION incidents_drop_indexes(), incidents_create_indexes()")
    op.drop_geospatial_index(
        "ix_grid_versions_geom_3857",
        table_name="grid_versions",
        postgresql_using="gist",
        column_name="geom_3857",
    )
    op.drop_geospatial_index(
        "ix_grid_versions_geom",
        table_name="grid_versions",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_index(op.f("ix_grid_versions_batch_id"), table_name="grid_versions")
    op.drop_geospatial_table("grid_versions")
    op.drop_index(op.f("ix_grid_population_batch_id"), table_name="grid_population")
    op.drop_table("grid_population")
    op.drop_index(op.f("ix_grid_neighbours_neighbour_id"), table_name="grid_neighbours")
    op.drop_table("grid_neighbours")
    op.drop_table("grid_lineage")
    op.drop_index("ix_resources_grid_id", table_name="resources")
    op.drop_geospatial_index(
        "ix_resources_geom", table_name="resources", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("resources")
    op.drop_geospatial_index(
        "ix_places_unlinked",
        table_name="places",
        postgresql_using="gist",
        postgresql_where="grid_id IS NULL",
        column_name="geom",
    )
    op.drop_index("ix_places_grid_id", table_name="places")
    op.drop_index("ix_places_address_key", table_name="places")
    op.drop_geospatial_table("places")
    op.drop_index(op.f("ix_grids_batch_id"), table_name="grids")
    op.drop_table("grids")
    op.drop_geospatial_index(
        "ix_divisions_geom_3857",
        table_name="divisions",
        postgresql_using="gist",
        column_name="geom_3857",
    )
    op.drop_index(op.f("ix_divisions_batch_id"), table_name="divisions")
    op.drop_geospatial_table("divisions")
    op.drop_index(op.f("ix_category_words_category_id"), table_name="category_words")
    op.drop_table("category_words")
    op.drop_geospatial_index(
        "ix_base_features_geom_3857",
        table_name="base_features",
        postgresql_using="gist",
        column_name="geom_3857",
    )
    op.drop_index(op.f("ix_base_features_batch_id"), table_name="base_features")
    op.drop_geospatial_table("base_features")
    op.drop_table("settings")
    op.drop_index("uq_incidents_source_id_source", table_name="incidents")
    op.drop_index(
        "ix_incidents_unlinked", table_name="incidents", postgresql_where="grid_id IS NULL"
    )
    op.drop_index(
        "ix_incidents_time",
        table_name="incidents",
        postgresql_include=["grid_id", "grid_code", "category_id"],
    )
    op.drop_index(
        "ix_incidents_grid", table_name="incidents", postgresql_include=["grid_code", "category_id"]
    )
    op.drop_index("ix_incidents_batch", table_name="incidents", postgresql_using="brin")
    op.drop_geospatial_table("incidents")
    op.drop_table("incident_months")
    op.drop_table("data_versions")
    op.execute("DROP SEQUENCE data_version_numbers")
    op.drop_table("categories")
    op.drop_table("batches")
    op.drop_table("audit_events")
    op.execute("DROP FUNCTION audit_is_append_only()")
