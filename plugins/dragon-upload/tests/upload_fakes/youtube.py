"""YouTube's `videos.insert` by the resumable protocol, and the calls for thumbnails and playlists."""

import re

from upload_fakes.server import reply

UNIT = 262_144


def error(status, reason, message, domain="youtube.video", **more):
    """An error as Google's APIs write it."""
    return reply(
        status,
        {
            "error": {
                "code": status,
                "message": message,
                "errors": [{"message": message, "domain": domain, "reason": reason}],
                **more,
            }
        },
    )


class FakeYouTube:
    token = "youtube-token-canary-5"
    key = "developer-key-canary-6"

    def __init__(self):
        self.sessions = {}
        self.thumbnails = {}
        self.playlist = []
        self.privacy = None
        self.location = "{url}/upload/youtube/v3/videos?uploadType=resumable&upload_id={id}"
        self.done_status = 200
        self.cancelled = []
        self.misuse = []

    def operation(self, request):
        if request.path == "/upload/youtube/v3/videos":
            if "upload_id" not in request.query:
                return "youtube.start"
            if request.method == "DELETE":
                return "youtube.delete"
            return "youtube.ask" if "*" in request.headers.get("content-range", "") else "youtube.put"
        return "youtube.thumbnail" if "thumbnails" in request.path else "youtube.playlist"

    @property
    def published(self):
        return [session for session in self.sessions.values() if session["video"]]

    def answer(self, request):
        if request.bearer != self.token:
            request.body()
            return error(401, "authError", "Invalid Credentials", "global")
        if request.path == "/youtube/v3/playlistItems":
            self.playlist.append(request.json()["snippet"])
            return reply(200, {"kind": "youtube#playlistItem"})
        if request.path == "/upload/youtube/v3/thumbnails/set":
            self.thumbnails[request.query["videoId"]] = (request.headers["content-type"], request.body())
            return reply(200, {"kind": "youtube#thumbnailSetResponse"})
        if "upload_id" not in request.query:
            return self.start(request)
        number = request.query["upload_id"]
        session = self.sessions.get(number)
        if session is None:
            request.body()
            return reply(404, "Not Found")
        if request.method == "DELETE":
            self.cancelled.append(number)
            if not session["video"]:
                del self.sessions[number]
            return reply(499)
        return self.put(request, session)

    def start(self, request):
        body = request.json()
        if "key" in request.query and request.query["key"] != self.key:
            return error(400, "keyInvalid", "Bad Request", "usageLimits")
        if request.query.get("uploadType") != "resumable":
            return error(400, "badRequest", "wrong uploadType")
        snippet, status = body["snippet"], body["status"]
        if not 1 <= len(snippet["title"]) <= 100 or set(snippet["title"]) & set("<>"):
            return error(400, "invalidTitle", "The request metadata specifies an invalid or empty video title.")
        if len(snippet["description"].encode()) > 5000:
            return error(400, "invalidDescription", "The request metadata specifies an invalid video description.")
        if not isinstance(snippet["categoryId"], str):
            return error(400, "invalidCategoryId", "The categoryId is no string.")
        if "publishAt" in status and status["privacyStatus"] != "private":
            return error(400, "invalidPublishAt", "The request metadata specifies an invalid scheduled time.")
        number = f"upload-id-canary-{len(self.sessions)}"
        size = int(request.headers["x-upload-content-length"])
        self.sessions[number] = {
            "size": size,
            "data": bytearray(),
            "body": body,
            "query": dict(request.query),
            "video": None,
        }
        return reply(200, Location=self.location.format(url=self.server.url, id=number))

    def put(self, request, session):
        data, size = session["data"], session["size"]
        if session["video"]:
            request.body()
            return reply(self.done_status, session["video"])
        found = re.fullmatch(r"bytes (\*|(\d+)-(\d+))/(\d+)", request.headers.get("content-range", ""))
        if not found or int(found[4]) != size:
            request.body()
            return reply(400, "Failed to parse Content-Range header.")
        if found[1] == "*":
            return self.incomplete(session)
        first, last = int(found[2]), int(found[3])
        if last + 1 < size and (last + 1 - first) % UNIT:
            request.body()
            return reply(400, "The piece is no multiple of 262144 bytes.")
        if first != len(data):
            request.body()
            return self.incomplete(session)
        for block in request.blocks():
            data += block
        return self.settled(session)

    def settled(self, session):
        if len(session["data"]) < session["size"]:
            return self.incomplete(session)
        number = f"video{len(self.published):06d}"
        privacy = self.privacy or session["body"]["status"]["privacyStatus"]
        session["video"] = {
            "kind": "youtube#video",
            "id": number,
            "status": {"uploadStatus": "uploaded", "privacyStatus": privacy},
        }
        return reply(self.done_status, session["video"])

    def incomplete(self, session, **headers):
        if session["data"]:
            headers["Range"] = f"bytes=0-{len(session['data']) - 1}"
        return reply(308, **headers)

    def partly(self, request, keep):
        data = request.body()
        session = self.sessions.get(request.query.get("upload_id"))
        found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", request.headers.get("content-range", ""))
        if session and found and int(found[1]) == len(session["data"]):
            kept = data if keep is None else data[: keep if keep >= 0 else len(data) // UNIT * UNIT]
            session["data"] += kept
            if len(session["data"]) == session["size"]:
                self.settled(session)
