"""`script/gridmap`: the Flask command line of this application, under its own name."""

import signal
import sys
from typing import NoReturn

from flask.cli import FlaskGroup

from gridmap.web import create_app

NAME = "script/gridmap"


def main() -> None:
    """Run one command; told to end, it clears up behind itself first."""
    signal.signal(signal.SIGTERM, _end)
    FlaskGroup(name=NAME, create_app=create_app, help="The command line of gridmap.").main(
        prog_name=NAME
    )


def _end(number: int, _: object) -> NoReturn:
    """Leave as after Ctrl-C: what is half done is undone, temporary files go."""
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
