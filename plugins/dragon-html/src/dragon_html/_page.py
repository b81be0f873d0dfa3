"""The media of a page: one walk over the elements that can name some, in their order.

In: bytes, where they came from, the parameters. Out: title and hits. Stands on selectolax
(lexbor, which builds the tree as browsers do), `_decoding`, `_guard`, `_collecting`,
`_structured`, `_css` and `_srcset`; import it inside the task's function alone.
"""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser, LexborNode

from dragon_framework.errors import UnreadableSourceError
from dragon_framework.tasks import Origin
from dragon_html._collecting import IMAGE_SUFFIXES, VIDEO_SUFFIXES, Collector, File, kind_of
from dragon_html._css import css_urls
from dragon_html._decoding import decode
from dragon_html._guard import refusal
from dragon_html._kind import what_instead
from dragon_html._providers import PROVIDER_WORDS, film_at, wistia, youtube
from dragon_html._srcset import parse_srcset
from dragon_html._structured import IMAGE_NAMES, film_from, read_json_ld
from dragon_html._urls import Resolver
from dragon_html.hits import Hit, Source

if TYPE_CHECKING:
    from dragon_html.scrape import HtmlScrapeParameters

MAX_INNER = 3
"""How deep documents within documents (`srcdoc`, shadow trees) are read."""

Attributes = dict[str, str | None]

# Attributes from which scripts load a picture late. Of the second kind the value may be something
# else, so it counts only if it ends like a picture.
_LATE = {
    "data-src", "data-original", "data-lazy-src", "data-lazy", "data-lazyload", "data-echo", "data-ll-src",
    "data-cfsrc", "data-actualsrc", "data-delayed-url", "data-hi-res-src", "data-full-src", "data-large-src",
    "data-image-src", "data-img-src", "data-flickity-lazyload", "data-splide-lazy", "data-orig-file", "data-large-file",
    "data-large_image", "data-zoom-image", "data-src-retina", "nitro-lazy-src",
}  # fmt: skip
_PERHAPS_LATE = {"data-image", "data-img", "data-url", "data-source", "data-full", "data-large", "data-retina"}
_LATE_SETS = {
    "data-srcset", "data-lazy-srcset", "data-original-set", "data-lazyload-srcset", "data-flickity-lazyload-srcset",
    "data-splide-lazy-srcset", "data-bgset", "nitro-lazy-srcset",
}  # fmt: skip
_BACKGROUNDS = {
    "background", "data-bg", "data-background", "data-background-image", "data-bg-src", "data-bg-image",
    "data-lazy-background", "data-bgset", "data-poster",
}  # fmt: skip
_ICONS = {
    "icon",
    "apple-touch-icon",
    "apple-touch-icon-precomposed",
    "apple-touch-startup-image",
    "mask-icon",
    "image_src",
}

# What is always looked for, and what only if a word of it is in the page: each selector is tried on each element.
_ALWAYS = "picture, img, video, audio, object, embed, iframe, input, image, use, link, meta, script, style, a[href]"
_IF_NAMED = {
    "style": "[style]",
    "background": "[background]",
    "data-src": "[data-src]",
    "data-bg": "[data-bg], [data-bg-src], [data-bg-image], [data-bgset]",
    "data-background": "[data-background], [data-background-image]",
    "data-lazy-background": "[data-lazy-background]",
    "data-poster": "[data-poster]",
    "shadowrootmode": "template[shadowrootmode]",
    "amp-": "amp-img, amp-video, amp-iframe, amp-youtube, amp-vimeo",
    "lite-": "lite-youtube, lite-vimeo",
    "feimage": "feImage",
    "<blockquote": "blockquote[cite]",
    "fb-video": ".fb-video",
    "wistia_async_": '[class*="wistia_async_"]',
}
_PERHAPS_MEDIA = re.compile(
    "|".join(re.escape(word) for word in (*PROVIDER_WORDS, *IMAGE_SUFFIXES, *VIDEO_SUFFIXES)), re.IGNORECASE
)
_ANYWHERE = _BACKGROUNDS | {"style", "data-src", "class"}
_LENGTH = re.compile(r"\s*\+?([0-9]{1,6})(?:\.[0-9]*)?\s*(?:px)?\s*(?:$|;)", re.IGNORECASE)
_STYLE_WIDTH = re.compile(r"(?:^|;)\s*width\s*:\s*([0-9]{1,6})(?:\.[0-9]+)?px", re.IGNORECASE)
_STYLE_HEIGHT = re.compile(r"(?:^|;)\s*height\s*:\s*([0-9]{1,6})(?:\.[0-9]+)?px", re.IGNORECASE)
_SIZES = re.compile(r"\s*([0-9]{1,5})x([0-9]{1,5})", re.IGNORECASE)
_WISTIA_CLASS = re.compile(r"wistia_async_([a-zA-Z0-9]{6,20})")
_SPACES = re.compile(r"\s")


