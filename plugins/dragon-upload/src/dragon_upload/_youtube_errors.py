"""What YouTube says is wrong, in the words of this service.

Shapes and reasons: developers.google.com/youtube/v3/docs/errors and .../docs/videos/insert.
"""

from typing import Any

from dragon_framework import TaskError
from dragon_framework.errors import InvalidParametersError
from dragon_upload._faults import PassingFault
from dragon_upload._remote import Reply, plain
from dragon_upload.errors import QuotaError, UploadRefusedError

FIELDS = {
    "invalidTitle": "title",
    "invalidDescription": "description",
    "invalidTags": "tags",
    "invalidCategoryId": "category_id",
    "invalidPublishAt": "publish_at",
    "keyInvalid": "developer_key",
    "accessNotConfigured": "developer_key",
    "SERVICE_DISABLED": "developer_key",
    "insufficientPermissions": "access_token",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "access_token",
    "authError": "access_token",
    "youtubeSignupRequired": "access_token",
}

HINTS = {
    "insufficientPermissions": "the token needs the scope youtube.upload",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "the token needs the scope youtube.upload",
    "authError": "the token is wrong or has expired; it lives for about an hour",
    "youtubeSignupRequired": "the account of this token has no YouTube channel",
    "accessNotConfigured": "the YouTube Data API is not enabled for the project of this key or token",
    "SERVICE_DISABLED": "the YouTube Data API is not enabled for the project of this key or token",
}

QUOTAS = {"quotaExceeded", "dailyLimitExceeded", "uploadLimitExceeded"}
RATES = {"rateLimitExceeded", "userRateLimitExceeded"}


def fault_of(reply: Reply, task_name: str) -> TaskError | PassingFault:
    """Return what an answer that is no success means."""
    error: dict[str, Any] = reply.json.get("error") if isinstance(reply.json.get("error"), dict) else {}  # type: ignore[assignment]
    reason, message = _reason(error), plain(str(error.get("message") or "")) or reply.text
    told = f"{message or 'no reason given'} (HTTP {reply.status})"
    if reason == "uploadLimitExceeded" or (_daily(error, message) and "video uploads" in message.lower()):
        return QuotaError("uploadLimitExceeded", f"{message}; the channel or the project may upload no more for now")
    if reason in QUOTAS or _daily(error, message):
        return QuotaError(
            reason if reason in QUOTAS else "quotaExceeded", f"{message}; it is renewed at midnight, Pacific time"
        )
    if field := FIELDS.get(reason):
        hint = f"{HINTS[reason]}; YouTube says: " if reason in HINTS else "YouTube says: "
        return InvalidParametersError(task_name, {field: [f"{hint}{message}"]})
    if reply.status == 401:
        return InvalidParametersError(task_name, {"access_token": [f"{HINTS['authError']}; YouTube says: {told}"]})
    if reply.status >= 500 or reply.status in {408, 429} or reason in RATES:
        return PassingFault(f"it says: {told}", reply.wait_seconds)
    return UploadRefusedError(reason or f"http{reply.status}", told)


def _reason(error: dict[str, Any]) -> str:
    """Return the first reason of an error that is known, else its first."""
    reasons = [
        str(one["reason"])
        for part in ("errors", "details")
        for one in (error.get(part) if isinstance(error.get(part), list) else [])  # type: ignore[union-attr]
        if isinstance(one, dict) and one.get("reason")
    ]
    known = [reason for reason in reasons if reason in FIELDS or reason in QUOTAS or reason in RATES]
    return (known or reasons or [str(error.get("status") or "")])[0]


def _daily(error: dict[str, Any], message: str) -> bool:
    """Whether a limit is one of a day, which no waiting of minutes helps: told in words alone, or in the details."""
    return "per day" in message.lower() or "PerDay" in str(error.get("details", ""))
