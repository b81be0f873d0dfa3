"""Which commands there are, and the parser of their flags.

In: the words of a command line. Out: a namespace whose `command` is the function to call.
"""

import argparse
import inspect
from collections.abc import Sequence
from importlib import import_module
from typing import Any

COMMANDS = (
    "serve", "api", "worker",
    "run", "submit",
    "tasks", "plugins", "new", "check",
    "accounts", "top", "doctor", "reference",
)  # fmt: skip
"""In the order of the help: the service, then tasks, then plugins, then care."""


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Return what *words* ask for.

    Raises:
        SystemExit: After `--help` and `--version` with 0, for wrong flags with 2.
    """
    # The module of one command alone, when the first word names it; all of them for the help.
    first = words[0] if words else ""
    wanted = [first] if first in COMMANDS else [] if first == "--version" else list(COMMANDS)
    parser = argparse.ArgumentParser(
        prog="dragon",
        description="Dragon, a media task service.",
        epilog="`dragon COMMAND --help` tells more about a command.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in wanted:
        module = import_module(f"dragon_framework.cli.{name}")
        add_command(commands, name, getattr(module, name)).set_defaults(command=getattr(module, name))
        module.arguments(commands.choices[name])
    return parser.parse_args(words)


def add_command(commands: Any, name: str, function: Any) -> argparse.ArgumentParser:
    """Return a parser below *commands*, with the docstring of *function* as its help."""
    text = inspect.cleandoc(function.__doc__ or "")
    summary = text.partition("\n")[0]
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary[:1].lower() + summary[1:].rstrip("."),
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    return parser


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from dragon_framework import __version__

        print(f"dragon {__version__}")
        parser.exit(0)