def read_page(data: bytes, origin: Origin, parameters: "HtmlScrapeParameters") -> tuple[str, list[Hit]]:
    """Return the title and the hits of a page.

    Raises:
        UnreadableSourceError: If it is no web page, or one that would take minutes to parse.
    """
    if (problem := what_instead(data, origin)) is not None:
        raise UnreadableSourceError(parameters.url, "an HTML page", problem)
    text = decode(data, origin.content_type)
    if (problem := refusal(text)) is not None:
        raise UnreadableSourceError(parameters.url, "an HTML page that can be parsed in seconds", problem)
    tree = LexborHTMLParser(text)
    resolve = Resolver(origin.url, keep_data=parameters.keep_all)
    if (base := tree.css_first("base[href]")) is not None:
        resolve.rebase(base.attributes["href"] or "")
    collector = Collector(
        resolve,
        keep_all=parameters.keep_all,
        limit=parameters.limit,
        smallest=(parameters.min_width, parameters.min_height),
    )
    _Walk(collector).over(text, tree)
    return _title(tree), collector.hits()


def _title(tree: LexborHTMLParser) -> str:
    for node in tree.css("title"):
        if not _within_svg(node):
            return " ".join(node.text().split())
    named = tree.css_first('meta[property="og:title"]')
    return " ".join((named.attributes.get("content") or "").split()) if named is not None else ""


def _within_svg(node: LexborNode) -> bool:
    parent = node.parent
    for _ in range(200):
        if parent is None:
            return False
        if parent.tag == "svg":
            return True
        parent = parent.parent
    return True


