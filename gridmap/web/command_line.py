"""`script/gridmap`: the Flask command line of this application, under its own name."""

from flask.cli import FlaskGroup

from gridmap.web import create_app

NAME = "script/gridmap"


def main() -> None:
    """Run one command."""
    FlaskGroup(name=NAME, create_app=create_app, help="The command line of gridmap.").main(
        prog_name=NAME
    )


if __name__ == "__main__":
    main()
