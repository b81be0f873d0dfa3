"""Accounts: who may create tasks, and how many.

Two kinds of credentials (v1 reference 1.2): a secret, for servers; an api key that is
good only with a `Referer` (or `Origin`) on the account's whitelist, for browsers. A
secret is 160 random bits and kept as its SHA-256: it is looked up by hash, so there is
nothing to compare and nothing to time. The api key is public and kept as it is.

In Redis: `dragon:accounts` (hash, id to account), `dragon:credentials` (hash, digest to
id), `dragon:l:ID:UNIT:N` (counters). Stands on msgspec; redis-py comes with the client.
"""

import base64
import hashlib
import json
import os
import re
import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from dragon_framework.errors import DragonError
from dragon_framework.signing import SIGNING, SigningKeys, decode_keys, encode_keys, keys_of, new_keys, rotate

ACCOUNTS = "dragon:accounts"
CREDENTIALS = "dragon:credentials"
DEVELOPMENT = "development"
DEVELOPMENT_FILE = "development-account.json"
LOOPBACK_REFERRERS = ("localhost", "127.0.0.1", "[::1]")

CACHE_SECONDS = 5.0
CACHE_ENTRIES = 4096

_DEFAULT_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
_REFERRER = re.compile(r"(?:https?://)?(?:\*\.)?[a-z0-9.\-\[\]:]+")

_TAKE = """
-- Count n against the limits of an account. ARGV: n, then for each limit: counter, most, seconds to live.
-- Returns 0, or the number of the limit that would be passed; then nothing is counted.
for i = 2, #ARGV, 3 do
  if tonumber(redis.call('GET', ARGV[i]) or '0') + tonumber(ARGV[1]) > tonumber(ARGV[i + 1]) then return (i + 1) / 3 end
end
for i = 2, #ARGV, 3 do
  redis.call('INCRBY', ARGV[i], ARGV[1])
  redis.call('EXPIRE', ARGV[i], ARGV[i + 2])
end
return 0
"""

_RETURN = """
-- Count n less, unless the counter is of a time that is over. ARGV: n, counter.
local held = tonumber(redis.call('GET', ARGV[2]) or '0')
if held > 0 then redis.call('DECRBY', ARGV[2], math.min(held, tonumber(ARGV[1]))) end
return held
"""

TASK_COUNTERS = {"tasks_per_minute": 60, "tasks_per_day": 86400}
"""Limits on the number of tasks, with the seconds that they are for."""

Most = Annotated[int, Meta(ge=0, le=2**53)] | None


class AccountLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an account may do; None for no limit.

    Args:
        tasks_per_minute: Tasks created in one minute of the clock.
        tasks_per_day: Tasks created in one day (UTC).
        concurrent_tasks: Tasks queued and executing at once.
        upload_bytes_per_day: Bytes of uploaded inputs in one day (UTC).
    """

    tasks_per_minute: Most = None
    tasks_per_day: Most = None
    concurrent_tasks: Most = None
    upload_bytes_per_day: Most = None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever may create tasks.

    Args:
        id: Its name.
        secret_digest: SHA-256 of the secret, as hexadecimal.
        api_key: For browsers; empty for none.
        referrers: Hosts whose pages may use the api key: `example.com`, `*.example.com`,
            `https://example.com:8443`.
        limits: What it may do.
        created: Unix time of its making.
        operator: Whether its secret opens the dashboard, and what is behind it.
    """

    id: str
    secret_digest: str
    api_key: str = ""
    referrers: tuple[str, ...] = ()
    limits: AccountLimits = AccountLimits()
    created: float = 0.0
    operator: bool = False


class AccountError(DragonError):
    """An account cannot be made, found or changed; the text says why."""


class AccountLimitError(DragonError):
    """An account has used up one of its limits.

    Args:
        limit: Name of the limit.
        most: Its value.
        retry_seconds: When it may be worth trying again.
    """

    def __init__(self, limit: str, most: int, retry_seconds: int) -> None:
        super().__init__(limit, most, retry_seconds)
        self.limit = limit
        self.most = most
        self.retry_seconds = retry_seconds

    def __str__(self) -> str:
        return f"account limits reached: {self.limit} is {self.most}"


def digest_of(credential: str) -> str:
    """Return the form in which a credential is looked up."""
    return hashlib.sha256(credential.encode("utf-8", "surrogatepass")).hexdigest()


def new_credential() -> str:
    """Return 160 random bits as 32 characters of base32."""
    return base64.b32encode(os.urandom(20)).decode()


