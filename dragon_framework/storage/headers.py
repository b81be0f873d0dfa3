"""HTTP headers of stored files, the same whether the service or a bucket sends them.

A stored file is a client's data under a service's name: what a browser would run as a
page of ours (HTML, SVG, XML, PDF, and anything unknown) is only ever downloaded.
"""

CACHE_CONTROL = "private, max-age=86400"
"""A file is written once; its URL is a secret between the client and the service."""

_SHOWN = ("audio/", "image/", "video/")


def content_disposition(filename: str, media_type: str) -> str:
    """Return the `Content-Disposition` (RFC 6266) of a stored file.

    Args:
        filename: Its name, as `FILENAME` allows it: it needs no escape.
        media_type: Its media type; parameters and upper case do not hide what it is.

    Pictures, sound and films are shown (`inline`), everything else is an `attachment`.
    """
    bare = media_type.partition(";")[0].strip().lower()
    shown = bare.startswith(_SHOWN) and not bare.endswith("xml")  # SVG pictures carry scripts (SVG 1.1, 18)
    return f'{"inline" if shown else "attachment"}; filename="{filename}"'
