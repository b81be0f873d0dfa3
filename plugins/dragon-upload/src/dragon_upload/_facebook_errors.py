"""What Facebook says is wrong, in the words of this service.

HTTP statuses tell little (nearly all are 400), so it is decided by code, subcode and `is_transient`:
developers.facebook.com/docs/graph-api/guides/error-handling and /docs/video-api/reference/error-codes.
"""

from typing import Any

import msgspec

from dragon_framework import TaskError
from dragon_framework.errors import InvalidParametersError
from dragon_upload._faults import PassingFault
from dragon_upload._remote import Reply, plain
from dragon_upload.errors import UploadRefusedError

PASSING_CODES = {1, 2, 4, 17, 32, 341, 613}
PASSING_SUBCODES = {1363019, 1363030, 1363033, 1363047}
WRONG_OFFSET = (6001, 1363037)
NO_PERMISSION = 1363042
FILM_SUBCODES = {1363022: "the film is too small", 1363023: "the film is too large", 1363031: "it is no film"}
TOKENS = {
    463: "the token has expired",
    460: "the password was changed since the token was made",
    467: "the token is no longer valid",
}
NEEDED = "a Page access token with pages_show_list, pages_read_engagement and pages_manage_posts is needed"


class NotAPage(Exception):
    """The token may not publish there: it may be a person's, who has Pages."""

    def __init__(self, error: TaskError) -> None:
        super().__init__(error)
        self.error = error


class WrongOffset(Exception):
    """Facebook has another number of bytes; it says which piece it wants."""

    def __init__(self, start: int, end: int) -> None:
        super().__init__(start, end)
        self.start = start
        self.end = end


def fault_of(reply: Reply, task_name: str) -> Exception:
    """Return what an answer that is no success means."""
    error = reply.json.get("error")
    if not isinstance(error, dict):
        if reply.status >= 500 or reply.status in {200, 408, 429}:
            return PassingFault(f"it says: {reply.text or 'nothing'} (HTTP {reply.status})", reply.wait_seconds)
        return UploadRefusedError(f"http{reply.status}", reply.text or "no reason given")
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    said = plain(str(error.get("error_user_msg") or error.get("message") or "no reason given"))
    message = str(error.get("message") or "")
    told = f"{said} (code {code}{f', subcode {subcode}' if subcode else ''})"
    if (code, subcode) == WRONG_OFFSET:
        return _wrong_offset(error, told)
    if error.get("is_transient") is True or code in PASSING_CODES or subcode in PASSING_SUBCODES:
        return PassingFault(f"it says: {told}", reply.wait_seconds)
    if subcode in FILM_SUBCODES:
        return InvalidParametersError(task_name, {"url": [f"{FILM_SUBCODES[subcode]}; Facebook says: {said}"]})
    if code == 100 and "appsecret_proof" in message:
        return InvalidParametersError(task_name, {"app_secret": [f"Facebook says: {said}"]})
    if (code == 100 and "No permission" in message) or subcode == NO_PERMISSION:
        return NotAPage(InvalidParametersError(task_name, {"access_token": [f"{NEEDED}; Facebook says: {said}"]}))
    if code in {190, 102, 10} or 200 <= code <= 299:
        why = TOKENS.get(subcode, NEEDED)
        return InvalidParametersError(task_name, {"access_token": [f"{why}; Facebook says: {said}"]})
    if reply.status >= 500:
        return PassingFault(f"it says: {told}", reply.wait_seconds)
    return UploadRefusedError(f"facebook{code}" + (f".{subcode}" if subcode else ""), said)


def _wrong_offset(error: dict[str, Any], told: str) -> Exception:
    data = error.get("error_data")
    if isinstance(data, str):
        try:
            data = msgspec.json.decode(data)
        except msgspec.DecodeError:
            data = None
    try:
        assert isinstance(data, dict)
        return WrongOffset(int(data["start_offset"]), int(data["end_offset"]))
    except (AssertionError, KeyError, TypeError, ValueError):
        return PassingFault(f"it says: {told}")


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
