"""What Vimeo says is wrong, in the words of this service.

Codes: developer.vimeo.com/api/reference and `ErrorCodeType` of github.com/vimeo/vimeo-networking-java.
"""

from typing import Any

from dragon_framework import TaskError
from dragon_framework.errors import InvalidParametersError
from dragon_upload._faults import PassingFault
from dragon_upload._remote import Reply, plain, seconds_until
from dragon_upload.errors import QuotaError, UploadRefusedError

QUOTAS = {4101, 4102, 4103, 4104}
TOKENS = {8000, 8001, 8002, 8003, 2203}
FIELDS = {
    "name": "title",
    "description": "description",
    "privacy.view": "privacy_view",
    "privacy": "privacy_view",
    "view": "privacy_view",
}
CODES = {2250: "title", 2251: "description"}
NEEDED = "it needs to be an access token with the scopes public, private and upload"


def fault_of(reply: Reply, task_name: str) -> TaskError | PassingFault:
    """Return what an answer of Vimeo's API that is no success means."""
    error = reply.json
    code = error.get("error_code") if isinstance(error.get("error_code"), int) else 0
    message = plain(str(error.get("developer_message") or error.get("error") or "")) or reply.text or "no reason given"
    if code in QUOTAS:
        return QuotaError("quotaExceeded", f"Vimeo says: {message}")
    if reply.status == 401 or code in TOKENS:
        return InvalidParametersError(task_name, {"access_token_key": [f"{NEEDED}; Vimeo says: {message}"]})
    if fields := _fields(error, code):
        return InvalidParametersError(task_name, fields)
    if reply.status == 429:
        wait = seconds_until(reply.headers.get("x-ratelimit-reset", ""))
        return PassingFault(f"it says: {message} (HTTP 429)", reply.wait_seconds if wait is None else wait)
    if reply.status >= 500 or reply.status == 408:
        return PassingFault(f"it says: {message} (HTTP {reply.status})", reply.wait_seconds)
    if reply.status == 403 and "scope" in message.lower():
        return InvalidParametersError(task_name, {"access_token_key": [f"{NEEDED}; Vimeo says: {message}"]})
    return UploadRefusedError(f"vimeo{code}" if code else f"http{reply.status}", f"{message} (HTTP {reply.status})")


def _fields(error: dict[str, Any], code: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    parameters = error.get("invalid_parameters")
    for one in parameters if isinstance(parameters, list) else []:
        if not isinstance(one, dict):
            continue
        field = FIELDS.get(str(one.get("field"))) or CODES.get(one.get("error_code"))  # type: ignore[arg-type]
        if field:
            said = plain(str(one.get("developer_message") or one.get("error") or "it is refused"))
            found.setdefault(field, []).append(f"Vimeo says: {said}")
    if not found and code in CODES:
        found[CODES[code]] = [f"Vimeo says: {plain(str(error.get('developer_message') or 'it is refused'))}"]
    return found
