"""Answers that stay the same for long: the pages, their files, the list of tasks.

In: a body. Out: responses with an `ETag`, so that a browser that has the body need not get it again (304), and
packed with gzip for those who take it. Stands on `requests`.
"""

import gzip
import hashlib
import re
from collections.abc import Mapping

from litestar import Response

from dragon_framework.api.requests import AnyRequest, header

_REFUSED = re.compile(r"gzip\s*;\s*q=0(\.0*)?\s*(,|$)")

_SMALL = 1000
"""Bytes below which packing gains nothing: they travel in one packet anyway."""


class Kept:
    """A body, packed once."""

    def __init__(self, body: bytes, media_type: str) -> None:
        self.media_type = media_type
        self.etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
        self._body = body
        packed = gzip.compress(body, 9, mtime=0) if len(body) >= _SMALL else body
        self._packed = packed if len(packed) < len(body) else None

    def response(self, request: AnyRequest, headers: Mapping[str, str]) -> Response[bytes]:
        """Return the answer to *request*: the body, plain or packed, or 304 if the client has it."""
        told = {**headers, "ETag": self.etag}
        if self._packed is not None:
            told["Vary"] = "Accept-Encoding"
        if self.etag in (header(request, b"if-none-match") or ""):
            return Response(b"", status_code=304, media_type=self.media_type, headers=told)
        if self._packed is not None and _takes_gzip(header(request, b"accept-encoding") or ""):
            return Response(self._packed, media_type=self.media_type, headers={**told, "Content-Encoding": "gzip"})
        return Response(self._body, media_type=self.media_type, headers=told)


def _takes_gzip(accepted: str) -> bool:
    """Return whether an `Accept-Encoding` (RFC 9110, 12.5.3) names gzip, and not with a weight of 0."""
    return "gzip" in accepted and not _REFUSED.search(accepted)
