"""Calls of Facebook's Graph API: token, proof, errors. Stands on `_remote`."""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dragon_framework import TaskContext
from dragon_upload._facebook_errors import fault_of
from dragon_upload._remote import Remote, multipart

HOSTS = (".facebook.com",)


class Graph:
    """The Graph API with one token.

    Args:
        ctx: The run.
        remote: The door to the API.
        token: The access token.
        app_secret: Secret of the app; empty for calls without proof.
    """

    def __init__(self, ctx: TaskContext, remote: Remote, token: str, app_secret: str) -> None:
        self._ctx = ctx
        self._remote = remote
        self.token = token
        self._headers = {"Authorization": f"Bearer {token}"}
        self._proof: dict[str, str] = {}
        if app_secret:
            self._proof = {"appsecret_proof": proof_of(token, app_secret)}
            ctx.conceal(self._proof["appsecret_proof"])

    def get(self, path: str, fields: str, **params: str) -> dict[str, Any]:
        """Return the answer to a question.

        Raises:
            PassingFault, TaskError, NotAPage: If it is none.
        """
        asked = self._proof | params | ({"fields": fields} if fields else {})
        return self._values(self._remote.send("GET", path, headers=self._headers, params=asked))

    def post(self, path: str, form: Mapping[str, str], timeout_seconds: float | None = None) -> dict[str, Any]:
        """Return the answer to a form."""
        form = {**self._proof, **form}
        reply = self._remote.send("POST", path, headers=self._headers, form=form, timeout_seconds=timeout_seconds)
        return self._values(reply)

    def post_file(self, path: str, form: Mapping[str, str], blocks: Iterable[bytes], length: int) -> dict[str, Any]:
        """Return the answer to a form with a piece of the film."""
        headers, body, whole = multipart({**self._proof, **form}, "video_file_chunk", blocks, length)
        reply = self._remote.send("POST", path, headers=self._headers | headers, body=body, length=whole)
        return self._values(reply)

    def _values(self, reply: Any) -> dict[str, Any]:
        values: dict[str, Any] = reply.json
        if reply.status == 200 and values and "error" not in values:
            return values
        raise fault_of(reply, self._ctx.task_name)


def proof_of(token: str, app_secret: str) -> str:
    """Return the proof that a call comes from the app: HMAC-SHA256 of the token under the app's secret, as hex.

    developers.facebook.com/docs/graph-api/guides/secure-requests.
    """
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def first_piece(values: Mapping[str, Any], missing: Callable[[str], Exception]) -> tuple[int, int]:
    """Return the offsets of the piece that is wanted next; they come as texts."""
    try:
        return int(values["start_offset"]), int(values["end_offset"])
    except (KeyError, TypeError, ValueError):
        raise missing("it does not say which piece it wants") from None
