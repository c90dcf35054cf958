"""Commands around accounts; whoever may run them has the key folder and acts as the system."""

import getpass
import sys
from datetime import datetime

import click
from sqlalchemy.orm import Session

from gridmap.auth import actions, queries, second_factor
from gridmap.auth.permissions import NEED_SECOND_FACTOR, ROLE_NAMES
from gridmap.auth.rules import normal_name
from gridmap.core.actor import EVERYTHING, SYSTEM
from gridmap.core.city import today
from gridmap.core.commands import Commands
from gridmap.core.database import transaction

users = Commands("user", help="Accounts: add, give roles, lock, reset, sessions, tokens.")
command = users.command
name_argument = click.argument("name")
role_choice = click.Choice(list(ROLE_NAMES))
day = click.DateTime(["%Y-%m-%d"])
scope_option = click.option(
    "--scope",
    "scopes",
    multiple=True,
    help="Code of a division or grid where the role holds; again for more. Default: everywhere.",
)
from_option = click.option("--from", "first", type=day, help="First day; default: today.")
to_option = click.option("--to", "last", type=day, help="Last day; default: it does not end.")


@command("add")
@name_argument
@click.option("--display-name", default="", help="As people call that one.")
@click.option("--role", type=role_choice, help="A first role; more with `user role`.")
@scope_option
@click.option("--ask", is_flag=True, help="Ask for the password instead of making a random one.")
@click.option("--no-password", is_flag=True, help="None: for log-in by OpenID Connect alone.")
@click.option("--identity", help='As an OpenID provider knows that one: "issuer|subject".')
def add_command(  # noqa: PLR0913 - one for each option
    name: str, display_name: str, role: str | None, scopes: tuple[str, ...], identity: str | None,
    *, ask: bool, no_password: bool,
) -> None:  # fmt: skip
    """Make an account; prints a password once, which its owner changes at the first log-in."""
    password = None if no_password else _password(ask=ask)
    with transaction(SYSTEM) as session:
        account_id = actions.add_person(session, SYSTEM, name, display_name)
        if password:
            actions.set_password(session, SYSTEM, account_id, password, names=(name, display_name))
        if role:
            actions.give_role(session, SYSTEM, account_id, _role(session, role, scopes))
        if identity:
            actions.set_external_id(session, SYSTEM, account_id, identity)
    click.echo(f"Account {normal_name(name)} is made.")
    if role is None:
        click.echo("It holds no role, so it sees nothing yet: script/gridmap user role NAME ROLE")
    elif role in NEED_SECOND_FACTOR:
        click.echo(f"The role {role} holds once a second factor is set up, after the log-in.")
    _print_password(password, asked=ask)


@command("role")
@name_argument
@click.argument("role", type=role_choice)
@scope_option
@from_option
@to_option
@click.option("--for", "stands_in_for", help="Name of the account whose work is done meanwhile.")
@click.option("--end", is_flag=True, help="End the role instead, everywhere that it holds.")
def role_command(  # noqa: PLR0913 - one for each option
    name: str, role: str, scopes: tuple[str, ...], first: datetime | None, last: datetime | None,
    stands_in_for: str | None, *, end: bool,
) -> None:  # fmt: skip
    """Give NAME a ROLE in a scope, from a day to a day; or end it."""
    with transaction(SYSTEM) as session:
        found = queries.account_named(session, name)
        if end:
            ended = [held for held in found.roles if held.role == role]
            for held in ended:
                actions.end_role(session, SYSTEM, found.id, held.id, today(session))
            click.echo(f"{found.name}: {len(ended)} × {role} ended.")
            return
        wanted = _role(session, role, scopes, (first, last), stands_in_for)
        actions.give_role(session, SYSTEM, found.id, wanted)
    click.echo(f"{found.name} is {role} {_where(wanted.prefixes)}.")


@command("lock")
@name_argument
@click.option("--reason", default="", help="Kept with the account and in the record.")
def lock_command(name: str, reason: str) -> None:
    """Lock an account and end its sessions."""
    with transaction(SYSTEM) as session:
        found = queries.account_named(session, name)
        actions.lock(session, SYSTEM, found.id, reason)
    click.echo(f"{found.name} is locked; {found.sessions} sessions ended.")


