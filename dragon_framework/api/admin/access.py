"""Who may see and do what operators may: accounts that are marked so, by their secret in the header.

Nothing else opens these routes: an api key stands in public pages and a referrer can be forged; a
secret in a body or a query lands in logs, and a signed URL is made to be handed on. There is no
cookie, so no other page can make a browser send the credential.
"""

from dragon_framework.accounts import Account
from dragon_framework.api.authentication import authenticate
from dragon_framework.api.problems import bad_request
from dragon_framework.api.requests import AnyRequest, header
from dragon_framework.api.service import Service

_HOW = "send `Authorization: Secret S` with the secret of an operator's account"


async def operator_of(service: Service, request: AnyRequest) -> Account:
    """Return the operator who asks.

    Raises:
        RequestError: 401 without a good secret in the header, 403 for an account that is no operator's.
    """
    scheme = (header(request, b"authorization") or "").strip().partition(" ")[0].lower()
    if scheme == "api-key":
        raise bad_request("api_key", "header", f"an api key stands in public pages and opens nothing here: {_HOW}", 403)
    account = await authenticate(service, request, {}, "header")
    if not account.operator:
        text = f"the account {account.id!r} is no operator's; `dragon accounts operator {account.id}` makes it one"
        raise bad_request("secret", "account", text, 403)
    return account
