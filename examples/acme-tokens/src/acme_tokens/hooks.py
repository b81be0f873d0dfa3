"""Signed tokens: `acme.ACCOUNT.EXPIRES.SIGNATURE`, sent where a secret is sent.

Whoever has the key makes them (`token_of`), and no account has to be stored. EXPIRES is
Unix time in seconds; SIGNATURE is HMAC-SHA-256 (RFC 2104) of all before it, as hexadecimal.
The key comes from `DRAGON_ACME_TOKENS_KEY`, or the table `[acme_tokens]`.
"""

import hashlib
import hmac
import os
import re
import time
from collections.abc import Mapping
from typing import Annotated

from dragon_framework.accounts import Account
from dragon_framework.hooks import hookimpl
from dragon_framework.settings import Settings, read_section
from msgspec import Meta, Struct

_TOKEN = re.compile(r"(acme\.([a-z0-9-]{1,40})\.(\d{1,12}))\.([0-9a-f]{64})")


class TokenSettings(Struct, frozen=True, kw_only=True):
    """The settings of this plugin."""

    key: Annotated[str, Meta(description="What tokens are signed with; empty: no token is accepted.")] = ""


class Tokens:
    """The hooks, with the key that the service was started with."""

    def __init__(self) -> None:
        self._key = b""

    @hookimpl
    def dragon_startup(self, settings: Settings) -> None:
        """Read the key, once."""
        table = settings.tables.get("acme_tokens", {})
        self._key = read_section(TokenSettings, "acme_tokens", os.environ, table).key.encode()

    @hookimpl
    def dragon_authenticate(self, credentials: Mapping[str, str]) -> Account | None:
        """Return the account that a valid token names; None leaves all else to others."""
        found = _TOKEN.fullmatch(credentials.get("secret", ""))
        if found is None or not self._key:
            return None
        signed, account, expires, signature = found.groups()
        if not hmac.compare_digest(signature, _signature(signed, self._key)) or int(expires) < time.time():
            return None
        return Account(id=f"acme-{account}", secret_digest="")


def token_of(account: str, seconds: float, key: bytes) -> str:
    """Return a token for *account*, valid for so many seconds from now."""
    signed = f"acme.{account}.{int(time.time() + seconds)}"
    return f"{signed}.{_signature(signed, key)}"


def _signature(text: str, key: bytes) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
