"""`dragon reference`: the reference pages of the installed tasks."""

import argparse

from dragon_framework.cli.flags import PLUGINS, add_settings, settings_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--out", metavar="DIR", required=True, help="Where to write; made if it is missing.")
    add_settings(parser, *PLUGINS)


def reference(arguments: argparse.Namespace) -> int:
    """Write the reference of the installed tasks as Markdown pages.

    Pages of an earlier call whose tasks are gone are removed; other files stay.
    """
    from dragon_framework.errors import SettingsError
    from dragon_framework.reference import write_reference
    from dragon_framework.registry import registry_of

    registry = registry_of(settings_of(arguments))
    try:
        pages = write_reference(registry, arguments.out)
    except OSError as error:
        raise SettingsError("--out", f"{arguments.out}: {error.strerror}") from error
    print(f"{len(pages)} pages in {arguments.out}")
    return 0