class _Walk:
    """One pass over a tree. What belongs together but stands apart (Open Graph) is held until it is whole."""

    def __init__(self, collector: Collector, depth: int = 0) -> None:
        self._collector = collector
        self._depth = depth
        self._done: set[int] = set()
        self._graph: dict[str, str] = {}
        self._card_read = False
        self._tree: LexborHTMLParser | None = None

    def over(self, text: str, tree: LexborHTMLParser) -> None:
        """Hand all media of *text*, parsed as *tree*, to the collector."""
        self._tree = tree
        done = self._done
        lower = text.lower()
        selector = ", ".join([_ALWAYS, *(one for word, one in _IF_NAMED.items() if word in lower)])
        for node in tree.css(selector):
            if node.mem_id in done:
                continue
            if self._collector.full:
                return
            done.add(node.mem_id)
            tag = node.tag or ""
            attributes = node.attributes
            if tag != "meta" and self._graph:
                self._end_of_graph()
            read = _READERS.get(tag)
            if read is not None:
                read(self, node, attributes)
            if not _ANYWHERE.isdisjoint(attributes):
                self._any_element(tag, attributes)
        self._end_of_graph()

    # Elements that show pictures.

    def img(self, node: LexborNode, attributes: Attributes) -> None:
        self._picture_of("img", list(_image_files(attributes)), attributes)

    def picture(self, node: LexborNode, attributes: Attributes) -> None:
        files: list[File] = []
        shown = attributes
        for child in node.css("source, img, amp-img"):
            self._done.add(child.mem_id)
            inner = child.attributes
            if child.tag != "source":
                shown = inner
            files += _image_files(inner, inner.get("type"))
            if inner.get("style"):
                self._any_element("img", inner)
        self._picture_of("picture", files, shown)

    def _picture_of(self, source: Source, files: list[File], attributes: Attributes) -> None:
        width, height = _declared(attributes)
        self._collector.add(
            "image",
            source,
            files,
            title=attributes.get("alt") or attributes.get("title") or attributes.get("aria-label"),
            width=width,
            height=height,
        )

    def input(self, node: LexborNode, attributes: Attributes) -> None:
        if (attributes.get("type") or "").lower() == "image":
            self._picture_of("input", [File(attributes.get("src"))], attributes)

    def svg_image(self, node: LexborNode, attributes: Attributes) -> None:
        self._picture_of("svg", [File(attributes.get("href") or attributes.get("xlink:href"))], attributes)

    def use(self, node: LexborNode, attributes: Attributes) -> None:
        self._collector.add("image", "svg", [File(attributes.get("href") or attributes.get("xlink:href"))])

    def link(self, node: LexborNode, attributes: Attributes) -> None:
        rel = set((attributes.get("rel") or "").lower().split())
        files = [File(attributes.get("href"))]
        if rel & _ICONS:
            size = _SIZES.match(attributes.get("sizes") or "")
            width, height = (int(size[1]), int(size[2])) if size else (None, None)
            self._collector.add(
                "image",
                "link",
                [files[0]._replace(media_type=attributes.get("type"))],
                title=attributes.get("title"),
                width=width,
                height=height,
            )
        elif rel & {"preload", "prefetch"}:
            asked = (attributes.get("as") or "").lower()
            if asked == "image":
                files += _from_srcset(attributes.get("imagesrcset"), 1, attributes.get("type"))
                self._collector.add("image", "link", files)
            elif asked == "video":
                self._collector.add("video", "link", files)
        elif "video_src" in rel:
            self._film("link", attributes.get("href"), attributes)
        self._property(node, attributes, attributes.get("href"))

    # Elements that show films, or either.

    def video(self, node: LexborNode, attributes: Attributes) -> None:
        files = [File(attributes.get("src"), media_type=attributes.get("type"), rank=1)]
        files += [
            File(value) for name in ("data-src", "data-lazy-src", "data-video-src") if (value := attributes.get(name))
        ]
        for child in node.iter():
            if child.tag == "source":
                inner = child.attributes
                files += [File(inner.get(name), media_type=inner.get("type")) for name in ("src", "data-src")]
        poster = attributes.get("poster") or attributes.get("data-poster")
        title = attributes.get("title") or attributes.get("aria-label")
        width, height = _declared(attributes)
        self._collector.add(
            "video",
            "video",
            files,
            title=title,
            width=width,
            height=height,
            thumbnail=self._collector.resolve(poster),
        )
        self._collector.add("image", "video", [File(poster)], title=title)

    def audio(self, node: LexborNode, attributes: Attributes) -> None:
        self._collector.add("image", "audio", [File(attributes.get("poster"))], title=attributes.get("title"))

    def object(self, node: LexborNode, attributes: Attributes) -> None:
        self._either("object", attributes.get("data"), attributes)

    def embed(self, node: LexborNode, attributes: Attributes) -> None:
        self._either("embed", attributes.get("src"), attributes)

    def iframe(self, node: LexborNode, attributes: Attributes) -> None:
        for name in ("src", "data-src", "data-lazy-src", "data-cfsrc"):
            self._either("iframe", attributes.get(name), attributes)
        if inner := attributes.get("srcdoc"):
            self._inner(inner)

    def _either(self, source: Source, url: str | None, attributes: Attributes) -> None:
        """Take a frame or object if it is a film of a provider, or a file that is a picture or film."""
        if not url or self._film(source, url, attributes):
            return
        kind = kind_of(url, attributes.get("type"))
        if kind is None:
            return
        width, height = _declared(attributes)
        file = File(url, media_type=attributes.get("type"))
        title = attributes.get("title") or attributes.get("aria-label")
        self._collector.add(kind, source, [file], title=title, width=width, height=height)

    def _film(self, source: Source, url: str | None, attributes: Attributes, title: str | None = None) -> bool:
        """Take a URL if it is that of a provider's film; return whether it is."""
        absolute = self._collector.resolve(url)
        film = film_at(absolute) if absolute else None
        if film is None:
            return False
        width, height = _declared(attributes)
        title = title or attributes.get("title") or attributes.get("aria-label")
        self._collector.add_known_film(source, absolute or "", film, title=title, width=width, height=height)
        return True

    def a(self, node: LexborNode, attributes: Attributes) -> None:
        url = attributes.get("href")
        if not url or not (_PERHAPS_MEDIA.search(url) or "itemprop" in attributes):
            return
        if self._film("a", url, {}, attributes.get("title") or node.text(deep=True)[:200]):
            return
        if (kind := kind_of(url)) is not None:
            self._collector.add(kind, "a", [File(url)], title=attributes.get("title"))
        self._property(node, attributes, url)

    def player(self, node: LexborNode, attributes: Attributes) -> None:
        """Take a custom element that carries the id of a film."""
        video_id = attributes.get("data-videoid") or attributes.get("videoid") or ""
        if "youtube" in (node.tag or ""):
            url = youtube(video_id, embedded=True).embed_url
        else:
            url = f"https://player.vimeo.com/video/{video_id}"
        self._film("embed", url, attributes, attributes.get("playlabel"))

    def quote(self, node: LexborNode, attributes: Attributes) -> None:
        self._film("embed", attributes.get("cite"), {})

    def _inner(self, markup: str) -> None:
        """Read a document within this one."""
        if self._depth < MAX_INNER:
            _Walk(self._collector, self._depth + 1).over(markup, LexborHTMLParser(markup))

    def template(self, node: LexborNode, attributes: Attributes) -> None:
        if (attributes.get("shadowrootmode") or "").lower() in {"open", "closed"}:
            self._inner((node.html or "").replace("<template", "<div", 1))  # as an element its content is reached

    # What describes the page.

    def script(self, node: LexborNode, attributes: Attributes) -> None:
        if "ld+json" in (attributes.get("type") or "").lower():
            read_json_ld(node.text(), self._collector)

    def style(self, node: LexborNode, attributes: Attributes) -> None:
        self._css(node.text())

    def _css(self, css: str) -> None:
        for url in css_urls(css):
            self._collector.add("image", "css", [File(url)])

    def meta(self, node: LexborNode, attributes: Attributes) -> None:
        content = attributes.get("content") or ""
        name = (attributes.get("property") or attributes.get("name") or "").strip().lower()
        if name.startswith(("og:image", "og:video")):
            first = name in {"og:image", "og:video", "og:image:url", "og:video:url"}
            kind = name[:8]
            if self._graph and (kind != self._graph["kind"] or (name == kind and self._graph.get("url"))):
                self._end_of_graph()
            self._graph["kind"] = kind
            self._graph.setdefault("url" if first else name[9:], content)
        elif name.startswith("twitter:") and not self._card_read:
            self._card_read = True
            self._card()
        self._property(node, attributes, content)

    def _end_of_graph(self) -> None:
        """Take a picture or film of Open Graph (ogp.me: properties belong to the one before them)."""
        graph, self._graph = self._graph, {}
        if not graph:
            return
        width, height = _length(graph.get("width")), _length(graph.get("height"))
        title = graph.get("alt")
        urls = [url for name in ("url", "secure_url") if (url := graph.get(name))]
        media_type = graph.get("type")
        if graph["kind"] == "og:image":
            files = [File(url, media_type=media_type, rank=rank) for rank, url in enumerate(urls)]
            self._collector.add("image", "open-graph", files, title=title, width=width, height=height)
            return
        for url in dict.fromkeys(urls[::-1]):
            size = {"width": graph.get("width"), "height": graph.get("height")}
            if self._film("open-graph", url, size, title):
                continue
            if (media_type or "").lower().startswith("text/html") or "flash" in (media_type or ""):
                self._collector.add_film("open-graph", embed=url, title=title, width=width, height=height)
                continue
            file = File(url, media_type=media_type)
            self._collector.add("video", "open-graph", [file], title=title, width=width, height=height)

    def _card(self) -> None:
        """Take the pictures and the film of the Twitter card, whose parts stand anywhere, where its first part is."""
        assert self._tree is not None  # set while it is walked over
        card: dict[str, str] = {}
        for node in self._tree.css('meta[name^="twitter:" i], meta[property^="twitter:" i]'):
            attributes = node.attributes
            name = (attributes.get("name") or attributes.get("property") or "").strip().lower().removeprefix("twitter:")
            card.setdefault({"image:src": "image"}.get(name, name), attributes.get("content") or "")
        for number in range(4):  # of galleries
            self._collector.add("image", "twitter", [File(card.get(f"image{number}"))])
        self._collector.add(
            "image",
            "twitter",
            [File(card.get("image"))],
            title=card.get("image:alt"),
            width=_length(card.get("image:width")),
            height=_length(card.get("image:height")),
        )
        if card.get("player") or card.get("player:stream"):
            self._collector.add_film(
                "twitter",
                file=card.get("player:stream"),
                embed=card.get("player"),
                thumbnail=card.get("image"),
                title=card.get("title"),
                width=_length(card.get("player:width")),
                height=_length(card.get("player:height")),
                media_type=card.get("player:stream:content_type"),
            )

    def _property(self, node: LexborNode, attributes: Attributes, value: str | None) -> None:
        """Take what microdata says in `meta`, `link` and `a`."""
        names = set((attributes.get("itemprop") or "").split())
        if not value or not names & (IMAGE_NAMES | {"contentUrl", "embedUrl", "embedURL"}):
            return
        scope = _scope(node)
        kind = (scope.attributes.get("itemtype") or "") if scope is not None else ""
        if scope is not None and kind.endswith("/VideoObject"):
            if scope.mem_id not in self._done:
                self._done.add(scope.mem_id)
                film_from(_properties(scope), self._collector, "microdata")
        elif names & IMAGE_NAMES or ("contentUrl" in names and kind.endswith("/ImageObject")):
            self._collector.add("image", "microdata", [File(value)])
        elif "contentUrl" in names:
            if (found := kind_of(value)) is not None:
                self._collector.add(found, "microdata", [File(value)])
        else:
            self._collector.add_film("microdata", embed=value)

    def _any_element(self, tag: str, attributes: Attributes) -> None:
        """Take what any element may have: a style, a background, the marks of players that scripts put in."""
        style = attributes.get("style")
        if style and "(" in style:
            self._css(style)
        for name in _BACKGROUNDS & attributes.keys():
            if (value := attributes[name]) and not (name == "data-poster" and tag == "video"):
                self._background(name, value)
        if tag not in _LATE_READERS and (value := attributes.get("data-src")) and kind_of(value) == "image":
            self._collector.add("image", "attribute", [File(value)])
        marks = attributes.get("class")
        if marks:
            if "fb-video" in marks:
                self._film("embed", attributes.get("data-href"), {})
            elif "wistia_async_" in marks and (found := _WISTIA_CLASS.search(marks)):
                self._film("embed", wistia(found[1], embedded=True).embed_url, {})

    def _background(self, name: str, value: str) -> None:
        if name == "data-bgset":
            self._collector.add("image", "attribute", list(_from_srcset(value, 1, None)))
        elif "(" in value:
            self._css(value)
        elif not _SPACES.search(value.strip()) and (name == "background" or "/" in value or kind_of(value) == "image"):
            self._collector.add("image", "attribute", [File(value)])