def referrer_allowed(referrers: tuple[str, ...], referrer: str) -> bool:
    """Return whether the page *referrer* (a URL, or an origin) is on the whitelist.

    A pattern without scheme holds for http and https and any port; `*.example.com`
    holds for every host below `example.com`, and not for `example.com` itself.
    """
    try:
        parts = urlsplit(referrer)
        host = (parts.hostname or "").rstrip(".")
        port = parts.port
    except ValueError:
        return False
    if not host or parts.scheme not in _DEFAULT_PORTS:
        return False
    port = port or _DEFAULT_PORTS[parts.scheme]
    for pattern in referrers:
        wanted = urlsplit(pattern if "://" in pattern else f"//{pattern}")
        try:
            wanted_host, wanted_port = wanted.hostname or "", wanted.port
        except ValueError:
            continue
        if wanted.scheme and wanted.scheme != parts.scheme:
            continue
        if wanted_port is not None and wanted_port != port:
            continue
        if wanted_host.startswith("*."):
            if host.endswith(wanted_host[1:]) and len(host) > len(wanted_host) - 1:
                return True
        elif host == wanted_host:
            return True
    return False


def read_development(data_directory: Path) -> tuple[str, str]:
    """Return (secret, api key) of the development account, as its file in the data directory has them.

    Raises:
        OSError, ValueError, KeyError: If there is no such file, or it holds something else.
    """
    known = json.loads((data_directory / DEVELOPMENT_FILE).read_text(encoding="utf-8"))
    return str(known["secret"]), str(known["api_key"])


