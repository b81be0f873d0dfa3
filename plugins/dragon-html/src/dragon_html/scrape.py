"""``html.scrape``: the pictures and films of a web page, found without a browser."""

from typing import Annotated

from msgspec import Meta

from dragon_framework import Output, Parameters, TaskContext, task
from dragon_framework.fields import MAX_SIDE_PIXELS, SourceUrl
from dragon_html.hits import Hit
from dragon_html.settings import HtmlSettings

MAX_HITS = 10_000

_SIDE = Meta(ge=0, le=MAX_SIDE_PIXELS, extra_json_schema={"x-unit": "px"})


class HtmlScrapeParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the html page.")]
    min_width: Annotated[
        Annotated[int, _SIDE],
        Meta(description="Leave out hits that declare a smaller width; those that declare none stay."),
    ] = 0
    min_height: Annotated[
        Annotated[int, _SIDE],
        Meta(description="Leave out hits that declare a smaller height; those that declare none stay."),
    ] = 0
    limit: Annotated[int, Meta(ge=1, le=MAX_HITS, description="Most hits, the first of the page.")] = MAX_HITS
    keep_all: Annotated[
        bool, Meta(description="If true, tracking pixels, spacers and `data:` URLs are hits as well.")
    ] = False


class HtmlScrapeOutput(Output, frozen=True, kw_only=True):
    hits: Annotated[list[Hit], Meta(description="The pictures and films, in the order of the page, each once.")]
    page_title: Annotated[str, Meta(description="Title of the page; empty if it has none.")]


@task(
    "html.scrape",
    seconds=60.0,
    memory_bytes=2 * 2**30,
    cacheable=True,
    settings=HtmlSettings,
    preload=("dragon_html._page",),
)
def html_scrape(parameters: HtmlScrapeParameters, ctx: TaskContext) -> HtmlScrapeOutput:
    """Scrape html webpage to return videos & images found.

    The page is decoded (byte order mark, then the server's charset, then `meta`) and parsed as
    browsers do it, broken markup too; scripts are not run, and nothing but the page is fetched: not
    its style sheets, not its frames.

    **Where it looks.** `img` and `picture` with `srcset`, and the attributes from which scripts load
    late (`data-src`, `data-srcset`, `data-original`, ...), `noscript`, `video`, `audio` (its poster),
    `source`, `object`, `embed`, `input`, images inside inline SVG, `url(...)` and `image-set(...)` in
    `style` attributes and elements, `background` and `data-bg`, `link` (icons, `image_src`, preloads),
    Open Graph, Twitter cards, JSON-LD, microdata, frames and links of YouTube, Vimeo, Dailymotion,
    Wistia, Facebook and TikTok, and links to files whose names end like those of pictures and films.

    **One picture, one hit.** Of all files of an `img` or `picture` the largest is the hit: by its `w`
    descriptor, then by its `x` descriptor, then the one for late loading, then `src`; the others are
    its `candidates`. A file that was named before is no second hit. The width of a hit is that of its
    `w` descriptor, else the one of the attribute, of the style or of the metadata.

    **URLs** are absolute, by `base href` or the address that answered, in the form in which browsers
    write them, without `#fragment`; what is not http or https is no hit.

    **Left out** unless `keep_all` is true: `data:` URLs (placeholders and what is small enough to lie
    in the page), pictures whose declared width or height is 0 or 1 px, files named like spacers
    (`spacer.gif`, `blank.gif`, `1x1.png`, ...), and the pixels of well-known trackers.

    A page of more than 10000 hits gives the first 10000.
    """
    from dragon_html._page import read_page

    path = ctx.fetch(parameters.url, max_bytes=ctx.settings.max_bytes)
    title, hits = read_page(path.read_bytes(), ctx.origin(path), parameters)
    return HtmlScrapeOutput(hits=hits, page_title=title)