@command("unlock")
@name_argument
def unlock_command(name: str) -> None:
    """Let a locked account sign in again."""
    with transaction(SYSTEM) as session:
        found = queries.account_named(session, name)
        actions.unlock(session, SYSTEM, found.id)
    click.echo(f"{found.name} may sign in again.")


@command("reset")
@name_argument
@click.option("--ask", is_flag=True, help="Ask for the password instead of making a random one.")
@click.option("--second-factor", "factor", is_flag=True, help="Take the second factor away too.")
def reset_command(name: str, *, ask: bool, factor: bool) -> None:
    """Set a new password, which its owner changes at the next log-in; ends all sessions."""
    password = _password(ask=ask)
    with transaction(SYSTEM) as session:
        found = queries.account_named(session, name)
        names = (found.name, found.display_name)
        actions.set_password(session, SYSTEM, found.id, password, names=names)
        if factor:
            second_factor.remove(session, SYSTEM, found.id)
    if factor:
        click.echo("The second factor is taken away.")
    click.echo(f"{found.name} has a new password; all its sessions ended.")
    _print_password(password, asked=ask)


@command("sessions")
@name_argument
@click.option("--end", "which", type=int, help="End the one with this number.")
@click.option("--end-all", is_flag=True, help="End all of them.")
def sessions_command(name: str, which: int | None, *, end_all: bool) -> None:
    """List the open sessions of an account, or end them."""
    with transaction(SYSTEM) as session:
        found = queries.account_named(session, name)
        if end_all or which is not None:
            ended = actions.end_sessions(session, SYSTEM, found.id, None if end_all else which)
            click.echo(f"{found.name}: {ended} sessions ended.")
            return
        for one in queries.sessions(session, found.id):
            click.echo(
                f"{one.id:>6}  {one.kind:<8} opened {one.opened_at:%Y-%m-%d %H:%M}  "
                f"used {one.seen_at:%Y-%m-%d %H:%M}  from {one.address or '–'}  "
                f"{one.agent or ''}".rstrip()
            )


@command("token")
@name_argument
@click.option("--days", type=int, default=90, show_default=True, help="How long it is good for.")
@click.option("--label", default="program", show_default=True, help="For whom; shown in lists.")
def token_command(name: str, days: int, label: str) -> None:
    """Print a token for `Authorization: Bearer TOKEN`, once, as the only line of the output."""
    with transaction(SYSTEM) as session:
        found = queries.account_named(session, name)
        token = actions.make_token(session, SYSTEM, found.id, label=label, days=days)
    for role in sorted({held.role for held in found.roles} & NEED_SECOND_FACTOR):
        click.echo(f"The role {role} does not hold for programs: give them another.", err=True)
    click.echo(token)


@command("list")
@click.argument("words", default="")
def list_command(words: str) -> None:
    """List accounts with their roles; WORDS narrows it to names that contain them."""
    with transaction(SYSTEM) as session:
        found = queries.accounts(session, words)
    for one in found:
        state = "locked" if one.locked_at else f"{one.sessions} sessions"
        factor = "second factor" if one.has_second_factor else "password"
        roles = "; ".join(f"{held.role} {_where(held.prefixes)}" for held in one.roles)
        click.echo(f"{one.name:<24} {state:<12} {factor:<14} {roles}".rstrip())
    if not found:
        click.echo("No account.")


def _where(prefixes: tuple[str, ...]) -> str:
    return "everywhere" if EVERYTHING in prefixes else "in " + ", ".join(prefixes)


def _role(
    session: Session, role: str, scopes: tuple[str, ...],
    days: tuple[datetime | None, datetime | None] = (None, None), stands_in_for: str | None = None,
) -> actions.Role:  # fmt: skip
    first, last = days
    begin = first.date() if first else today(session)
    end = last.date() if last else None
    return actions.Role(role, scopes or (EVERYTHING,), begin, end, stands_in_for)


def _password(*, ask: bool) -> str:
    """Return a random password, or the one that somebody types twice (or pipes in)."""
    if not ask:
        return actions.random_password()
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != first:
        raise click.UsageError("The two are not the same; nothing was changed.")
    return first


def _print_password(password: str | None, *, asked: bool) -> None:
    if password and not asked:
        click.echo(f"Password, shown once: {password}")
