"""Whether bytes are a web page: by what the server says, else by how they begin.

In: the bytes, where they came from. Out: None, or what they are instead. A declared page
is believed, as browsers do, unless it begins like a file of another kind or is JSON.
Stands on msgspec alone.
"""

import re
from urllib.parse import urlsplit

import msgspec

from dragon_framework.tasks import Origin

_PAGES = {"text/html", "application/xhtml+xml"}
_VAGUE = {"", "text/plain", "application/octet-stream", "application/xml", "text/xml", "unknown/unknown", "*/*"}
_BEGINNINGS = (
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "a RIFF file (WebP, WAVE, AVI)"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"%PDF-", "a PDF document"),
    (b"PK\3\4", "a ZIP archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"\x1a\x45\xdf\xa3", "a Matroska or WebM film"),
    (b"OggS", "an Ogg file"),
    (b"ID3", "an MP3 file"),
)
_MARKUP = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s++|<\?xml[^>]*+>|<!--.*?-->)*+"
    rb"<(?:!doctype\s+html|html|head|body|title|meta|link|script|style|div|p|table|iframe|h1|font|a|b|br|img|"
    rb"article|main|section|header|nav|span|ul|picture|video|figure)(?=[\s/>])",
    re.IGNORECASE | re.DOTALL,
)


def what_instead(data: bytes, origin: Origin) -> str | None:
    """Return what *data* is if it is no web page, as the end of a sentence; None if it is one."""
    if not data.strip(b" \t\r\n\f\0\xef\xbb\xbf"):
        return "it is empty"
    for beginning, name in _BEGINNINGS:
        if data.startswith(beginning):
            return f"it is {name}"
    if data[4:8] == b"ftyp":
        return "it is a film or picture in an MP4 container"
    declared = origin.content_type.partition(";")[0].strip().lower()
    if declared not in _PAGES | _VAGUE:
        return f"the server says that it is {declared[:100]}"
    if data.lstrip()[:1] in {b"{", b"["} and _is_json(data):
        return "it is JSON"
    if declared in _PAGES or (not declared and _named_as_page(origin.url)):
        return None
    return None if _MARKUP.match(data) else "neither the server says so, nor does it begin like one"


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _named_as_page(url: str) -> bool:
    try:
        return urlsplit(url).path.lower().endswith((".html", ".htm", ".xhtml"))
    except ValueError:
        return False
