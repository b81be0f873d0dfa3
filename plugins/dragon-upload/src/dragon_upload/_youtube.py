"""YouTube Data API v3, `videos.insert` by the resumable upload protocol.

developers.google.com/youtube/v3/guides/using_resumable_upload_protocol. The film exists when
the last byte is in; from then on every question about the session is answered as the last
request was, which is how a lost answer is found again.
"""

import contextlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from dragon_framework import TaskContext, TaskError
from dragon_upload._faults import PassingFault, SessionGone, Told
from dragon_upload._film import Film
from dragon_upload._patience import Patience
from dragon_upload._remote import Remote, Reply
from dragon_upload._youtube_errors import fault_of
from dragon_upload._youtube_extras import add_extras

if TYPE_CHECKING:
    from dragon_upload.youtube import YoutubeParameters

HOSTS = (".googleapis.com",)
WATCH = "https://www.youtube.com/watch?v="
ABANDON_SECONDS = 0.3

_RANGE = re.compile(r"(?:bytes=)?0-(\d{1,15})")


class YouTube:
    """Implements `_uploading.Provider`."""

    name = "YouTube"
    finish = None  # the last byte publishes
    secrets = frozenset({"access_token", "developer_key"})

    def __init__(self, parameters: "YoutubeParameters", ctx: TaskContext) -> None:
        self._parameters = parameters
        self._ctx = ctx
        self._remote = Remote(ctx, ctx.settings.youtube_url, HOSTS)
        self._bearer = {"Authorization": f"Bearer {parameters.access_token}"}

    def close(self) -> None:
        self._remote.close()

    def start(self, film: Film, patience: Patience) -> dict[str, Any]:
        return patience.call(lambda: self._start(film))

    def _start(self, film: Film) -> dict[str, Any]:
        wanted = self._parameters
        params = {"uploadType": "resumable", "part": "snippet,status"}
        if wanted.developer_key:
            params["key"] = wanted.developer_key
        if not wanted.notify_subscribers:
            params["notifySubscribers"] = "false"
        reply = self._remote.send(
            "POST",
            "/upload/youtube/v3/videos",
            params=params,
            headers=self._bearer
            | {"X-Upload-Content-Length": str(film.size), "X-Upload-Content-Type": "application/octet-stream"},
            json=metadata(wanted),
        )
        if reply.status not in {200, 201}:
            raise fault_of(reply, self._ctx.task_name)
        location = reply.headers.get("location", "")
        if not location:
            raise PassingFault("it names no place to upload to")
        asked = f"{self._remote.base}/upload/youtube/v3/videos"
        url = self._remote.vetted(location, asked)
        self._conceal(url)
        return {"url": url}

    def _conceal(self, url: str) -> None:
        """Who knows the session's URL can write to it."""
        self._ctx.conceal(url)
        for value in parse_qs(urlsplit(url).query).get("upload_id", []):
            self._ctx.conceal(value)

    def piece(self, session: dict[str, Any], offset: int, size: int) -> int:
        return min(int(self._ctx.settings.youtube_chunk_bytes), size - offset)

    def send(
        self, session: dict[str, Any], film: Film, offset: int, length: int, on_block: Callable[[int], None]
    ) -> Told:
        reply = self._remote.send(
            "PUT",
            session["url"],
            headers=self._bearer
            | {
                "Content-Type": "application/octet-stream",
                "Content-Range": f"bytes {offset}-{offset + length - 1}/{film.size}",
            },
            body=self._remote.blocks(film.path, offset, length, on_block),
            length=length,
        )
        return self._told(reply, film.size)

    def ask(self, session: dict[str, Any], size: int) -> Told:
        self._conceal(session["url"])
        headers = self._bearer | {"Content-Range": f"bytes */{size}", "Content-Length": "0"}
        return self._told(self._remote.send("PUT", session["url"], headers=headers), size)

    def _told(self, reply: Reply, size: int) -> Told:
        if reply.status in {200, 201}:
            video = reply.whole("the last byte", "id")
            return Told(size, {"id": str(video["id"]), "privacy": _privacy(video)})
        if reply.status == 308:
            found = _RANGE.fullmatch(reply.headers.get("range", "").strip())
            return Told(int(found[1]) + 1 if found else 0, wait_seconds=reply.wait_seconds)
        if reply.status in {404, 410}:
            raise SessionGone
        raise fault_of(reply, self._ctx.task_name)

    def published(self, session: dict[str, Any]) -> dict[str, Any] | None:
        return None  # the id is known from the last answer alone

    def confirm(
        self, session: dict[str, Any], answer: dict[str, Any], film: dict[str, Any], patience: Patience
    ) -> dict[str, Any]:
        warnings: list[str] = []
        wanted = self._parameters.privacy_status
        if answer["privacy"] and answer["privacy"] != wanted:
            warnings.append(f"YouTube has made the video {answer['privacy']}, not {wanted}")
        warnings += add_extras(
            answer["id"],
            wanted=self._parameters,
            ctx=self._ctx,
            remote=self._remote,
            bearer=self._bearer,
            patience=patience,
        )
        return {"output": WATCH + answer["id"], "duration": film["duration"], "warnings": warnings}

    def abandon(self, session: dict[str, Any]) -> None:
        with contextlib.suppress(PassingFault, TaskError):
            self._remote.send("DELETE", session["url"], headers=self._bearer, timeout_seconds=ABANDON_SECONDS)


def metadata(wanted: "YoutubeParameters") -> dict[str, Any]:
    """Return the resource that describes the film (videos.insert, request body)."""
    snippet = {
        "title": wanted.title,
        "description": wanted.description,
        "tags": list(wanted.tags),
        "categoryId": str(wanted.category_id),
    }
    status: dict[str, Any] = {"privacyStatus": wanted.privacy_status}
    if wanted.publish_at is not None:
        status["publishAt"] = wanted.publish_at
    if wanted.made_for_kids is not None:
        status["selfDeclaredMadeForKids"] = wanted.made_for_kids
    return {"snippet": snippet, "status": status}


def _privacy(video: dict[str, Any]) -> str:
    status = video.get("status")
    return str(status.get("privacyStatus") or "") if isinstance(status, dict) else ""
