"""Groups of commands that say an error in one sentence, with an exit code that tells its kind."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from flask.cli import AppGroup

from gridmap.core.errors import GridmapError

UNUSABLE_INPUT = 2
"""Exit code: the file or an option cannot be used; nothing was changed."""


def counted(n: int, one: str, many: str) -> str:
    """Return a number with its noun, as in 1 row, 1,204 rows; commands speak English."""
    return f"{n:,} {one if n == 1 else many}"


class Commands(AppGroup):
    """A group of `script/gridmap` commands."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; exit 2 for input that cannot be used, 1 for anything else."""
        try:
            return super().invoke(ctx)
        except GridmapError as problem:
            raise Failure(problem) from problem


def saying_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Give a single command what `Commands` gives a group."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except GridmapError as problem:
            raise Failure(problem) from problem

    return run


class Failure(click.ClickException):
    """What click prints in one line and exits with."""

    def __init__(self, problem: GridmapError) -> None:
        super().__init__(str(problem))
        self.exit_code = UNUSABLE_INPUT if problem.status in (400, 422) else 1  # type: ignore[misc]