_READERS: dict[str, Callable[[_Walk, LexborNode, Attributes], None]] = {
    "img": _Walk.img,
    "amp-img": _Walk.img,
    "picture": _Walk.picture,
    "input": _Walk.input,
    "image": _Walk.svg_image,
    "feimage": _Walk.svg_image,
    "feImage": _Walk.svg_image,
    "use": _Walk.use,
    "link": _Walk.link,
    "video": _Walk.video,
    "amp-video": _Walk.video,
    "audio": _Walk.audio,
    "object": _Walk.object,
    "embed": _Walk.embed,
    "iframe": _Walk.iframe,
    "amp-iframe": _Walk.iframe,
    "a": _Walk.a,
    "amp-youtube": _Walk.player,
    "lite-youtube": _Walk.player,
    "amp-vimeo": _Walk.player,
    "lite-vimeo": _Walk.player,
    "blockquote": _Walk.quote,
    "template": _Walk.template,
    "script": _Walk.script,
    "style": _Walk.style,
    "meta": _Walk.meta,
}
_LATE_READERS = {"img", "amp-img", "picture", "source", "video", "amp-video", "iframe", "amp-iframe"}


def _image_files(attributes: Attributes, media_type: str | None = None) -> Iterator[File]:
    """Yield all files that an `img`, or a `source` of a `picture`, names."""
    for name, value in attributes.items():
        if not value:
            continue
        if name == "src":
            yield File(value, media_type=media_type)
        elif name == "srcset":
            yield from _from_srcset(value, 1, media_type)
        elif name in _LATE:
            if ("/" in value or "." in value) and not value.startswith(("{", "[")):
                yield File(value, media_type=media_type, rank=2)
        elif name in _LATE_SETS:
            yield from _from_srcset(value, 2, media_type)
        elif name in _PERHAPS_LATE and kind_of(value) == "image":
            yield File(value, media_type=media_type, rank=2)


