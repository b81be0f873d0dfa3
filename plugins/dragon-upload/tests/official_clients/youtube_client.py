"""`youtube_client.py URL TOKEN FILM`: uploads as Google's own sample does; prints the video's id."""

import json
import sys
from pathlib import Path

import googleapiclient
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document
from googleapiclient.http import MediaFileUpload

url, token, film = sys.argv[1:]
documents = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
document = json.loads((documents / "youtube.v3.json").read_text())
document["rootUrl"] = document["baseUrl"] = f"{url}/"
document.pop("mtlsRootUrl", None)
youtube = build_from_document(document, credentials=Credentials(token))
body = {
    "snippet": {"title": "A", "description": "B", "tags": ["a", "b c"], "categoryId": "22"},
    "status": {"privacyStatus": "private"},
}
media = MediaFileUpload(film, chunksize=262_144, resumable=True, mimetype="application/octet-stream")
request = youtube.videos().insert(part="snippet,status", body=body, media_body=media)
answer = None
while answer is None:
    _, answer = request.next_chunk(num_retries=5)
print(answer["id"])