class AccountStore:
    """Accounts for the command line: synchronous.

    Args:
        client: A Redis client.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def list(self) -> list[Account]:
        """Return all accounts by id."""
        raw = self._client.hgetall(ACCOUNTS)
        return sorted((msgspec.json.decode(blob, type=Account) for blob in raw.values()), key=lambda one: one.id)

    def get(self, account_id: str) -> Account:
        """Return the account *account_id*.

        Raises:
            AccountError: If there is none.
        """
        blob = self._client.hget(ACCOUNTS, account_id)
        if blob is None:
            raise AccountError(f"there is no account {account_id!r}")
        return msgspec.json.decode(blob, type=Account)

    def add(
        self,
        account_id: str,
        *,
        referrers: tuple[str, ...] = (),
        limits: AccountLimits | None = None,
        secret: str = "",
        api_key: str = "",
        operator: bool = False,
    ) -> tuple[Account, str]:
        """Make an account and return (account, secret); the secret cannot be had again.

        Raises:
            AccountError: If the name is taken or unusable, or a referrer is no host.
        """
        if not _NAME.fullmatch(account_id):
            raise AccountError(f"{account_id!r} is not a name: lower case letters, digits, '.', '_' and '-'")
        for referrer in referrers:
            if not _REFERRER.fullmatch(referrer.lower()):
                raise AccountError(f"{referrer!r} is not a host such as example.com or *.example.com")
        secret = secret or new_credential()
        account = Account(
            id=account_id,
            secret_digest=digest_of(secret),
            api_key=api_key or new_credential(),
            referrers=tuple(referrer.lower() for referrer in referrers),
            limits=limits or AccountLimits(),
            created=time.time(),
            operator=operator,
        )
        if not self._client.hsetnx(ACCOUNTS, account_id, msgspec.json.encode(account)):
            raise AccountError(f"there is an account {account_id!r} already")
        self._client.hset(
            CREDENTIALS, mapping={account.secret_digest: account_id, digest_of(account.api_key): account_id}
        )
        return account, secret

    def remove(self, account_id: str) -> None:
        """Remove an account: its credentials stop to work within seconds.

        Raises:
            AccountError: If there is none.
        """
        account = self.get(account_id)
        self._client.hdel(CREDENTIALS, account.secret_digest, digest_of(account.api_key))
        self._client.hdel(ACCOUNTS, account_id)
        self._client.hdel(SIGNING, account_id)

    def set_limits(self, account_id: str, limits: AccountLimits) -> Account:
        """Change the limits of an account and return it.

        Raises:
            AccountError: If there is none.
        """
        account = msgspec.structs.replace(self.get(account_id), limits=limits)
        self._client.hset(ACCOUNTS, account_id, msgspec.json.encode(account))
        return account

    def set_operator(self, account_id: str, *, operator: bool) -> Account:
        """Make an account an operator's, or no longer one, and return it; within seconds it is so.

        Raises:
            AccountError: If there is none, or it is the development account, which always is an operator's.
        """
        account = self.get(account_id)
        if account_id == DEVELOPMENT and not operator:
            raise AccountError(f"the account {DEVELOPMENT!r} is an operator's as long as `dragon serve` makes it")
        account = msgspec.structs.replace(account, operator=operator)
        self._client.hset(ACCOUNTS, account_id, msgspec.json.encode(account))
        return account

    def signing_keys(self, account_id: str, *, new: bool = False) -> SigningKeys:
        """Return the signing keys of an account; *new* gives it another key, and the old one holds for a day more.

        Raises:
            AccountError: If there is none.
        """
        account = self.get(account_id)
        return rotate(self._client, account.id) if new else keys_of(self._client, account.id)

    def ensure_development(self, data_directory: Path) -> tuple[str, str]:
        """Return (secret, api key) of the development account; make it on the first start.

        They are kept in the data directory, readable by its owner alone.
        """
        path = data_directory / DEVELOPMENT_FILE
        try:
            secret, api_key = read_development(data_directory)
        except (OSError, ValueError, KeyError):
            secret, api_key = new_credential(), new_credential()
            data_directory.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"secret": secret, "api_key": api_key}, file)
            part.replace(path)
        account = next((one for one in self.list() if one.id == DEVELOPMENT), None)
        if account is None or account.secret_digest != digest_of(secret) or account.api_key != api_key:
            if account is not None:
                self.remove(DEVELOPMENT)
            self.add(DEVELOPMENT, referrers=LOOPBACK_REFERRERS, secret=secret, api_key=api_key, operator=True)
        elif not account.operator:  # made by a Dragon that knew no operators
            self.set_operator(DEVELOPMENT, operator=True)
        return secret, api_key


class AccountLookup:
    """Accounts for the API: asynchronous, remembered for some seconds.

    Args:
        client: An asynchronous Redis client.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._take = client.register_script(_TAKE)
        self._return = client.register_script(_RETURN)
        self._known: dict[str, tuple[float, Account | None]] = {}

    async def by_secret(self, secret: str) -> Account | None:
        """Return the account with this secret, None if there is none."""
        digest = digest_of(secret)
        account = await self._find(digest)
        return account if account is not None and account.secret_digest == digest else None

    async def by_api_key(self, api_key: str, referrer: str) -> Account | None:
        """Return the account with this api key, if the page *referrer* may use it."""
        account = await self._find(digest_of(api_key))
        if account is None or account.api_key != api_key or not referrer_allowed(account.referrers, referrer):
            return None
        return account

    async def signing_keys(self, account_id: str) -> SigningKeys:
        """Return the signing keys of an account; they are made when they are asked for the first time."""
        blob = await self._client.hget(SIGNING, account_id)
        if blob is None:
            await self._client.hsetnx(SIGNING, account_id, encode_keys(new_keys()))
            blob = await self._client.hget(SIGNING, account_id)
        return decode_keys(blob)

    async def by_id(self, account_id: str) -> Account | None:
        """Return the account with this name, None if there is none."""
        blob = await self._client.hget(ACCOUNTS, account_id)
        return None if blob is None else msgspec.json.decode(blob, type=Account)

    async def count_tasks(self, account: Account, tasks: int) -> None:
        """Count tasks that are about to be created.

        Raises:
            AccountLimitError: If a limit would be passed; then nothing is counted.
        """
        limits = account.limits
        await self._count(
            account,
            tasks,
            [(name, getattr(limits, name), seconds) for name, seconds in TASK_COUNTERS.items()],
        )

    async def uncount_tasks(self, account: Account, tasks: int) -> None:
        """Give back what `count_tasks` counted, for tasks that were not created after all."""
        now = int(time.time())
        for name, seconds in TASK_COUNTERS.items():
            if getattr(account.limits, name) is not None:
                await self._return(args=[tasks, f"dragon:l:{account.id}:{name}:{now // seconds}"])

    async def count_upload(self, account: Account, size: int) -> None:
        """Count bytes of an upload.

        Raises:
            AccountLimitError: If the limit would be passed.
        """
        await self._count(account, size, [("upload_bytes_per_day", account.limits.upload_bytes_per_day, 86400)])

    async def _count(self, account: Account, amount: int, limits: list[tuple[str, int | None, int]]) -> None:
        held = [(name, most, seconds) for name, most, seconds in limits if most is not None]
        if not held or amount == 0:
            return
        now = int(time.time())
        arguments: list[Any] = [amount]
        for name, most, seconds in held:
            arguments += (f"dragon:l:{account.id}:{name}:{now // seconds}", most, seconds)
        passed = int(await self._take(args=arguments))
        if passed:
            name, most, seconds = held[passed - 1]
            raise AccountLimitError(name, most or 0, seconds - now % seconds)

    async def _find(self, digest: str) -> Account | None:
        now = time.monotonic()
        known = self._known.get(digest)
        if known is not None and known[0] > now:
            return known[1]
        account = None
        account_id = await self._client.hget(CREDENTIALS, digest)
        if account_id is not None:
            blob = await self._client.hget(ACCOUNTS, account_id)
            if blob is not None:
                account = msgspec.json.decode(blob, type=Account)
        if len(self._known) >= CACHE_ENTRIES:
            self._known.clear()
        self._known[digest] = (now + CACHE_SECONDS, account)
        return account
