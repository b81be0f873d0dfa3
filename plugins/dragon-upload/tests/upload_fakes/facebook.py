"""Facebook's Graph API: Pages, chunked publishing, the facts of a video."""

import hashlib
import hmac
import json
from urllib.parse import parse_qsl

from upload_fakes.server import reply

VERSION = "/v26.0"


def error(code, message="An error", subcode=None, status=400, transient=False, **more):
    """An error as the Graph API writes it."""
    body = {"message": message, "type": "OAuthException", "code": code, "is_transient": transient, "fbtrace_id": "Cx"}
    if subcode is not None:
        body["error_subcode"] = subcode
    return reply(status, {"error": body | more})


class FakeFacebook:
    page_token = "facebook-page-token-canary-7"
    user_token = "facebook-user-token-canary-8"
    app = "1234567890"
    secret = "facebook-app-secret-canary-9"

    def __init__(self):
        self.sessions = {}
        self.pages = [{"id": "555", "name": "Our Page", "access_token": self.page_token, "tasks": ["CREATE_CONTENT"]}]
        self.pages_at_once = 25
        self.proof_required = False
        self.piece = 1_000_000
        self.permalink = "/reel/{id}/"
        self.says_published = True
        self.cancelled = []
        self.misuse = []

    def operation(self, request):
        path = request.path.removeprefix(VERSION)
        if path == "/debug_token":
            return "facebook.debug"
        if path == "/me/accounts":
            return "facebook.accounts"
        if not path.endswith("/videos"):
            return "facebook.video"
        head = request.reader.peek(8192)[:8192]
        for phase in ("start", "transfer", "finish", "cancel"):
            if f"upload_phase={phase}".encode() in head or f'"upload_phase"\r\n\r\n{phase}'.encode() in head:
                return f"facebook.{phase}"
        return "facebook.post"

    @property
    def published(self):
        return [session for session in self.sessions.values() if session["published"]]

    def answer(self, request):
        if not request.path.startswith(VERSION):
            self.misuse.append("no version")
        path = request.path.removeprefix(VERSION)
        fields, piece = self.read(request)
        token = request.bearer
        if path == "/debug_token":
            if token != f"{self.app}|{self.secret}":
                return error(190, "Invalid OAuth access token.")
            kind = "PAGE" if fields["input_token"] == self.page_token else "USER"
            valid = fields["input_token"] in {self.page_token, self.user_token}
            return reply(200, {"data": {"type": kind, "is_valid": valid, "scopes": ["pages_show_list"]}})
        if token not in {self.page_token, self.user_token, *(page["access_token"] for page in self.pages)}:
            return error(190, "Error validating access token: Session has expired", 463, 401)
        proof = fields.get("appsecret_proof")
        if proof is None and self.proof_required:
            return error(100, "API calls from the server require an appsecret_proof argument")
        if proof is not None and proof != hmac.new(self.secret.encode(), token.encode(), hashlib.sha256).hexdigest():
            return error(100, "Invalid appsecret_proof provided in the API argument")
        if path == "/me/accounts":
            return self.accounts(token, fields)
        if path.endswith("/videos"):
            return self.videos(path.split("/")[1], token, fields, piece)
        session = next((one for one in self.sessions.values() if one["video"] == path[1:]), None)
        if session is None:
            return error(100, "Unsupported get request. Object does not exist", 33)
        body = {"id": session["video"], "published": session["published"] and self.says_published}
        body["status"] = {"video_status": "processing"}
        if self.permalink and session["published"]:
            body["permalink_url"] = self.permalink.format(id=session["video"])
        return reply(200, body)

    def accounts(self, token, fields):
        if token != self.user_token:
            return error(100, "Tried accessing nonexisting field (accounts)")
        begin = int(fields.get("after", "0"))
        end = begin + self.pages_at_once
        paging = {"cursors": {"after": str(end)}} | ({"next": "https://graph.test/"} if end < len(self.pages) else {})
        return reply(200, {"data": self.pages[begin:end], "paging": paging})

    def videos(self, node, token, fields, piece):
        own = {page["id"]: page["access_token"] for page in self.pages}
        if token == self.user_token or own.get(node, token) != token:
            return error(100, "(#100) No permission to publish the video")
        phase = fields["upload_phase"]
        if phase == "start":
            number = str(2000 + len(self.sessions) + len(self.cancelled))
            size = int(fields["file_size"])
            self.sessions[number] = session = {
                "video": f"1{number}",
                "size": size,
                "data": bytearray(),
                "published": False,
                "node": node,
            }
            return reply(200, {"video_id": session["video"], "upload_session_id": number, **self.next(session)})
        session = self.sessions.get(fields["upload_session_id"])
        if session is None:
            return error(100, "Unsupported post request. Object does not exist", 33)
        if phase == "cancel":
            self.cancelled.append(self.sessions.pop(fields["upload_session_id"]))
            return reply(200, {"success": True})
        if phase == "transfer":
            wanted = self.next(session)
            if int(fields["start_offset"]) != len(session["data"]):
                return error(6001, "There was a problem uploading your video.", 1363037, error_data=wanted)
            session["data"] += piece
            return reply(200, self.next(session))
        if len(session["data"]) != session["size"]:
            return error(6000, "There was a problem uploading your video file.", 1363033)
        if session["published"]:
            return error(100, "The upload session was already finished", 1363005)
        session["published"] = True
        session["texts"] = (fields["title"], fields["description"])
        return reply(200, {"success": True})

    def next(self, session):
        start = len(session["data"])
        # pieces of changing size, as Facebook's are
        end = min(session["size"], start + self.piece + (start % 7) * 1000)
        return {"start_offset": str(start), "end_offset": str(end)}

    def read(self, request):
        """Return the fields of a query, a form or a form with a file, and the file."""
        kind = request.headers.get("content-type", "")
        body = request.body()
        if kind.startswith("multipart/"):
            return split(body, kind.rpartition("boundary=")[2])
        return request.query | dict(parse_qsl(body.decode(), keep_blank_values=True)), b""

    def partly(self, request, keep):
        """Facebook keeps nothing of a request that breaks off."""
        request.body()


def split(body, boundary):
    """Return the fields and the file of a multipart form (RFC 7578)."""
    fields, piece = {}, b""
    for part in body.split(f"--{boundary}".encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        content = content[:-2]
        name = head.partition(b'name="')[2].partition(b'"')[0].decode()
        if b"filename=" in head:
            piece = content
        else:
            fields[name] = content.decode()
    return fields, piece


def as_text(offsets):
    """`error_data` as a text, as some versions have it."""
    return json.dumps(offsets)
