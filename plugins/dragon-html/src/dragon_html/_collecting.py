"""The hits of a page while it is read: each file once, what is no picture left out.

In: files with what the page says of them. Out: hits, in the order in which they were
first named. Stands on `_providers` and `_urls`.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple, cast

from dragon_framework.fields import MAX_SIDE_PIXELS
from dragon_html._providers import Film, film_at
from dragon_html._urls import Resolver
from dragon_html.hits import Candidate, Hit, Kind, Source

MAX_CANDIDATES = 200

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg", ".bmp", ".ico", ".apng", ".tif", ".tiff")
VIDEO_SUFFIXES = (".mp4", ".m4v", ".webm", ".mov", ".ogv", ".m3u8", ".mpd", ".avi", ".mkv", ".flv", ".3gp")

_SPACER = re.compile(
    r"/(?:[a-z_-]*(?:spacer|blank|transparent|clear|placeholder|shim|dot)|pixel|trans|empty|1x1|"
    r"[a-z_-]*[-_](?:pixel|1x1)|1x1[-_][a-z_-]*)\.(?:gif|png)$",
    re.IGNORECASE,
)
_TRACKER = re.compile(
    r"https?://(?:[^/]*\.)?(?:facebook\.com/tr(?:[/?]|$)|google-analytics\.com/|googletagmanager\.com/|doubleclick\.net/|"
    r"bat\.bing\.com/|px\.ads\.linkedin\.com/|scorecardresearch\.com/|quantserve\.com/|mc\.yandex\.ru/watch/|"
    r"pixel\.wp\.com/|ct\.pinterest\.com/|analytics\.twitter\.com/|t\.co/i/adsct|secure\.adnxs\.com/|"
    r"sb\.scorecardresearch\.com/|pixel\.quantserve\.com/)"
)

_MAY_TRACK = re.compile(
    r"facebook|google|doubleclick|bing|linkedin|scorecard|quantserve|yandex|wp\.com|pinterest|twitter|/t\.co|adnxs"
)


class File(NamedTuple):
    """A file as the page names it.

    `rank` says how good a reason there is to take it for the picture itself: 0 for `src`, which may
    be a placeholder, 1 for a `srcset`, 2 for what scripts load late.
    """

    url: str | None
    width: int | None = None
    density: float | None = None
    media_type: str | None = None
    rank: int = 0


class _Draft:
    """A hit that may still grow."""

    __slots__ = ("candidates", "facts", "film", "kind", "source", "url")

    def __init__(self, kind: Kind, url: str, source: Source, film: Film | None) -> None:
        self.kind = kind
        self.url = url
        self.source: Source = source
        self.film = film
        self.facts: dict[str, object] = {}
        self.candidates: dict[str, Candidate] = {}

    def know(self, **facts: object) -> None:
        """Fill in what was not known before."""
        for name, fact in facts.items():
            if fact is not None and fact != "" and self.facts.get(name) is None:
                self.facts[name] = fact

    def hit(self) -> Hit:
        facts = dict(self.facts)
        if (film := self.film) is not None:
            facts["provider"] = film.provider
            facts.setdefault("page_url", film.page_url)
            facts.setdefault("embed_url", film.embed_url)
            facts.setdefault("thumbnail", film.thumbnail)
        return Hit(
            type=self.kind,
            url=self.url,
            source=self.source,
            candidates=list(self.candidates.values()),
            **facts,  # type: ignore[arg-type]  # fields of Hit by name
        )


class Collector:
    """Takes what a page names, in order; gives hits.

    Args:
        resolve: Makes URLs absolute.
        keep_all: Whether spacers and trackers are hits.
        limit: Most hits.
        smallest: Smallest declared (width, height) of a hit.
    """

    def __init__(self, resolve: Resolver, *, keep_all: bool, limit: int, smallest: tuple[int, int]) -> None:
        self.resolve = resolve
        self._keep_all = keep_all
        self._limit = limit
        self._smallest = smallest
        self._drafts: list[_Draft] = []
        self._owners: dict[str, _Draft] = {}
        self._hosts: dict[str, bool] = {}

    @property
    def full(self) -> bool:
        """Whether there are as many hits as were asked for."""
        return len(self._drafts) >= self._limit

    def hits(self) -> list[Hit]:
        """Return the hits; what was found to be too small since it was taken is left out."""
        return [
            draft.hit()
            for draft in self._drafts
            if not self._too_small(
                cast("int | None", draft.facts.get("width")), cast("int | None", draft.facts.get("height"))
            )
        ]

    def add(  # what a page can say, all by name
        self,
        kind: Kind,
        source: Source,
        files: Sequence[File],
        *,
        title: str | None = None,
        width: int | None = None,
        height: int | None = None,
        thumbnail: str | None = None,
    ) -> None:
        """Take one picture or film that may have several files, best one unknown."""
        known: dict[str, File] = {}
        for file in files:
            url = self.resolve(file.url) if file.url else None
            if url is None or (not self._keep_all and self._is_nothing(url)):
                continue
            if url not in known or (file.width or 0, file.density or 0) > (
                known[url].width or 0,
                known[url].density or 0,
            ):
                known[url] = file
        if not known or (not self._keep_all and _is_pixel(width, height)):
            return
        best = max(known, key=lambda url: _size(known[url])) if len(known) > 1 else next(iter(known))
        file = known[best]
        if file.width is not None and file.width != width:  # the file's own width, not that of its place
            height = round(file.width * height / width) if width and height else None
            width = file.width
        draft = self._draft(kind, best, source, film_at(best) if kind == "video" else None, (width, height))
        if draft is None:
            return
        draft.know(title=_text(title), width=_side(width), height=_side(height), media_type=file.media_type)
        draft.know(thumbnail=thumbnail)
        if len(known) > 1:
            for url, other in known.items():
                if url != draft.url and url not in draft.candidates and len(draft.candidates) < MAX_CANDIDATES:
                    draft.candidates[url] = Candidate(
                        url=url, width=other.width, density=other.density, media_type=other.media_type
                    )
                    self._owners.setdefault(url, draft)

    def add_film(  # noqa: PLR0913  # as above
        self,
        source: Source,
        *,
        file: str | None = None,
        embed: str | None = None,
        page: str | None = None,
        thumbnail: str | None = None,
        title: str | None = None,
        width: int | None = None,
        height: int | None = None,
        media_type: str | None = None,
    ) -> bool:
        """Take a film of which the page names the file, the player or the page; return whether it is one.

        A page alone makes a film only if it is one of a provider.
        """
        file_url, embed_url, page_url = self.resolve(file), self.resolve(embed), self.resolve(page)
        film = next((found for url in (embed_url, page_url, file_url) if url and (found := film_at(url))), None)
        url = file_url or embed_url or (page_url if film else None)
        if url is None or (not self._keep_all and self._is_nothing(url)):
            return False
        draft = self._draft("video", url, source, film, (width, height))
        if draft is None:
            return False
        if embed_url is None and film and film.embedded and url.startswith("http"):
            embed_url = url
        for other in (file_url, embed_url):
            if other and other != draft.url and other != embed_url and other not in draft.candidates:
                draft.candidates[other] = Candidate(url=other)
        draft.know(
            title=_text(title),
            width=_side(width),
            height=_side(height),
            media_type=media_type,
            thumbnail=self.resolve(thumbnail),
            embed_url=embed_url,
            page_url=page_url,
        )
        return True

    def add_known_film(
        self,
        source: Source,
        url: str,
        film: Film,
        *,
        title: str | None = None,
        width: int | None = None,
        height: int | None = None,
    ) -> None:
        """Take a film of a provider, by the absolute *url* of its player or page."""
        draft = self._draft("video", url, source, film, (width, height))
        if draft is not None:
            draft.know(title=_text(title), width=_side(width), height=_side(height))
            if url.startswith("http"):
                draft.know(**{"embed_url" if film.embedded else "page_url": url})

    def _draft(
        self, kind: Kind, url: str, source: Source, film: Film | None, size: tuple[int | None, int | None]
    ) -> _Draft | None:
        """Return the hit of *url*, a new one if there is none; None if it is too small or one too many."""
        key = f"{film.provider}:{film.key}" if film is not None else url
        draft = self._owners.get(key)
        if draft is not None:
            if draft.film is None:
                draft.film = film
            return draft
        if self.full or self._too_small(*size):
            return None
        draft = _Draft(kind, url, source, film)
        self._drafts.append(draft)
        self._owners[key] = self._owners[url] = draft
        return draft

    def _too_small(self, width: int | None, height: int | None) -> bool:
        return (width is not None and width < self._smallest[0]) or (height is not None and height < self._smallest[1])

    def _is_nothing(self, url: str) -> bool:
        """Whether a file is a spacer or a tracking pixel."""
        host = url[: url.find("/", 8) + 1]
        tracks = self._hosts.get(host)
        if tracks is None:
            tracks = self._hosts[host] = _MAY_TRACK.search(host) is not None
        if tracks and _TRACKER.match(url):
            return True
        path = url.partition("?")[0]
        return path.endswith((".gif", ".png")) and _SPACER.search(path) is not None


def kind_of(url: str, media_type: str | None = None) -> Kind | None:
    """Return what the file is by its declared type, else by the end of its name."""
    if media_type:
        family = media_type.strip().lower().partition("/")[0]
        if family in {"image", "video"}:
            return "image" if family == "image" else "video"
    path = url.partition("?")[0].partition("#")[0].lower()
    if path.endswith(IMAGE_SUFFIXES) and ":" not in path.rpartition("/")[2]:  # `File:A.jpg` is a page of a wiki
        return "image"
    return "video" if path.endswith(VIDEO_SUFFIXES) else None


def _size(file: File) -> tuple[float, float, int]:
    """Return what decides which file is the largest."""
    return (float(file.width or 0), file.density or (1.0 if file.width is None else 0.0), file.rank)


def _is_pixel(width: int | None, height: int | None) -> bool:
    return (width is not None and width <= 1) or (height is not None and height <= 1)


def _side(side: int | None) -> int | None:
    return side if side is not None and 0 <= side <= MAX_SIDE_PIXELS else None


def _text(text: str | None) -> str | None:
    return " ".join(text.split())[:1000] or None if text else None
