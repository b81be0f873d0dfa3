"""Films that are shown by a provider: what their URLs tell. Pure.

In: an absolute URL. Out: provider, id, and the URLs that follow from them: the page on
which people watch it, the player for a frame, a picture of it. Only what is certain
without asking the provider; Vimeo, Facebook and TikTok keep their pictures under names
that cannot be known.
"""

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import parse_qs, quote

from dragon_html.hits import Provider


class Film(NamedTuple):
    """A film of a provider. `key` is the same for all URLs of it; `embedded`: whether the URL is that of a player."""

    provider: Provider
    key: str
    page_url: str | None
    embed_url: str | None
    thumbnail: str | None
    embedded: bool


PROVIDER_WORDS = ("youtu", "vimeo", "dailymotion", "dai.ly", "wistia", "facebook", "fb.watch", "tiktok")
"""One of these is in every URL of a provider: a quick look before the real one."""

_WORDS = re.compile("|".join(map(re.escape, PROVIDER_WORDS)))
_PARTS = re.compile(r"https?://(?:[^/@?#]*@)?([^/:?#]+)(?::[0-9]*)?(/[^?#]*)?(?:\?([^#]*))?")  # of a normalised URL

_YOUTUBE_PATH = re.compile(r"/(embed|v|e|shorts|live)/([\w-]{11})(?![\w-])")
_YOUTUBE_ID = re.compile(r"[\w-]{11}")
_VIMEO = re.compile(
    r"/(?:(video)/|(?:channels/[^/]+|groups/[^/]+/videos|album/[0-9]+/video|showcase/[0-9]+/video|ondemand/[^/]+)/)?"
    r"([0-9]{4,12})(?:/([0-9a-f]{6,16}))?/?"
)
_DAILYMOTION = re.compile(r"/(embed/)?video/([a-zA-Z0-9]{5,20})(?:_[^/]*)?/?")
_WISTIA = re.compile(r"/(?:(embed)/(?:iframe|medias|playlists)|medias)/([a-zA-Z0-9]{6,20})(?:\.[a-z]+)?/?")
_FACEBOOK = re.compile(r"/(?:[^/]+/videos/(?:[^/]+/)?|reel/|video/)([0-9]{6,25})/?")
_TIKTOK = re.compile(r"/(?:(embed)(?:/v[0-9])?|(player)/v1|(@[^/]*)/video)/([0-9]{6,25})/?")


def film_at(url: str) -> Film | None:
    """Return the film that *url* is the page or the player of; None if it is none."""
    if not _WORDS.search(url):
        return None
    parts = _PARTS.match(url)
    if parts is None:
        return None
    host, path, query = parts[1].removeprefix("www.").removeprefix("m."), parts[2] or "/", parts[3]
    look = _HOSTS.get(host) or _HOSTS.get(".".join(host.rsplit(".", 2)[-2:]))
    if look is None:
        return None
    return look(host, path, {key: values[0] for key, values in parse_qs(query).items()} if query else {}, url)


def youtube(video_id: str, *, embedded: bool) -> Film:
    """Return the film of YouTube's with this id."""
    return Film(
        "youtube",
        video_id,
        f"https://www.youtube.com/watch?v={video_id}",
        f"https://www.youtube.com/embed/{video_id}",
        f"https://i.ytimg.com/vi/{video_id}/hqdefault.jpg",
        embedded,
    )


def wistia(video_id: str, *, embedded: bool) -> Film:
    """Return the film of Wistia's with this id."""
    return Film(
        "wistia",
        video_id,
        None,
        f"https://fast.wistia.net/embed/iframe/{video_id}",
        f"https://fast.wistia.com/embed/medias/{video_id}/swatch",
        embedded,
    )


def vimeo(video_id: str, secret: str | None, *, embedded: bool) -> Film:
    """Return the film of Vimeo's with this id, and the secret of one that is not listed."""
    page = f"https://vimeo.com/{video_id}" + (f"/{secret}" if secret else "")
    player = f"https://player.vimeo.com/video/{video_id}" + (f"?h={secret}" if secret else "")
    return Film("vimeo", video_id, page, player, None, embedded)