def _from_srcset(value: str | None, rank: int, media_type: str | None) -> Iterator[File]:
    for url, width, density in parse_srcset(value or ""):
        yield File(url, width, density, media_type, rank)


def _declared(attributes: Attributes) -> tuple[int | None, int | None]:
    """Return the (width, height) in pixels that attributes or style declare."""
    width, height = _length(attributes.get("width")), _length(attributes.get("height"))
    if (width is None or height is None) and (style := attributes.get("style")):
        found = _STYLE_WIDTH.search(style)
        width = width if width is not None or not found else int(found[1])
        found = _STYLE_HEIGHT.search(style)
        height = height if height is not None or not found else int(found[1])
    return width, height


def _length(text: str | None) -> int | None:
    found = _LENGTH.match(text) if text else None
    return int(found[1]) if found else None


def _scope(node: LexborNode) -> LexborNode | None:
    parent = node.parent
    for _ in range(100):
        if parent is None or "itemscope" in parent.attributes:
            return parent
        parent = parent.parent
    return None


def _properties(scope: LexborNode) -> dict[str, str]:
    """Return the first value of each property of an item, as microdata takes it from the elements."""
    found: dict[str, str] = {}
    for node in scope.css("[itemprop]"):
        attributes = node.attributes
        value = next((url for name in ("content", "src", "href", "data") if (url := attributes.get(name))), None)
        for name in (attributes.get("itemprop") or "").split():
            found.setdefault(name, value if value is not None else node.text())
    return found
