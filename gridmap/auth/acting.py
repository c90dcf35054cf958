"""Acting as the account that asked for something, while nobody of it is there."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from gridmap.auth.errors import NotAllowed
from gridmap.auth.sessions import Client, Lifetime, actor_of, end_session, open_session
from gridmap.core.actor import NOBODY, SYSTEM, Actor
from gridmap.core.database import transaction
from gridmap.core.job_queue import Claim

LONGEST = timedelta(days=2)


@contextmanager
def acting_for(claim: Claim) -> Iterator[Actor]:
    """Open a session for a job's account, as strong as the one that asked; end it afterwards.

    The account's roles are those of now: whoever lost one since cannot use it through a job.

    Raises:
        NotAllowed: the account is locked.
    """
    if claim.actor == SYSTEM.name:
        yield SYSTEM
        return
    with transaction(SYSTEM) as session:
        token = open_session(
            session,
            claim.account_id,
            kind="program",
            second_factor=claim.second_factor,
            client=Client(agent=f"gridmap job {claim.id}"),
            lifetime=Lifetime(LONGEST),
        )
    actor = actor_of(token) if token else NOBODY
    if actor is NOBODY:
        raise NotAllowed
    try:
        yield actor
    finally:
        end_session(actor)