def _youtube(host: str, path: str, query: dict[str, str], url: str) -> Film | None:
    if host == "youtu.be":
        found = _YOUTUBE_ID.fullmatch(path[1:12]) if path[12:13] in {"", "/"} else None
        return youtube(found[0], embedded=False) if found else None
    if path == "/watch" and _YOUTUBE_ID.fullmatch(query.get("v", "")):
        return youtube(query["v"], embedded=False)
    if path.startswith("/embed/videoseries") and "list" in query:
        page = f"https://www.youtube.com/playlist?list={quote(query['list'])}"
        return Film("youtube", query["list"], page, url, None, embedded=True)
    if (at := _YOUTUBE_PATH.match(path)) and at[2] != "videoseries":
        return youtube(at[2], embedded=at[1] in {"embed", "v", "e"})
    return None


def _vimeo(host: str, path: str, query: dict[str, str], url: str) -> Film | None:
    found = _VIMEO.fullmatch(path)
    if not found or (host == "player.vimeo.com") != bool(found[1]):
        return None
    return vimeo(found[2], found[3] or query.get("h"), embedded=bool(found[1]))


def _dailymotion(host: str, path: str, query: dict[str, str], url: str) -> Film | None:
    if host == "dai.ly":
        video_id, embedded = path.strip("/"), False
    elif host.startswith("geo.") and path.startswith("/player"):
        video_id, embedded = query.get("video", ""), True
    elif found := _DAILYMOTION.fullmatch(path):
        video_id, embedded = found[2], bool(found[1])
    else:
        return None
    if not re.fullmatch(r"[a-zA-Z0-9]{5,20}", video_id):
        return None
    return Film(
        "dailymotion",
        video_id,
        f"https://www.dailymotion.com/video/{video_id}",
        f"https://www.dailymotion.com/embed/video/{video_id}",
        f"https://www.dailymotion.com/thumbnail/video/{video_id}",
        embedded,
    )


def _wistia(host: str, path: str, query: dict[str, str], url: str) -> Film | None:
    found = _WISTIA.fullmatch(path)
    if not found or path.endswith((".js", ".css")):
        return None
    film = wistia(found[2], embedded=bool(found[1]))
    return film if found[1] else film._replace(page_url=url)


def _facebook(host: str, path: str, query: dict[str, str], url: str) -> Film | None:
    if path.rstrip("/") == "/plugins/video.php":
        inner = film_at(query.get("href", ""))
        if inner is None or inner.provider != "facebook":
            return None
        return inner._replace(embedded=True)
    if host == "fb.watch":
        key = path.strip("/")
        page = url
    elif path.rstrip("/") in {"/watch", "/watch/live", "/video.php"}:
        key = query.get("v", "")
        page = f"https://www.facebook.com/watch/?v={key}"
        if not key.isdecimal():
            return None
    elif found := _FACEBOOK.fullmatch(path):
        key = found[1]
        page = url.partition("?")[0]
    else:
        return None
    if not key:
        return None
    player = f"https://www.facebook.com/plugins/video.php?href={quote(page, safe='')}"
    return Film("facebook", key, page, player, None, embedded=False)


def _tiktok(host: str, path: str, query: dict[str, str], url: str) -> Film | None:
    found = _TIKTOK.fullmatch(path)
    if not found:
        return None
    page = f"https://www.tiktok.com/{found[3]}/video/{found[4]}" if found[3] else None
    return Film("tiktok", found[4], page, f"https://www.tiktok.com/player/v1/{found[4]}", None, embedded=not found[3])


_HOSTS: dict[str, Callable[[str, str, dict[str, str], str], Film | None]] = {
    "youtube.com": _youtube,
    "youtube-nocookie.com": _youtube,
    "youtu.be": _youtube,
    "vimeo.com": _vimeo,
    "dailymotion.com": _dailymotion,
    "dai.ly": _dailymotion,
    "wistia.com": _wistia,
    "wistia.net": _wistia,
    "facebook.com": _facebook,
    "fb.watch": _facebook,
    "tiktok.com": _tiktok,
}
