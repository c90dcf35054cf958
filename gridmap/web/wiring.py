"""The one list of what belongs together: signal handlers, commands, pages."""

from flask import Flask

from gridmap.grids.news import grids_changed


def connect() -> None:
    """Connect all handlers; calling it again changes nothing."""
    from gridmap.cases import places as cases
    from gridmap.incidents import actions as incidents
    from gridmap.places import actions as places
    from gridmap.residents import actions as residents
    from gridmap.resources import actions as resources
    from gridmap.staff import places as staff

    for slice_ in (places, resources, incidents, residents, staff, cases):
        grids_changed.connect(slice_.follow_grids)
    connect_jobs()


def connect_jobs() -> None:
    """Make every kind of work in the background known."""
    from gridmap.audit.job_kinds import SEAL
    from gridmap.auth.job_kinds import FORGET_SESSIONS
    from gridmap.core.job_kinds import FORGET_JOBS
    from gridmap.core.jobs import register
    from gridmap.grids.job_kinds import CARRY_OUT_DRAFTS
    from gridmap.privacy.job_kinds import RETENTION
    from gridmap.residents.job_kinds import SETTLE

    register(CARRY_OUT_DRAFTS, SEAL, FORGET_SESSIONS, FORGET_JOBS, RETENTION, SETTLE)


def add_commands(app: Flask) -> None:
    """Add every group of commands."""
    from gridmap.audit.cli import audit
    from gridmap.auth.cli import users
    from gridmap.cases.cli import cases
    from gridmap.exchange.cli import imports
    from gridmap.grids.cli import grids
    from gridmap.hotspots.cli import hotspots
    from gridmap.incidents.cli import incidents
    from gridmap.oversight.cli import jobs
    from gridmap.privacy.cli import keys, rules
    from gridmap.residents.cli import residents
    from gridmap.sample.cli import sample
    from gridmap.staff.cli import staff
    from gridmap.web.backup_cli import backup, restore
    from gridmap.web.database_cli import database

    for group in (
        audit,
        cases,
        database,
        grids,
        imports,
        incidents,
        jobs,
        keys,
        residents,
        rules,
        staff,
        users,
    ):
        app.cli.add_command(group)
    for command in (backup, restore):
        app.cli.add_command(command)
    app.cli.add_command(hotspots)
    app.cli.add_command(sample)


def add_pages(app: Flask) -> None:
    """Add every blueprint."""
    from gridmap.api.views import api
    from gridmap.auth.managing_views import blueprint as people
    from gridmap.auth.own_views import blueprint as own_account
    from gridmap.auth.views import blueprint as auth
    from gridmap.cases.views import blueprint as cases
    from gridmap.exchange.views import blueprint as exchange
    from gridmap.grids.change_views import blueprint as grid_changes
    from gridmap.grids.views import blueprint as grids
    from gridmap.incidents.views import blueprint as incidents
    from gridmap.maps.views import blueprint as maps
    from gridmap.oversight.job_views import blueprint as jobs
    from gridmap.oversight.views import blueprint as oversight
    from gridmap.privacy.views import blueprint as privacy
    from gridmap.residents.views import blueprint as residents
    from gridmap.staff.views import blueprint as staff
    from gridmap.tiles.views import blueprint as tiles

    for blueprint in (
        api,
        auth,
        cases,
        exchange,
        grid_changes,
        grids,
        incidents,
        jobs,
        maps,
        oversight,
        own_account,
        people,
        privacy,
        residents,
        staff,
        tiles,
    ):
        app.register_blueprint(blueprint)
