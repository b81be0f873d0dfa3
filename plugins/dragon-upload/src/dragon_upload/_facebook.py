"""Facebook Graph API, chunked publishing: `upload_phase` start, transfer and finish.

developers.facebook.com/docs/video-api/guides/publishing. Facebook chooses the pieces. The video's
id is known before it is published, so that a lost answer to `finish` can be found again.
"""

import contextlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from dragon_framework import TaskContext, TaskError
from dragon_framework.errors import InvalidParametersError, TaskCancelledError
from dragon_upload._facebook_errors import NEEDED, NotAPage, WrongOffset
from dragon_upload._faults import PassingFault, Told
from dragon_upload._film import Film
from dragon_upload._graph import HOSTS, Graph, first_piece
from dragon_upload._patience import Patience
from dragon_upload._remote import Remote
from dragon_upload.errors import UploadRefusedError

if TYPE_CHECKING:
    from dragon_upload.fb import FbParameters

SITE = "https://www.facebook.com"
ABANDON_SECONDS = 0.3
PAGES_ASKED = 10
"""So many pages of a list of Pages are read."""


class Facebook:
    """Implements `_uploading.Provider`."""

    name = "Facebook"
    secrets = frozenset({"api_key", "app_secret", "access_token"})

    def __init__(self, parameters: "FbParameters", ctx: TaskContext) -> None:
        self._parameters = parameters
        self._ctx = ctx
        self._remote = Remote(ctx, ctx.settings.facebook_url, HOSTS)
        self._graph = self._with(parameters.access_token)

    def close(self) -> None:
        self._remote.close()

    def _with(self, token: str) -> Graph:
        return Graph(self._ctx, self._remote, token, self._parameters.app_secret)

    def start(self, film: Film, patience: Patience) -> dict[str, Any]:
        try:
            return self._start(film, patience)
        except InvalidParametersError as error:
            if "access_token" in error.errors and (told := self._diagnosis()):
                texts = [*error.errors["access_token"], told]
                raise InvalidParametersError(self._ctx.task_name, error.errors | {"access_token": texts}) from None
            raise

    def _start(self, film: Film, patience: Patience) -> dict[str, Any]:
        node = self._parameters.page_id or "me"
        try:
            if self._parameters.page_id:
                return self._begun(self._page(patience, node), film, patience)
            return self._begun({"node": node}, film, patience)
        except NotAPage as refused:
            if self._parameters.page_id:
                raise refused.error from None
        return self._begun(self._page(patience, ""), film, patience)

    def _begun(self, session: dict[str, Any], film: Film, patience: Patience) -> dict[str, Any]:
        self._use(session)
        path = f"/{session['node']}/videos"
        form = {"upload_phase": "start", "file_size": str(film.size)}
        values = patience.call(lambda: self._whole_start(self._graph.post(path, form)))
        start, end = first_piece(values, PassingFault)
        return session | {
            "video": str(values["video_id"]),
            "id": str(values["upload_session_id"]),
            "start": start,
            "end": end,
        }

    def _whole_start(self, values: dict[str, Any]) -> dict[str, Any]:
        if not str(values.get("video_id") or "").isalnum() or not values.get("upload_session_id"):
            raise PassingFault("its answer to the start names no video, or no upload")
        first_piece(values, PassingFault)
        return values

    def _use(self, session: dict[str, Any]) -> None:
        """Go on with the token of the session's Page."""
        token = session.get("token", "")
        if token and token != self._graph.token:
            self._ctx.conceal(token)
            self._graph = self._with(token)

    def _page(self, patience: Patience, wanted: str) -> dict[str, Any]:
        """Return node and token of the Page to publish to.

        Args:
            patience: Bears faults.
            wanted: Its id; empty for the only one there is.

        Raises:
            InvalidParametersError: If there is none, or more than one and none is wanted.
        """
        try:
            pages = self._pages(patience)
        except NotAPage as refused:
            raise refused.error from None
        except (InvalidParametersError, UploadRefusedError):
            if wanted:  # the token of a Page itself lists no Pages
                return {"node": wanted}
            raise
        if wanted:
            found = [page for page in pages if str(page.get("id")) == wanted]
            return {"node": wanted, "token": found[0]["access_token"]} if found else {"node": wanted}
        if len(pages) == 1:
            return {"node": str(pages[0]["id"]), "token": pages[0]["access_token"]}
        if not pages:
            problem = f"this token may not publish to any Page; {NEEDED}"
        else:
            names = ", ".join(f"{page.get('name')} ({page.get('id')})" for page in pages[:10])
            problem = f"this token may publish to several Pages, say which by page_id: {names}"
        raise InvalidParametersError(self._ctx.task_name, {"access_token": [problem]})

    def _pages(self, patience: Patience) -> list[dict[str, Any]]:
        """Return the Pages that the token may publish to."""
        found: list[dict[str, Any]] = []
        after = ""
        for _ in range(PAGES_ASKED):
            values = patience.call(partial(self._accounts, after))
            data = values.get("data")
            found += [page for page in data if _may_publish(page)] if isinstance(data, list) else []
            paging = values.get("paging")
            cursors = paging.get("cursors") if isinstance(paging, dict) and paging.get("next") else None
            after = str(cursors.get("after") or "") if isinstance(cursors, dict) else ""
            if not after:
                break
        for page in found:
            self._ctx.conceal(page["access_token"])
        return found

    def _accounts(self, after: str) -> dict[str, Any]:
        return self._graph.get("/me/accounts", "id,name,access_token,tasks", **({"after": after} if after else {}))

    def _diagnosis(self) -> str:
        """Return what Facebook knows of a token that it refused; empty if it may not be asked."""
        wanted = self._parameters
        if not (wanted.api_key and wanted.app_secret):
            return ""
        app = Graph(self._ctx, self._remote, f"{wanted.api_key}|{wanted.app_secret}", "")
        self._ctx.conceal(app.token)
        with contextlib.suppress(PassingFault, TaskError, NotAPage, WrongOffset):
            data = app.get("/debug_token", "", input_token=wanted.access_token).get("data")
            if isinstance(data, dict):
                scopes = data.get("scopes")
                has = ", ".join(map(str, scopes)) if isinstance(scopes, list) and scopes else "none"
                valid = "valid" if data.get("is_valid") is True else "not valid"
                return f"it is a token of the type {data.get('type') or 'unknown'}, {valid}, with the permissions {has}"
        return ""

    def piece(self, session: dict[str, Any], offset: int, size: int) -> int:
        end = min(int(session["end"]), size)
        return max(1, end - offset)

    def send(
        self, session: dict[str, Any], film: Film, offset: int, length: int, on_block: Callable[[int], None]
    ) -> Told:
        self._use(session)
        form = {"upload_phase": "transfer", "upload_session_id": session["id"], "start_offset": str(offset)}
        blocks = self._remote.blocks(film.path, offset, length, on_block)
        try:
            values = self._graph.post_file(f"/{session['node']}/videos", form, blocks, length)
            start, end = first_piece(values, PassingFault)
        except WrongOffset as wrong:
            start, end = wrong.start, wrong.end
        except NotAPage as refused:
            raise refused.error from None
        if not 0 <= start <= min(end, film.size):
            raise UploadRefusedError("badOffset", f"Facebook asks for the bytes {start} to {end}")
        if start == end and start < film.size:
            raise UploadRefusedError("badOffset", f"Facebook stops at byte {start} of {film.size}")
        session["start"], session["end"] = start, end
        return Told(start, {} if start == end else None)

    def ask(self, session: dict[str, Any], size: int) -> Told:
        """Return where it was: Facebook has no such question, and answers a piece at a wrong place by the right one."""
        if session["start"] == session["end"]:
            return Told(size, {})
        return Told(int(session["start"]))

    def finish(self, session: dict[str, Any]) -> dict[str, Any]:
        self._use(session)
        wanted = self._parameters
        form = {
            "upload_phase": "finish",
            "upload_session_id": session["id"],
            "title": wanted.title,
            "description": wanted.description,
        }
        try:
            values = self._graph.post(f"/{session['node']}/videos", form)
        except NotAPage as refused:
            raise refused.error from None
        except WrongOffset as wrong:
            raise UploadRefusedError("badOffset", f"Facebook still asks for the bytes from {wrong.start} on") from None
        if values.get("success") is not True:
            raise PassingFault("it does not say that it has published the video")
        return {}

    def published(self, session: dict[str, Any]) -> dict[str, Any] | None:
        return {} if self._video(session).get("published") is True else None

    def _video(self, session: dict[str, Any]) -> dict[str, Any]:
        self._use(session)
        try:
            return self._graph.get(f"/{session['video']}", "permalink_url,published,status")
        except NotAPage as refused:
            raise refused.error from None

    def confirm(
        self, session: dict[str, Any], answer: dict[str, Any], film: dict[str, Any], patience: Patience
    ) -> dict[str, Any]:
        warnings: list[str] = []
        video: dict[str, Any] = {}
        try:
            video = patience.call(lambda: self._video(session))
        except TaskCancelledError:
            raise
        except TaskError as error:
            warnings.append(f"Facebook has published the video; its address could not be asked ({error})")
        status = video.get("status")
        if isinstance(status, dict) and status.get("video_status") == "error":
            warnings.append("Facebook says that it could not process the video")
        link = str(video.get("permalink_url") or f"/watch/?v={session['video']}")
        return {
            "output": urljoin(SITE, link),
            "duration": film["duration"],
            "warnings": warnings,
        }

    def abandon(self, session: dict[str, Any]) -> None:
        self._use(session)
        form = {"upload_phase": "cancel", "upload_session_id": session["id"]}
        with contextlib.suppress(PassingFault, TaskError, NotAPage, WrongOffset):
            self._graph.post(f"/{session['node']}/videos", form, timeout_seconds=ABANDON_SECONDS)


def _may_publish(page: Any) -> bool:
    """Whether a Page of the list is one that the person may publish to."""
    if not isinstance(page, dict) or not isinstance(page.get("access_token"), str):
        return False
    if not str(page.get("id") or "").isalnum():
        return False
    tasks = page.get("tasks")
    return isinstance(tasks, list) and "CREATE_CONTENT" in tasks
