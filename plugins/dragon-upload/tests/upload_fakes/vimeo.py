"""Vimeo's API 3.4 and its tus server (tus 1.0), as their pages say."""

import base64

from upload_fakes.server import reply

HTML = "<html><body>Bad gateway</body></html>"


def error(status, code, message, invalid=(), **headers):
    """An error as Vimeo writes it; `invalid` are (field, code, message)."""
    body = {"error": "Something strange occurred.", "link": None, "developer_message": message, "error_code": code}
    if invalid:
        body["invalid_parameters"] = [
            {"field": field, "error_code": number, "error": "no", "developer_message": text}
            for field, number, text in invalid
        ]
    return reply(status, body, **headers)


class FakeVimeo:
    token = "vimeo-token-canary-1"
    converted_token = "vimeo-converted-canary-2"
    pair = ("consumer-key-canary", "consumer-secret-canary")
    old = ("old-token-canary-3", "old-secret-canary-4")

    def __init__(self):
        self.videos = {}
        self.deleted = []
        self.quota = {"space": {"free": 5_000_000_000, "max": 6_000_000_000, "used": 1_000_000_000}}
        self.created_status = 200
        self.in_progress_polls = 0
        self.final_upload_status = "complete"
        self.video_status = "transcoding"
        self.link = "https://vimeo.com/{id}/abcdef0123"
        self.upload_link = "{url}{prefix}/tus/{id}"
        self.misuse = []

    def operation(self, request):
        path, method = request.path, request.method
        if path.startswith("/tus/"):
            return {"PATCH": "vimeo.patch", "HEAD": "vimeo.head"}.get(method, "vimeo.tus")
        if path == "/me":
            return "vimeo.me"
        if path == "/me/videos":
            return "vimeo.start"
        if path.startswith("/oauth/"):
            return "vimeo.convert"
        return "vimeo.delete" if method == "DELETE" else "vimeo.video"

    @property
    def published(self):
        return [video for video in self.videos.values() if len(video["data"]) == video["size"]]

    def answer(self, request):
        if request.path.startswith("/tus/"):
            return self.tus(request)
        if request.path.startswith("/oauth/"):
            return self.convert(request)
        if "version=3.4" not in request.headers.get("accept", ""):
            self.misuse.append("Accept without a version")
        if request.bearer not in {self.token, self.converted_token}:
            request.body()
            return error(401, 8003, "The app didn't receive the user's credentials.")
        if request.path == "/me":
            body = {"uri": "/users/1"}
            return reply(200, body if self.quota is None else body | {"upload_quota": self.quota})
        if request.path == "/me/videos":
            return self.create(request.json())
        video = self.videos.get(request.path.rpartition("/")[2])
        if video is None:
            return error(404, 5000, "The requested video could not be found.")
        if request.method == "DELETE":
            self.deleted.append(self.videos.pop(request.path.rpartition("/")[2]))
            return reply(204)
        return reply(200, self.shown(video, count=True))

    def create(self, body):
        assert body["upload"]["approach"] == "tus"
        if len(body["name"]) > 128:
            return error(400, 2204, "bad", [("name", 2250, "The name is too long.")])
        number = str(700000000 + len(self.videos) + len(self.deleted))
        self.videos[number] = video = {"id": number, "size": body["upload"]["size"], "data": bytearray(), "body": body}
        shown = self.shown(video)
        shown["upload"]["upload_link"] = self.upload_link.format(url=self.server.url, prefix=self.prefix, id=number)
        return reply(self.created_status, shown)

    def shown(self, video, *, count=False):
        done = len(video["data"]) == video["size"]
        status = "in_progress"
        if done:
            if self.in_progress_polls > 0:
                self.in_progress_polls -= count
            else:
                status = self.final_upload_status
        link = self.link.format(id=video["id"]) if self.link else None
        upload = {"approach": "tus", "status": status, "size": video["size"]}
        return {
            "uri": f"/videos/{video['id']}",
            "link": link,
            "upload": upload,
            "transcode": {"status": "complete"},
            "status": self.video_status,
        }

    def convert(self, request):
        basic = base64.b64decode(request.bearer).decode()
        body = request.json()
        if basic != ":".join(self.pair):
            return error(401, 8001, "The client is not known.")
        if (body["token"], body["token_secret"]) != self.old or body["grant_type"] != "vimeo_oauth1":
            return error(400, 8002, "invalid_grant")
        return reply(200, {"access_token": self.converted_token, "token_type": "bearer", "scope": "public upload"})

    def tus(self, request):
        if "authorization" in request.headers:
            self.misuse.append("a token was sent to the tus server")
        video = self.videos.get(request.path.rpartition("/")[2])
        if request.headers.get("tus-resumable") != "1.0.0":
            return reply(412, Tus_Version="1.0.0")
        if video is None:
            request.body()
            return reply(404)
        if request.method == "HEAD":
            return reply(200, Tus_Resumable="1.0.0", Upload_Offset=len(video["data"]), Upload_Length=video["size"])
        if request.headers.get("content-type") != "application/offset+octet-stream":
            return reply(415)
        if int(request.headers["upload-offset"]) != len(video["data"]):
            request.body()
            return reply(409)
        if len(video["data"]) + request.length > video["size"]:
            return reply(413)
        for block in request.blocks():
            video["data"] += block
        return reply(204, Tus_Resumable="1.0.0", Upload_Offset=len(video["data"]))

    def partly(self, request, keep):
        """Read what a fault lets through; keep so many bytes of it, all by default."""
        data = request.body()
        video = self.videos.get(request.path.rpartition("/")[2])
        if request.method == "PATCH" and video and int(request.headers["upload-offset"]) == len(video["data"]):
            video["data"] += data if keep is None else data[:keep]
