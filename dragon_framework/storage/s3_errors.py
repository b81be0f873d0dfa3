"""What obstore's errors mean, in one sentence without URLs, headers or tokens.

In: an exception of obstore, whose text ends in a dump of its inside (object_store's
`Debug` form). Out: what failed and what would help. The dump itself is never shown: it
may hold the answer of a token service, or the query of a signed request.
"""

import re

_CODE = re.compile(r"<Code>([A-Za-z0-9]{1,60})</Code>")
_STATUS = re.compile(r"status: (\d{3})|status code: (\d{3})")

_HINTS = {
    "AccessDenied": "the credentials lack a permission; Dragon needs s3:ListBucket on the bucket, "
    "and s3:GetObject, s3:PutObject and s3:DeleteObject in it",
    "ExpiredToken": "the credentials have expired",
    "InvalidAccessKeyId": "the server does not know the access key; look at AWS_ACCESS_KEY_ID",
    "NoSuchBucket": "the bucket does not exist; make it first",
    "RequestTimeTooSkewed": "the clock of this machine is wrong",
    "SignatureDoesNotMatch": "the secret key is wrong; look at AWS_SECRET_ACCESS_KEY",
    "SlowDown": "the server asks for fewer requests",
}
"""By error code (Amazon S3 API reference, list of error codes)."""

_NO_CREDENTIALS = "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role"

_SIGNS = (
    ("/latest/api/token", _NO_CREDENTIALS),  # where a machine's role is asked for (Amazon EC2, IMDSv2)
    ("/latest/meta-data", _NO_CREDENTIALS),
    ("169.254.170.2", "no credentials: the container's role gives none"),
    ("MissingSecretAccessKey", "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY"),
    ("MissingAccessKeyId", "AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID"),
    ("BareRedirect", "the bucket is in another region; set AWS_REGION"),
    ("Precondition", "the file was replaced while it was read"),
    ("BadScheme", "an endpoint without TLS must be named with http://"),
    ("kind: Timeout", "the server did not answer in time"),
    ("kind: Connect", "the server cannot be reached; look at AWS_ENDPOINT_URL"),
)
"""By a word of the dump, the most telling first."""

_STATUSES = {
    "401": "the server does not accept the credentials (401)",
    "403": "the server refuses it (403); look at the credentials and their permissions",
    "404": "the server has no such bucket or object (404)",
    "412": "the file was replaced while it was read",
    "503": "the server is overloaded (503)",
}


def problem_of(error: BaseException) -> str:
    """Return what went wrong, without a full stop at the end."""
    text = f"{type(error).__name__}: {error}"
    if (found := _CODE.search(text)) is not None and (hint := _HINTS.get(found[1])) is not None:
        return f"{hint} ({found[1]})"
    for sign, sentence in _SIGNS:
        if sign in text:
            return sentence
    status = _STATUS.search(text)
    number = (status[1] or status[2]) if status is not None else ""
    if found is not None:
        return f"the server answered {number} {found[1]}".replace("  ", " ")
    if number:
        return _STATUSES.get(number, f"the server answered {number}")
    if "HttpError" in text:
        return "the connection to the server broke"
    return f"the client library failed ({type(error).__name__})"


def bucket_missing(error: BaseException) -> bool:
    """Whether it is the bucket that is missing, and not an object in it."""
    found = _CODE.search(str(error))
    return found is not None and found[1] == "NoSuchBucket"
