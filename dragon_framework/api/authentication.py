"""Whose request this is: a secret, or an api key with the page it is used from.

A signed URL (`signing`) is a third way, for a GET.

Credentials may stand in the `Authorization` header (`Secret K`, `Api-Key K`, in any
case, or a bare secret), in the body, or in the query of a GET. Clients are known to
send them in two places at once: the first that is good counts.
"""

import hmac
import time
from collections.abc import Iterator, Mapping
from typing import Any

from dragon_framework.accounts import Account
from dragon_framework.api.problems import Problem, RequestError
from dragon_framework.api.requests import AnyRequest, header
from dragon_framework.api.service import Service
from dragon_framework.signing import EXPIRES, SIGNATURE, SIGNED_BY, signed_text, url_signatures

CREDENTIALS = ("secret", "api_key")
"""Names that are credentials wherever they stand, and never parameters of a task."""

SIGNED = (SIGNED_BY, EXPIRES, SIGNATURE)
"""Names that belong to a signed URL, where there is a signature."""

MAX_CREDENTIAL = 200

_HOW = "send `Authorization: Secret S`, or `secret` (or `api_key`, from a page) among the parameters"


async def authenticate(service: Service, request: AnyRequest, given: Mapping[str, Any], location: str) -> Account:
    """Return the account of a request.

    Args:
        service: Knows the accounts.
        request: Has the headers.
        given: Body or query of the request.
        location: `body` or `query`, for the error.

    Raises:
        RequestError: 401 if there are no good credentials, 429 if too many from this address were wrong.
    """
    authorization = header(request, b"authorization")
    referrer = header(request, b"referer") or header(request, b"origin") or ""
    tried: list[tuple[str, str]] = []
    if location == "query" and SIGNATURE in given:
        # Not counted as a failure: nobody guesses 256 bits, and links that have expired stand in many pages.
        return await _signer(service, request, given)
    address = client_address(request)
    given_ones = list(_given(authorization, given, location))
    if given_ones:
        await service.failures.admit(address, [credential for _, credential, _ in given_ones])
    if service.hooks.implements("dragon_authenticate"):
        credentials = {name: credential for name, credential, _ in given_ones}
        for account in service.hooks.call("dragon_authenticate", credentials=credentials, referrer=referrer):
            if isinstance(account, Account):
                return account
    for name, credential, where in given_ones:
        tried.append((name, where))
        if name == "secret":
            found = await service.accounts.by_secret(credential)
        else:
            found = await service.accounts.by_api_key(credential, referrer)
        if found is not None:
            await service.failures.good(credential)
            return found
    if not tried:
        problems = [Problem("secret", "header", f"credentials are missing: {_HOW}")]
    else:
        await service.failures.failed(address)
        problems = [Problem(name, where, _refusal(name, referrer)) for name, where in tried]
    raise RequestError(401, problems, {"WWW-Authenticate": 'Secret realm="dragon"'})


def client_address(request: AnyRequest) -> str:
    """Return the address of the client, as a trusted proxy tells it; empty on a unix socket."""
    client = request.scope.get("client")
    return str(client[0]) if client else ""


async def _signer(service: Service, request: AnyRequest, given: Mapping[str, Any]) -> Account:
    """Return the account that signed the URL of a request.

    Raises:
        RequestError: 401 if the signature is not good, or not any more.
    """
    values = {name: values[-1] for name in SIGNED if (values := given.get(name))}
    expires = values.get(EXPIRES, "")
    if not (SIGNED_BY in values and expires.isascii() and expires.isdecimal() and len(expires) <= 12):
        text = f"a signed URL has {SIGNED_BY}, {EXPIRES} (Unix time in seconds) and {SIGNATURE}"
        raise RequestError(401, [Problem(SIGNATURE, "query", text)])
    account = await service.accounts.by_id(values[SIGNED_BY][:MAX_CREDENTIAL])
    text = signed_text(request.scope["path"], [(name, value) for name, values in given.items() for value in values])
    good = account is not None and any(
        hmac.compare_digest(signature, values[SIGNATURE].encode("ascii", "replace").decode())
        for signature in url_signatures(await service.accounts.signing_keys(account.id), text)
    )
    if account is None or not good:
        text = "the signature is not that of this URL: sign path and query as docs/how-to/signed-urls.md says"
        raise RequestError(401, [Problem(SIGNATURE, "query", text)])
    if int(expires) < time.time():
        raise RequestError(401, [Problem(EXPIRES, "query", "the signed URL has expired; ask for a fresh one")])
    return account


def _given(authorization: str | None, given: Mapping[str, Any], location: str) -> Iterator[tuple[str, str, str]]:
    """Yield (name, credential, location) of each credential of a request."""
    if authorization:
        scheme, _, rest = authorization.strip().partition(" ")
        credential = rest.strip()
        if not credential:
            yield "secret", scheme[:MAX_CREDENTIAL], "header"
        elif scheme.lower() in {"secret", "bearer"}:
            yield "secret", credential[:MAX_CREDENTIAL], "header"
        elif scheme.lower() == "api-key":
            yield "api_key", credential[:MAX_CREDENTIAL], "header"
    for name in CREDENTIALS:
        value = given.get(name)
        if isinstance(value, list) and value:
            value = value[-1]
        if isinstance(value, str) and value:
            yield name, value[:MAX_CREDENTIAL], location


def _refusal(name: str, referrer: str) -> str:
    if name == "secret":
        return "the secret is not valid"
    if not referrer:
        return "the api key is not valid without the Referer (or Origin) header of a page on the account's list"
    return "the api key is not valid, or not for this page: its host is not on the account's list of referrers"
