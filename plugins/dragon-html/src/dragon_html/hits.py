"""What a hit is: one picture or film of a page, as clients read it. Light: schema alone."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from dragon_framework.fields import Margin

Kind: TypeAlias = Literal["image", "video"]

Source: TypeAlias = Literal[
    "img",
    "picture",
    "video",
    "audio",
    "object",
    "embed",
    "iframe",
    "input",
    "svg",
    "css",
    "attribute",
    "link",
    "open-graph",
    "twitter",
    "json-ld",
    "microdata",
    "a",
]

Provider: TypeAlias = Literal["youtube", "vimeo", "dailymotion", "wistia", "facebook", "tiktok"]


class Candidate(Struct, frozen=True, kw_only=True, gc=False):
    """Another file of the same picture or film."""

    url: Annotated[str, Meta(description="Absolute URL of the file.")]
    width: Annotated[Margin | None, Meta(description="Its width by a descriptor such as `800w`.")] = None
    density: Annotated[float | None, Meta(description="Its density by a descriptor such as `2x`.")] = None
    media_type: Annotated[str | None, Meta(description="Its media type, where the page gives one.")] = None


class Hit(Struct, frozen=True, kw_only=True, gc=False):
    """One picture or film."""

    type: Annotated[Kind, Meta(description="What it is.")]
    url: Annotated[
        str,
        Meta(
            description="Absolute URL of the file; of a film that a provider shows, the URL by which the page names it."
        ),
    ]
    source: Annotated[
        Source,
        Meta(
            description="Where it was found: the element; `css` for a style, `attribute` for `background`, `data-bg` "
            "and the like on any element, `a` for a link to a film or a picture."
        ),
    ]
    title: Annotated[str | None, Meta(description="Its title, name or alternative text.")] = None
    width: Annotated[Margin | None, Meta(description="Width that the page declares.")] = None
    height: Annotated[Margin | None, Meta(description="Height that the page declares.")] = None
    media_type: Annotated[str | None, Meta(description="Media type that the page declares, such as `video/mp4`.")] = (
        None
    )
    candidates: Annotated[
        list[Candidate],
        Meta(
            description="The other files of the same picture or film: smaller ones of a `srcset`, other formats, the "
            "placeholder that a script replaces."
        ),
    ] = []
    provider: Annotated[Provider | None, Meta(description="Of a film: the service that shows it.")] = None
    page_url: Annotated[str | None, Meta(description="Of a film: the page on which people watch it.")] = None
    embed_url: Annotated[str | None, Meta(description="Of a film: the URL of its player, for a frame.")] = None
    thumbnail: Annotated[str | None, Meta(description="Of a film: the URL of a picture of it.")] = None
