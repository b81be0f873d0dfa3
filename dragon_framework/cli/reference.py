"""`dragon reference`: the reference pages of the installed tasks."""

import argparse

from dragon_framework.cli.flags import PLUGINS, add_settings, settings_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--out", metavar="DIR", required=True, help="Where to write; made if it is missing.")
    parser.add_argument(
        "--html", action="store_true", help="Write HTML, as the service shows it at /docs, instead of Markdown."
    )
    parser.add_argument(
        "--service", metavar="URL", default="", help="With --html: a service, for examples and links to its playground."
    )
    add_settings(parser, *PLUGINS)


def reference(arguments: argparse.Namespace) -> int:
    """Write the reference of the installed tasks as Markdown pages, or as HTML.

    Pages of an earlier call whose tasks are gone are removed; other files stay.
    """
    from dragon_framework.errors import SettingsError
    from dragon_framework.reference import write_html, write_reference
    from dragon_framework.registry import registry_of

    registry = registry_of(settings_of(arguments))
    if arguments.service and not arguments.html:
        raise SettingsError("--service", "it is for --html: Markdown pages have no links to a playground")
    if arguments.service and not arguments.service.startswith(("http://", "https://")):
        raise SettingsError(
            "--service", f"expected a URL such as https://dragon.example.com, got {arguments.service!r}"
        )
    try:
        if arguments.html:
            from dragon_framework.api.openapi import document
            from dragon_framework.api.pages import STATIC

            pages = write_html(registry, arguments.out, document(registry), STATIC, arguments.service)
        else:
            pages = write_reference(registry, arguments.out)
    except OSError as error:
        raise SettingsError("--out", f"{arguments.out}: {error.strerror}") from error
    print(f"{len(pages)} pages in {arguments.out}")
    return 0
