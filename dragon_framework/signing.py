"""Signing keys: one for each account, for callbacks and for signed URLs.

A signed URL is a GET that needs no credentials and is good until a time: the page that
shows it learns nothing that it could ask for something else with. What is signed is the
path and the query, in one order whatever the order they are sent in:

    hex(HMAC-SHA256(HMAC-SHA256(key, "dragon signed url"), path + "?" + query))

A key is 32 random bytes, shown as `whsec_` and base64, the form of Standard Webhooks. It
has to be kept as it is (an HMAC needs it), in the hash `dragon:signing`, by account. After
a rotation the old key holds for a day beside the new one: callbacks carry both signatures,
and URLs signed with either are good. Stands on msgspec; redis-py comes with the client.
"""

import base64
import hashlib
import hmac
import os
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import msgspec

SIGNING = "dragon:signing"
PREFIX = "whsec_"
OVERLAP_SECONDS = 24 * 3600.0

SIGNED_BY, EXPIRES, SIGNATURE = "signed_by", "expires", "signature"
"""What a signed URL has in its query beside what it asks for."""

_URLS = b"dragon signed url"


class SigningKeys(msgspec.Struct, frozen=True):
    """The keys of one account.

    Args:
        key: The key, as base64.
        previous: The one before the last rotation; empty for none.
        rotated: Unix time of that rotation.
    """

    key: str
    previous: str = ""
    rotated: float = 0.0

    @property
    def shown(self) -> str:
        """The key as receivers of callbacks enter it."""
        return PREFIX + self.key

    def valid(self, now: float | None = None) -> list[bytes]:
        """Return the keys that hold now, the newest first."""
        now = time.time() if now is None else now
        texts = [self.key]
        if self.previous and now < self.rotated + OVERLAP_SECONDS:
            texts.append(self.previous)
        return [base64.b64decode(text) for text in texts]


encode_keys = msgspec.json.Encoder().encode
decode_keys = msgspec.json.Decoder(SigningKeys).decode


def new_keys() -> SigningKeys:
    """Return fresh keys for an account that has none."""
    return SigningKeys(base64.b64encode(os.urandom(32)).decode())


def keys_of(client: Any, account_id: str) -> SigningKeys:
    """Return the keys of an account; make them when they are asked for the first time.

    Args:
        client: A synchronous Redis client.
        account_id: The account.
    """
    blob = client.hget(SIGNING, account_id)
    if blob is None:
        client.hsetnx(SIGNING, account_id, encode_keys(new_keys()))
        blob = client.hget(SIGNING, account_id)
    return decode_keys(blob)


def rotate(client: Any, account_id: str) -> SigningKeys:
    """Give an account a new key and return its keys; the old one holds for a day."""
    known = keys_of(client, account_id)
    fresh = msgspec.structs.replace(new_keys(), previous=known.key, rotated=time.time())
    client.hset(SIGNING, account_id, encode_keys(fresh))
    return fresh


def callback_headers(keys: SigningKeys, message_id: str, body: bytes, timestamp: int | None = None) -> dict[str, str]:
    """Return the header fields that prove who sent *body* (Standard Webhooks 1.0, symmetric signatures).

    Args:
        keys: The account's.
        message_id: The same for every try of one message.
        body: What is sent, as it is sent.
        timestamp: Unix time in whole seconds; now by default.
    """
    timestamp = int(time.time()) if timestamp is None else timestamp
    signed = f"{message_id}.{timestamp}.".encode() + body
    signatures = [base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys.valid(timestamp)]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def signed_text(path: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return what is signed of a URL: its path, and its query in order, all but the signature.

    Args:
        path: The path, as it is sent, decoded.
        pairs: Names and values of the query, decoded.
    """
    held = sorted((name, value) for name, value in pairs if name != SIGNATURE)
    return f"{quote(path, safe='/')}?{urlencode(held, quote_via=quote, safe='')}"


def sign_url(url: str, keys: SigningKeys, account_id: str, expires: int) -> str:
    """Return *url* with what makes it good for anyone until *expires*, a Unix time in whole seconds.

    Args:
        url: A GET of this service, such as `http://host/v1/create_file/a.jpg?task_name=image.thumb&url=...`.
        keys: The account's.
        account_id: The account that it counts for.
        expires: When it stops to be good.
    """
    parts = urlsplit(url)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), (SIGNED_BY, account_id), (EXPIRES, str(expires))]
    text = signed_text(unquote(parts.path), pairs)
    query = urlencode([*pairs, (SIGNATURE, url_signatures(keys, text)[0])], quote_via=quote, safe="")
    return parts._replace(query=query, fragment="").geturl()


def url_signatures(keys: SigningKeys, text: str) -> list[str]:
    """Return the signatures that are good for *text*, a path with its query; the newest first.

    Each is the hexadecimal HMAC-SHA256 under a key that is derived from the account's:
    who may check callbacks cannot sign URLs with what a signed URL shows, and the
    other way round.
    """
    derived = [hmac.digest(key, _URLS, hashlib.sha256) for key in keys.valid()]
    return [hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for key in derived]
