"""Writes the reference pages out of the program: commands, addresses, errors, permissions.

`script/docs` runs this; `test_docs.py` fails when a page is not what it would write.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import click
from flask import Flask

import gridmap
from gridmap.auth.permissions import (
    ACTIONS,
    DATA,
    NEED_SECOND_FACTOR,
    PERMISSIONS,
    ROLE_NAMES,
)
from gridmap.core.commands import Failure
from gridmap.core.errors import GridmapError
from gridmap.intake.reasons import REASONS

CHECKOUT = Path(__file__).resolve().parents[2]
DOCS = CHECKOUT / "docs"
NOTE = "<!-- Written by script/docs out of the program. Do not edit. -->"
OF_FLASK = frozenset({"run", "routes", "shell", "spec"})
"""Commands that Flask and APIFlask bring; the page names them in one sentence."""


def pages(app: Flask) -> dict[Path, str]:
    """What each reference page has to hold."""
    return {
        DOCS / "operate" / "commands.md": commands_page(app),
        DOCS / "operate" / "errors.md": errors_page(),
        DOCS / "operate" / "who-sees-what.md": permissions_page(),
        DOCS / "develop" / "addresses.md": addresses_page(app),
    }


def commands(app: Flask) -> Iterator[tuple[str, click.Command]]:
    """Every command of ours with its full name, groups left out."""

    def walk(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        if isinstance(command, click.Group):
            for part in sorted(command.commands):
                yield from walk(f"{name} {part}", command.commands[part])
        else:
            yield name, command

    for name in sorted(set(app.cli.commands) - OF_FLASK):
        yield from walk(name, app.cli.commands[name])


def commands_page(app: Flask) -> str:
    parts = [
        "# Commands",
        NOTE,
        "All begin with `script/gridmap`; `--help` behind any of them says the same as this page. "
        "`run`, `routes` and `shell` come with Flask and are for developers.",
        "Exit codes: 0 done, 2 a file or an option cannot be used and nothing was changed, 1 "
        "anything else; `database status` exits with 3 when the database does not run.",
    ]
    for name, command in commands(app):
        usage = " ".join(part for p in command.params if (part := _in_usage(p)))
        parts += [f"## {name}", (command.help or "").strip(), f"`script/gridmap {name} {usage}`"]
        rows = [_option_row(p) for p in command.params if isinstance(p, click.Option)]
        if rows:
            parts.append("\n".join(["| option | meaning |", "| --- | --- |", *rows]))
    return "\n\n".join(parts).replace(" `\n", "`\n") + "\n"


def _in_usage(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Argument):
        name = (parameter.name or "").upper()
        return f"[{name} …]" if parameter.nargs == -1 else name
    if parameter.required:
        return f"{parameter.opts[0]} {_value(parameter)}"
    return ""


def _value(option: click.Parameter) -> str:
    if isinstance(option.type, click.Choice):
        return "\\|".join(option.type.choices)
    if isinstance(option.type, click.DateTime):
        return "YYYY-MM-DD"
    return option.metavar or option.type.name.upper().split(" ")[0]


def _option_row(option: click.Option) -> str:
    value = "" if option.is_flag else " " + _value(option)
    words = (option.help or "").rstrip(".")
    if option.show_default and option.default is not None:
        words += f" (default {option.default})"
    must = "; must be given" if option.required else ""
    many = "; may be repeated" if option.multiple and "repeated" not in words else ""
    return f"| `{option.opts[0]}{value}` | {words}{must}{many} |"


def addresses(app: Flask) -> list[tuple[str, str, str]]:
    """Method, address and first sentence of every route."""
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        words = "A file of the browser" if rule.endpoint == "static" else _sentence(view)
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        found.extend((str(rule), method, words) for method in methods)
    return sorted(found)


def _sentence(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ").rstrip(".")


def addresses_page(app: Flask) -> str:
    rows = [f"| `{method}` | `{rule}` | {words} |" for rule, method, words in addresses(app)]
    return (
        "\n\n".join(
            [
                "# Addresses",
                NOTE,
                "Every address that the server answers. Windows are half-open: `to` is the first "
                "day after. What each parameter means stands in the view's module "
                "(`gridmap/<slice>/views.py`); the one for other programs is described in "
                "[Programs](../guide/programs.md).",
                "\n".join(["| method | address | what it does |", "| --- | --- | --- |", *rows]),
            ]
        )
        + "\n"
    )


def errors() -> list[type[GridmapError]]:
    """Every error class of the program, in the order of their codes."""
    for module in pkgutil.walk_packages(gridmap.__path__, "gridmap."):
        importlib.import_module(module.name)
    found: set[type[GridmapError]] = set()
    waiting: list[type[GridmapError]] = [GridmapError]
    while waiting:
        error = waiting.pop()
        if error.__module__.startswith("gridmap."):
            found.add(error)
        waiting.extend(error.__subclasses__())
    return sorted(found, key=lambda error: (error.code, error.__name__))


def exit_code(error: type[GridmapError]) -> int:
    """What a command exits with."""
    problem = error.__new__(error)
    Exception.__init__(problem, "")
    return Failure(problem).exit_code


def errors_page() -> str:
    rows = [
        f"| `{error.code}` | {error.status} | {exit_code(error)} | {_cell(error.message)} |"
        for error in errors()
    ]
    reasons = [
        f"| `{code}` | {_cell(reason.message)} | {_cell(reason.way_out)} |"
        for code, reason in sorted(REASONS.items())
    ]
    return (
        "\n\n".join(
            [
                "# Errors",
                NOTE,
                "Each error has a code that stays the same, for programs and for support, and a "
                "sentence that says what to do. Pages show both; programs get "
                '`{"error": {"code": …, "message": …}}` with the HTTP status; commands print the '
                "sentence and exit with the code in the third column. `…` stands for a value. What "
                "goes wrong in HTTP itself has the code `http_404` and the like; what nobody "
                "expected is `unexpected`, and stands in the log.",
                "\n".join(
                    ["| code | HTTP | exit | sentence |", "| --- | --- | --- | --- |", *rows]
                ),
                "## Rejected rows",
                "Codes in the report of an import's rejected rows.",
                "\n".join(["| code | reason | what to do |", "| --- | --- | --- |", *reasons]),
            ]
        )
        + "\n"
    )


def _cell(sentence: str) -> str:
    """A sentence with … for its named parts, safe inside a table."""
    plain = re.sub(r"%\(\w+\)[-+ #0\d.]*[a-z]", "…", sentence).replace("%%", "%")
    return plain.replace("|", "\\|").replace("<", "&lt;")


def permissions_page() -> str:
    parts = [
        "# Who sees what",
        NOTE,
        "A person holds a role in a scope: divisions or grids, as the beginnings of their codes, "
        "from a day to a day. Inside the scope the role may do what the tables say; outside of it "
        "nothing, and what lies there answers as if it did not exist. Who holds several roles may "
        "do what any of them allows, each in its own scope. Without a role nobody sees anything. "
        "Somebody who stands in for a colleague has the role for those days.",
        "The database itself refuses what is not in these tables, whatever page is asked; every "
        "refusal is on record. `script/gridmap user` makes accounts and gives roles.",
    ]
    for role, name in ROLE_NAMES.items():
        rows = [
            f"| {DATA[data]} | {_actions(role, data)} |" for data in DATA if PERMISSIONS[role, data]
        ]
        second = " Needs a second factor at sign-in." if role in NEED_SECOND_FACTOR else ""
        parts += [
            f"## {name.capitalize()}",
            f"`{role}`.{second}",
            "\n".join(["| what | may |", "| --- | --- |", *rows]),
        ]
    parts += [
        "## Not by place",
        "The base map (streets, water) is shown beyond the scope. Grids, divisions, numbers of "
        "people, words of categories and the city's time zone are everybody's: only somebody "
        "whose scope is everything changes them. The command line and work that nobody asked for "
        "act as the account `system`, which has no password and cannot sign in.",
    ]
    return "\n\n".join(parts) + "\n"


def _actions(role: str, data: str) -> str:
    return ", ".join(word for word in ACTIONS.values() if word in PERMISSIONS[role, data])


def main() -> None:
    """Write the pages."""
    from gridmap.web import create_app

    for path, text in pages(create_app()).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"docs: {path.relative_to(CHECKOUT)}")


if __name__ == "__main__":
    main()
