"""Alembic's entry: one linear history, run by the owner of the database."""

from importlib import import_module

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import create_engine

from gridmap.core.database import Base
from gridmap.core.keys import system_token

MODELS = (
    "gridmap.core.city",
    "gridmap.core.jobs",
    "gridmap.core.disposals",
    "gridmap.audit.models",
    "gridmap.batches.models",
    "gridmap.grids.models",
    "gridmap.grids.change_models",
    "gridmap.places.models",
    "gridmap.incidents.models",
    "gridmap.resources.models",
    "gridmap.residents.models",
    "gridmap.staff.models",
    "gridmap.cases.models",
)


def run() -> None:
    """Apply the migrations in one transaction."""
    for module in MODELS:
        import_module(module)
    engine = create_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        # policies are forced on the owner too: without a token a migration would see no row
        connection.exec_driver_sql(
            "SELECT set_config('gridmap.token', %s, false)", (system_token(),)
        )
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=alembic_helpers.include_object,
            process_revision_directives=alembic_helpers.writer,
            render_item=alembic_helpers.render_item,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
