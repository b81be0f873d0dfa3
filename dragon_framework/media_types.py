"""Media types by file suffix, the same on every machine.

The registry of the operating system (`mimetypes`) differs from machine to machine and
lacks newer types, so the answer a client gets would depend on the host. Types as
registered with IANA, and the common name where none is registered.
"""

MEDIA_TYPES = {
    ".3gp": "video/3gpp",
    ".aac": "audio/aac",
    ".avi": "video/x-msvideo",
    ".avif": "image/avif",
    ".bin": "application/octet-stream",
    ".bmp": "image/bmp",
    ".csv": "text/csv",
    ".dat": "application/octet-stream",
    ".flac": "audio/flac",
    ".flv": "video/x-flv",
    ".gif": "image/gif",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".html": "text/html",
    ".ico": "image/vnd.microsoft.icon",
    ".jp2": "image/jp2",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".jxl": "image/jxl",
    ".m4a": "audio/mp4",
    ".mkv": "video/matroska",
    ".mov": "video/quicktime",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".mpg": "video/mpeg",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".ogv": "video/ogg",
    ".opus": "audio/ogg",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".psd": "image/vnd.adobe.photoshop",
    ".qoi": "image/qoi",
    ".svg": "image/svg+xml",
    ".tga": "image/x-tga",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".ts": "video/mp2t",
    ".txt": "text/plain",
    ".vtt": "text/vtt",
    ".wav": "audio/vnd.wave",
    ".webm": "video/webm",
    ".webp": "image/webp",
    ".wma": "audio/x-ms-wma",
    ".wmv": "video/x-ms-wmv",
    ".xml": "application/xml",
    ".zip": "application/zip",
}

UNKNOWN = "application/octet-stream"


def media_type_of(name: str) -> str:
    """Return the media type that the suffix of *name* stands for; `application/octet-stream` if unknown."""
    dot = name.rfind(".")
    return MEDIA_TYPES.get(name[dot:].lower(), UNKNOWN) if dot >= 0 else UNKNOWN
