"""Vimeo API 3.4 with the tus approach.

developer.vimeo.com/api/upload/videos, tus.io/protocols/resumable-upload 1.0. The upload's place is
made with the video, so there is never a second one; the link to it is a capability of its own, and
gets no token.
"""

import base64
import contextlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dragon_framework import TaskContext, TaskError
from dragon_framework.errors import InvalidParametersError, TaskCancelledError
from dragon_upload._faults import PassingFault, SessionGone, Told
from dragon_upload._film import Film
from dragon_upload._patience import Patience
from dragon_upload._remote import Remote, Reply
from dragon_upload._vimeo_errors import NEEDED, fault_of
from dragon_upload.errors import ProviderUnavailableError, QuotaError, UploadRefusedError

if TYPE_CHECKING:
    from dragon_upload.vimeo import VimeoParameters

HOSTS = (".vimeo.com", ".vimeocdn.com")
ACCEPT = "application/vnd.vimeo.*+json;version=3.4"
TUS = {"Tus-Resumable": "1.0.0"}
LOST_STARTS = 2
"""How often a start may get lost: each may leave an empty video behind."""
ABANDON_SECONDS = 0.3

_URI = re.compile(r"/videos/\d{1,20}(?::[0-9a-f]+)?")


class Vimeo:
    """Implements `_uploading.Provider`."""

    name = "Vimeo"
    finish = None  # the last byte publishes
    secrets = frozenset({"consumer_key", "consumer_secret", "access_token_key", "access_token_secret"})

    def __init__(self, parameters: "VimeoParameters", ctx: TaskContext) -> None:
        self._parameters = parameters
        self._ctx = ctx
        self._remote = Remote(ctx, ctx.settings.vimeo_url, HOSTS)
        self._token = parameters.access_token_key
        self._converted = False
        self._lost = 0

    def close(self) -> None:
        self._remote.close()

    def _api(self, method: str, path: str, fields: str = "", json: Any = None, timeout: float | None = None) -> Reply:
        """Call the API; a token that is refused is converted once, if the other three values are there."""
        while True:
            reply = self._remote.send(
                method,
                path,
                headers={"Authorization": f"bearer {self._token}", "Accept": ACCEPT},
                params={"fields": fields} if fields else None,
                json=json,
                timeout_seconds=timeout,
            )
            wanted = self._parameters
            if (
                reply.status != 401
                or self._converted
                or not (wanted.consumer_key and wanted.consumer_secret and wanted.access_token_secret)
            ):
                return reply
            self._token = self._convert()
            self._converted = True

    def _convert(self) -> str:
        """Return an OAuth 2 token for a pair of OAuth 1 (Vimeo's OpenAPI: `convert_access_token`)."""
        wanted = self._parameters
        pair = base64.b64encode(f"{wanted.consumer_key}:{wanted.consumer_secret}".encode()).decode()
        self._ctx.conceal(pair)
        reply = self._remote.send(
            "POST",
            "/oauth/authorize/vimeo_oauth1",
            headers={"Authorization": f"basic {pair}", "Accept": ACCEPT},
            json={
                "grant_type": "vimeo_oauth1",
                "token": wanted.access_token_key,
                "token_secret": wanted.access_token_secret,
            },
        )
        if reply.status in {200, 201}:
            token = str(reply.whole("the conversion of the token", "access_token")["access_token"])
            self._ctx.conceal(token)
            return token
        if reply.status >= 500 or reply.status == 429:
            raise fault_of(reply, self._ctx.task_name)
        field = "consumer_secret" if reply.status == 401 else "access_token_secret"
        if reply.status == 404:
            field = "access_token_key"
        raise InvalidParametersError(
            self._ctx.task_name,
            {field: [f"Vimeo does not convert this OAuth 1 token (HTTP {reply.status}); access_token_key: {NEEDED}"]},
        )

    def start(self, film: Film, patience: Patience) -> dict[str, Any]:
        free = patience.call(self._free_space)
        session = patience.call(lambda: self._start(film))
        return session | {"free": free}

    def _free_space(self) -> int | None:
        """Return the account's free bytes; None if Vimeo does not tell, which is no reason to refuse."""
        reply = self._api("GET", "/me", "uri,upload_quota")
        if reply.status != 200:
            raise fault_of(reply, self._ctx.task_name)
        value: Any = reply.json
        for name in ("upload_quota", "space", "free"):
            value = value.get(name) if isinstance(value, dict) else None
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

    def _start(self, film: Film) -> dict[str, Any]:
        wanted = self._parameters
        body: dict[str, Any] = {
            "upload": {"approach": "tus", "size": film.size},
            "name": wanted.title,
            "description": wanted.description,
        }
        if wanted.privacy_view is not None:
            body["privacy"] = {"view": wanted.privacy_view}
        try:
            reply = self._api("POST", "/me/videos", "uri,link,upload", body)
            if reply.status not in {200, 201}:
                raise fault_of(reply, self._ctx.task_name)
            video = reply.whole("the start", "uri", "upload")
            upload = video["upload"]
            if not isinstance(upload, dict) or not upload.get("upload_link"):
                raise PassingFault("it names no place to upload to")
        except PassingFault as fault:
            self._lost += fault.sent
            if self._lost > LOST_STARTS:
                raise ProviderUnavailableError("providerUnavailable", f"Vimeo cannot begin; {fault.problem}") from None
            raise
        if not _URI.fullmatch(str(video["uri"])):
            raise UploadRefusedError("unexpectedAnswer", "Vimeo names a video that is none")
        link = self._remote.vetted(str(upload["upload_link"]))
        self._ctx.conceal(link)
        return {"uri": str(video["uri"]), "link": str(video.get("link") or ""), "upload": link}

    def piece(self, session: dict[str, Any], offset: int, size: int) -> int:
        return min(int(self._ctx.settings.vimeo_chunk_bytes), size - offset)

    def send(
        self, session: dict[str, Any], film: Film, offset: int, length: int, on_block: Callable[[int], None]
    ) -> Told:
        reply = self._remote.send(
            "PATCH",
            session["upload"],
            headers=TUS | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"},
            body=self._remote.blocks(film.path, offset, length, on_block),
            length=length,
        )
        return self._told(reply, film.size)

    def ask(self, session: dict[str, Any], size: int) -> Told:
        self._ctx.conceal(session["upload"])
        reply = self._remote.send("HEAD", session["upload"], headers=TUS)
        if reply.status in {200, 204} and reply.headers.get("upload-length", str(size)) != str(size):
            raise UploadRefusedError("badOffset", "Vimeo expects a film of another size")
        return self._told(reply, size)

    def _told(self, reply: Reply, size: int) -> Told:
        if reply.status in {200, 204}:
            text = reply.headers.get("upload-offset", "")
            if not (text.isascii() and text.isdigit()) or len(text) > 15:
                raise PassingFault("it does not say how much it has")
            offset = int(text)
            return Told(offset, {} if offset == size else None)
        if reply.status in {403, 404, 410}:
            raise SessionGone
        if reply.status in {408, 409, 423, 429} or reply.status >= 500:
            raise PassingFault(f"it says: HTTP {reply.status}", reply.wait_seconds)
        raise UploadRefusedError(
            f"tus{reply.status}", f"Vimeo refuses the film's bytes: {reply.text or 'no reason given'}"
        )

    def published(self, session: dict[str, Any]) -> dict[str, Any] | None:
        video = self._video(session)
        return {} if _part(video, "upload") == "complete" else None

    def _video(self, session: dict[str, Any]) -> dict[str, Any]:
        reply = self._api("GET", session["uri"], "uri,link,upload.status,transcode.status,status")
        if reply.status != 200:
            raise fault_of(reply, self._ctx.task_name)
        return reply.whole("the question for the video", "uri")

    def confirm(
        self, session: dict[str, Any], answer: dict[str, Any], film: dict[str, Any], patience: Patience
    ) -> dict[str, Any]:
        warnings: list[str] = []
        video: dict[str, Any] = {}
        try:
            for poll in range(self._ctx.settings.confirm_polls):
                video = patience.call(lambda: self._video(session))
                if _part(video, "upload") != "in_progress":
                    break
                if poll + 1 < self._ctx.settings.confirm_polls:
                    patience.pause(self._ctx.settings.confirm_seconds)
            else:
                warnings.append("Vimeo has every byte, and has not said yet that the upload is complete")
        except TaskCancelledError:
            raise
        except TaskError as error:
            warnings.append(f"Vimeo has every byte; what became of it could not be asked ({error})")
        status = str(video.get("status") or "")
        if status in {"quota_exceeded", "total_cap_exceeded"}:
            raise QuotaError("quotaExceeded", f"Vimeo has set the video aside: {status}")
        if _part(video, "upload") == "error" or status in {"uploading_error", "transcoding_error"}:
            raise UploadRefusedError(status or "uploading_error", "Vimeo could not use the film")
        link = str(video.get("link") or session["link"] or "https://vimeo.com/" + session["uri"].rpartition("/")[2])
        return {
            "output": link,
            "free_space": self._space_left(session["free"], film["size"]),
            "uploaded_file_size": film["size"],
            "duration": film["duration"],
            "warnings": warnings,
        }

    def _space_left(self, before: int | None, size: int) -> int | None:
        """Return the free bytes after the upload: asked again, else reckoned; None if they were never told."""
        after = None
        with contextlib.suppress(PassingFault, InvalidParametersError, QuotaError, UploadRefusedError):
            after = self._free_space()
        if after is None and before is not None:
            return max(0, before - size)
        return after

    def abandon(self, session: dict[str, Any]) -> None:
        """Delete the video that waits for its bytes; needs the scope `delete`, so it may stay."""
        with contextlib.suppress(PassingFault, TaskError):
            self._api("DELETE", session["uri"], timeout=ABANDON_SECONDS)


def _part(video: dict[str, Any], name: str) -> str:
    part = video.get(name)
    return str(part.get("status") or "") if isinstance(part, dict) else ""
