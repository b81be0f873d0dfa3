"""What is asked for beside the upload: a thumbnail, a place in a playlist.

The film is there by then, so nothing that fails here fails the task: it becomes a warning.
Each extra is noted before it is tried, so that a run after a dead worker does not add the film twice.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from dragon_framework import TaskContext, TaskError
from dragon_framework.errors import TaskCancelledError
from dragon_upload._patience import Patience
from dragon_upload._remote import Remote
from dragon_upload._youtube_errors import fault_of

if TYPE_CHECKING:
    from dragon_upload.youtube import YoutubeParameters

THUMBNAIL_BYTES = 50 * 2**20
"""Revision history of the API, 14 September 2026."""

PICTURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png"}


def add_extras(  # what an extra needs, all by name
    video: str,
    *,
    wanted: "YoutubeParameters",
    ctx: TaskContext,
    remote: Remote,
    bearer: dict[str, str],
    patience: Patience,
) -> list[str]:
    """Return a warning for each extra of *video* that failed."""
    warnings: list[str] = []
    extras: dict[str, Callable[[], None]] = {}
    if wanted.thumbnail_url is not None:
        url = wanted.thumbnail_url
        extras["thumbnail_url"] = lambda: _set_thumbnail(video, url, ctx, remote, bearer)
    if wanted.playlist_id is not None:
        playlist = wanted.playlist_id
        extras["playlist_id"] = lambda: _add_to_playlist(video, playlist, ctx, remote, bearer)
    for name, add in extras.items():
        state = ctx.state.load()
        begun = state.get("extras", [])
        if name in begun:
            warnings.append(f"{name}: the worker died meanwhile; look whether it was done")
            continue
        ctx.state.save(state | {"extras": [*begun, name]})
        try:
            patience.progressed()
            patience.call(add)
        except TaskCancelledError:
            raise
        except TaskError as error:
            warnings.append(f"{name}: {error}")
    return warnings


def _set_thumbnail(video: str, url: str, ctx: TaskContext, remote: Remote, bearer: dict[str, str]) -> None:
    path = ctx.fetch(url, max_bytes=THUMBNAIL_BYTES)
    with path.open("rb") as file:
        begin = file.read(8)
    kind = next((media_type for magic, media_type in PICTURES.items() if begin.startswith(magic)), "")
    if not kind:
        from dragon_framework.errors import UnreadableSourceError

        raise UnreadableSourceError(url, "a JPEG or PNG picture")
    size = path.stat().st_size
    reply = remote.send(
        "POST",
        "/upload/youtube/v3/thumbnails/set",
        params={"videoId": video, "uploadType": "media"},
        headers=bearer | {"Content-Type": kind},
        body=remote.blocks(path, 0, size, lambda _end: None),
        length=size,
    )
    if reply.status not in {200, 201}:
        raise fault_of(reply, ctx.task_name)


def _add_to_playlist(video: str, playlist: str, ctx: TaskContext, remote: Remote, bearer: dict[str, str]) -> None:
    reply = remote.send(
        "POST",
        "/youtube/v3/playlistItems",
        params={"part": "snippet"},
        headers=bearer,
        json={"snippet": {"playlistId": playlist, "resourceId": {"kind": "youtube#video", "videoId": video}}},
    )
    if reply.status not in {200, 201}:
        raise fault_of(reply, ctx.task_name)
