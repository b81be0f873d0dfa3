"""`dragon accounts`: who may create tasks, and how many."""

import argparse
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from dragon_framework.cli.flags import add_settings, settings_of
from dragon_framework.cli.parser import add_command
from dragon_framework.cli.printing import print_columns, print_json
from dragon_framework.errors import DragonError, SettingsError
from dragon_framework.settings import Settings

LIMITS = {
    "tasks_per_minute": "Tasks created in one minute.",
    "tasks_per_day": "Tasks created in one day (UTC).",
    "concurrent_tasks": "Tasks queued and executing at once.",
    "upload_bytes_per_day": "Bytes of uploaded inputs in one day (UTC).",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the commands and their flags."""
    commands = parser.add_subparsers(metavar="ACTION", required=True)
    actions = {
        "list": _list,
        "add": _add,
        "remove": _remove,
        "limits": _limits,
        "operator": _operator,
        "signing": _signing,
        "sign": _sign,
    }
    for name, function in actions.items():
        command = add_command(commands, name, function)
        command.set_defaults(action=function)
        if name != "list":
            command.add_argument("name", metavar="NAME", help="Name of the account.")
        if name == "add":
            command.add_argument(
                "--referrer",
                metavar="HOST",
                action="append",
                default=[],
                help="Pages of this host may use the api key: example.com, *.example.com. May be repeated.",
            )
            command.add_argument(
                "--operator", action="store_true", help="Its secret opens the dashboard at /admin, over all accounts."
            )
        if name == "operator":
            command.add_argument("--off", action="store_true", help="It is no operator's account any more.")
        if name in {"add", "limits"}:
            for limit, text in LIMITS.items():
                flag = f"--{limit.replace('_', '-')}"
                command.add_argument(
                    flag, metavar="N", type=_most, default=argparse.SUPPRESS, help=f"{text} `none`: no limit."
                )
        if name == "signing":
            command.add_argument(
                "--rotate", action="store_true", help="Give it a new key; the old one holds for a day."
            )
        if name == "sign":
            command.add_argument(
                "url", metavar="URL", type=_url, help="A GET of the service, such as /v1/create_file/a.jpg?..."
            )
            command.add_argument(
                "--seconds", metavar="N", type=_seconds, default=3600, help="How long it is good; an hour by default."
            )
        command.add_argument("--json", action="store_true", help="Print JSON.")
        add_settings(command, "data_dir", "redis")


def accounts(arguments: argparse.Namespace) -> int:
    """List, add, remove and limit accounts, make them operators', and show their signing keys.

    They are kept in Redis: that of --redis, else the one of a `dragon serve` that runs
    on the data directory; if none runs, one is started for the moment.
    """
    import redis

    settings = settings_of(arguments)
    # Looking for accounts makes no data directory.
    if arguments.action is not _add and not settings.redis and not settings.data_path.is_dir():
        raise DragonError(f"there is no data directory {settings.data_path}; name it with --data-dir")
    try:
        with _store(settings) as store:
            status: int = arguments.action(arguments, store)
    except redis.RedisError as error:
        raise SettingsError("redis", f"the server cannot be used: {error}") from error
    return status


def _list(arguments: argparse.Namespace, store: Any) -> int:
    """List the accounts, without their secrets."""
    found = store.list()
    if arguments.json:
        print_json([_shown(account) for account in found])
        return 0
    print_columns(
        [
            (
                account.id,
                datetime.fromtimestamp(account.created, UTC).strftime("%Y-%m-%d"),
                "operator" if account.operator else "",
                f"api key {account.api_key}",
                _limits_text(account.limits),
                f"referrers {', '.join(account.referrers)}" if account.referrers else "no referrers",
            )
            for account in found
        ]
    )
    if not found:
        print("There is no account: `dragon accounts add NAME` makes one.")
    return 0


def _add(arguments: argparse.Namespace, store: Any) -> int:
    """Make an account; its secret is shown this once."""
    from dragon_framework.accounts import AccountLimits

    limits = AccountLimits(**{name: value for name, value in vars(arguments).items() if name in LIMITS})
    referrers, operator = tuple(arguments.referrer), arguments.operator
    account, secret = store.add(arguments.name, referrers=referrers, limits=limits, operator=operator)
    if arguments.json:
        print_json(_shown(account) | {"secret": secret})
        return 0
    print(f"account: {account.id}\nsecret: {secret}\napi key: {account.api_key}")
    print("The secret cannot be shown again: only its hash is kept.")
    if not account.referrers:
        print("The api key works from no page: add the account with --referrer HOST if pages shall use it.")
    return 0


def _remove(arguments: argparse.Namespace, store: Any) -> int:
    """Remove an account; its credentials stop to work within seconds."""
    store.remove(arguments.name)
    if arguments.json:
        print_json({"removed": arguments.name})
    else:
        print(f"The account {arguments.name} is removed.")
    return 0


def _limits(arguments: argparse.Namespace, store: Any) -> int:
    """Show the limits of an account, or change those that are given."""
    import msgspec

    account = store.get(arguments.name)
    given = {name: value for name, value in vars(arguments).items() if name in LIMITS}
    if given:
        account = store.set_limits(account.id, msgspec.structs.replace(account.limits, **given))
    if arguments.json:
        print_json(_shown(account))
    else:
        print(f"{account.id}: {_limits_text(account.limits)}")
    return 0


def _operator(arguments: argparse.Namespace, store: Any) -> int:
    """Make an account an operator's: its secret opens the dashboard at /admin, over all accounts."""
    account = store.set_operator(arguments.name, operator=not arguments.off)
    if arguments.json:
        print_json(_shown(account))
    else:
        print(f"{account.id}: {'an' if account.operator else 'not an'} operator's account")
    return 0


def _signing(arguments: argparse.Namespace, store: Any) -> int:
    """Show the key that signs an account's callbacks and URLs, or make a new one."""
    keys = store.signing_keys(arguments.name, new=arguments.rotate)
    if arguments.json:
        print_json({"id": arguments.name, "signing_key": keys.shown})
    else:
        print(f"signing key: {keys.shown}")
    return 0


def _sign(arguments: argparse.Namespace, store: Any) -> int:
    """Sign a URL: it needs no credentials, counts for the account, and expires."""
    import time

    from dragon_framework.signing import sign_url

    expires = int(time.time()) + arguments.seconds
    signed = sign_url(arguments.url, store.signing_keys(arguments.name), arguments.name, expires)
    if arguments.json:
        print_json({"url": signed, "expires": expires})
    else:
        print(signed)
    return 0


@contextlib.contextmanager
def _store(settings: Settings) -> Iterator[Any]:
    """Yield the accounts of the service, with a server of their own if none runs."""
    from dragon_framework.accounts import AccountStore
    from dragon_framework.cli.redis_address import running_url
    from dragon_framework.embedded import EmbeddedServer
    from dragon_framework.status.connection import connect_sync

    with contextlib.ExitStack() as stack:
        url = settings.redis or running_url(settings.data_path)
        if not url:
            url = stack.enter_context(EmbeddedServer(settings.data_path, fsync="always")).url
        yield AccountStore(stack.enter_context(contextlib.closing(connect_sync(url))))


def _shown(account: Any) -> dict[str, Any]:
    import msgspec

    limits = msgspec.to_builtins(account.limits)
    return {
        "id": account.id,
        "api_key": account.api_key,
        "referrers": account.referrers,
        "limits": limits,
        "operator": account.operator,
        "created": datetime.fromtimestamp(account.created, UTC).isoformat(timespec="seconds"),
    }


def _limits_text(limits: Any) -> str:
    held = [f"{name.replace('_', ' ')} {value}" for name in LIMITS if (value := getattr(limits, name)) is not None]
    return ", ".join(held) or "no limits"


def _url(text: str) -> str:
    from urllib.parse import urlsplit

    with contextlib.suppress(ValueError):  # brackets that hold no address
        parts = urlsplit(text)
        whole = parts.scheme in {"http", "https"} and parts.netloc
        if parts.path.startswith("/") and text.isprintable() and (whole or not (parts.scheme or parts.netloc)):
            return text
    raise argparse.ArgumentTypeError(f"expected http://..., https://... or a path that begins with /, got {text!r}")


def _seconds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10**9:
        raise argparse.ArgumentTypeError(f"expected a number of seconds from 1, got {text!r}")
    return int(text)


def _most(text: str) -> int | None:
    if text == "none":
        return None
    if not text.isdecimal() or int(text) > 2**53:
        raise argparse.ArgumentTypeError(f"expected a number or `none`, got {text!r}")
    return int(text)
