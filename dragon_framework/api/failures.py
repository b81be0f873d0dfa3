"""Failed credentials are counted by client address; past a limit the address is told to wait: 429.

The address is that of the connection, or what a trusted proxy says (`api.trusted_proxies`);
IPv6 addresses count by their /64, which is what one customer has. Credentials that have been
good within the last week pass whatever their address has done: who shares an address with a
guesser is not shut out. Others wait until the minute ends.

In Redis: `dragon:f:BUCKET` (failures in this minute; addresses share 65,536 buckets, so memory is
bounded whatever comes) and `dragon:g:DIGEST` (good within a week; at most two for each account).
"""

import hashlib
import ipaddress
import time
from typing import Any

from dragon_framework.accounts import digest_of
from dragon_framework.api.problems import Problem, RequestError

WINDOW_SECONDS = 60
GOOD_SECONDS = 7 * 24 * 3600
RENEWED_SECONDS = 3600.0
MAX_REMEMBERED = 4096


def bucket_of(address: str) -> str:
    """Return the name of the bucket in which the failures of a client's address are counted."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        who = address
    else:
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        whole = isinstance(parsed, ipaddress.IPv4Address)
        who = str(parsed) if whole else str(ipaddress.ip_network((parsed, 64), strict=False))
    return hashlib.sha256(who.encode("utf-8", "replace")).hexdigest()[:4]


class Failures:
    """Counts failed credentials, for all API processes together.

    Args:
        client: An asynchronous Redis client.
        most: Failures of one address in a minute; 0 for no limit.
    """

    def __init__(self, client: Any, most: int) -> None:
        self._client = client
        self._most = most
        self._good: dict[str, float] = {}

    async def admit(self, address: str, credentials: list[str]) -> None:
        """Let credentials be tried.

        Raises:
            RequestError: 429 if the address has failed too often and none of the credentials was good lately.
        """
        if not self._most:
            return
        now = time.monotonic()
        digests = [digest_of(credential) for credential in credentials]
        if any(self._good.get(digest, 0.0) > now for digest in digests):
            return
        failed = int(await self._client.get(f"dragon:f:{bucket_of(address)}") or 0)
        if failed < self._most:
            return
        if digests and await self._client.exists(*(f"dragon:g:{digest}" for digest in digests)):
            return
        raise await self._too_many(address)

    async def good(self, credential: str) -> None:
        """Remember a credential that was good."""
        digest, now = digest_of(credential), time.monotonic()
        if not self._most or self._good.get(digest, 0.0) > now:
            return
        if len(self._good) >= MAX_REMEMBERED:
            self._good.clear()
        self._good[digest] = now + RENEWED_SECONDS
        await self._client.set(f"dragon:g:{digest}", b"", ex=GOOD_SECONDS)

    async def failed(self, address: str) -> None:
        """Count a request whose credentials were wrong.

        Raises:
            RequestError: 429 if it was one too many.
        """
        if not self._most:
            return
        key = f"dragon:f:{bucket_of(address)}"
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.set(key, 0, ex=WINDOW_SECONDS, nx=True)
            pipeline.incr(key)
            count = int((await pipeline.execute())[1])
        if count > self._most:
            raise await self._too_many(address)

    async def _too_many(self, address: str) -> RequestError:
        left = int(await self._client.ttl(f"dragon:f:{bucket_of(address)}"))
        wait = min(max(1, left), WINDOW_SECONDS)
        text = f"too many wrong credentials from this address: {self._most} in a minute are taken; wait {wait} s"
        return RequestError(429, [Problem("secret", "header", text)], {"Retry-After": str(wait)})
