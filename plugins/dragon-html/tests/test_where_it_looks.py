"""Every place of a page in which pictures and films are named, one by one."""

import json

import pytest

PAGE = "http://foo.com/"


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<img src=a.jpg>", [("image", "/dir/a.jpg", "img")]),
        ("<IMG SRC='/a.jpg'>", [("image", "/a.jpg", "img")]),
        ("<img src=../a.jpg?x=1&amp;copy=2>", [("image", "/a.jpg?x=1&copy=2", "img")]),
        ("<image src=a.jpg>", [("image", "/dir/a.jpg", "img")]),  # browsers read it as img
        ("<input type=image src=go.png>", [("image", "/dir/go.png", "input")]),
        ("<input type=text src=go.png>", []),
        ("<noscript><img src=n.jpg></noscript>", [("image", "/dir/n.jpg", "img")]),
        ("<video src=a.mp4></video>", [("video", "/dir/a.mp4", "video")]),
        (
            "<video src=a.mp4 poster=p.jpg></video>",
            [("video", "/dir/a.mp4", "video"), ("image", "/dir/p.jpg", "video")],
        ),
        ("<video><source src=a.webm></video>", [("video", "/dir/a.webm", "video")]),
        ("<video data-src=a.mp4></video>", [("video", "/dir/a.mp4", "video")]),
        ("<audio src=a.mp3 poster=cover.jpg></audio>", [("image", "/dir/cover.jpg", "audio")]),
        ("<audio><source src=a.mp3></audio>", []),
        ("<object data=a.svg></object>", [("image", "/dir/a.svg", "object")]),
        ("<object data=show type=video/mp4></object>", [("video", "/dir/show", "object")]),
        ("<object data=a.pdf></object>", []),
        ("<embed src=a.mov>", [("video", "/dir/a.mov", "embed")]),
        ("<embed src=chart type=image/svg+xml>", [("image", "/dir/chart", "embed")]),
        ("<iframe src=film.mp4></iframe>", [("video", "/dir/film.mp4", "iframe")]),
        ("<iframe src=page.html></iframe>", []),
        ('<iframe srcdoc="<img src=i.jpg>"></iframe>', [("image", "/dir/i.jpg", "img")]),
        ("<svg><image href=a.png /></svg>", [("image", "/dir/a.png", "svg")]),
        ("<svg><image xlink:href=a.png /></svg>", [("image", "/dir/a.png", "svg")]),
        ("<svg><filter><feImage href=f.png /></filter></svg>", [("image", "/dir/f.png", "svg")]),
        ("<svg><use href=sprite.svg#play /><use href=#here /></svg>", [("image", "/dir/sprite.svg", "svg")]),
        ("<p style='background: url(b.png) no-repeat'>", [("image", "/dir/b.png", "css")]),
        (
            "<img src=a.jpg style='content: url(c.png)'>",
            [("image", "/dir/a.jpg", "img"), ("image", "/dir/c.png", "css")],
        ),
        ("<style>body { background: url('b.png') }</style>", [("image", "/dir/b.png", "css")]),
        ("<body background=b.gif>", [("image", "/dir/b.gif", "attribute")]),
        ("<table><td background=b.gif></table>", [("image", "/dir/b.gif", "attribute")]),
        ("<div data-bg=/b.jpg></div>", [("image", "/b.jpg", "attribute")]),
        ("<div data-bg='url(b.jpg)'></div>", [("image", "/dir/b.jpg", "css")]),
        ("<div data-background=dark></div>", []),
        ("<div data-src=late.webp></div><div data-src=late.js></div>", [("image", "/dir/late.webp", "attribute")]),
        ("<link rel='shortcut icon' href=/favicon.ico>", [("image", "/favicon.ico", "link")]),
        ("<link rel=apple-touch-icon href=t.png>", [("image", "/dir/t.png", "link")]),
        ("<link rel=image_src href=i.jpg>", [("image", "/dir/i.jpg", "link")]),
        ("<link rel=preload as=image href=p.webp>", [("image", "/dir/p.webp", "link")]),
        ("<link rel=preload as=font href=p.woff2><link rel=stylesheet href=s.css>", []),
        ("<link rel=preload as=image imagesrcset='s.jpg 100w, l.jpg 900w'>", [("image", "/dir/l.jpg", "link")]),
        ("<meta property=og:image content=/o.jpg>", [("image", "/o.jpg", "open-graph")]),
        ("<meta name=og:image:secure_url content=/o.jpg>", [("image", "/o.jpg", "open-graph")]),
        (
            "<meta property=og:video content=/o.mp4><meta property=og:video:type content=video/mp4>",
            [("video", "/o.mp4", "open-graph")],
        ),
        ("<meta name=twitter:image content=/t.jpg>", [("image", "/t.jpg", "twitter")]),
        ("<meta name=twitter:image:src content=/t.jpg>", [("image", "/t.jpg", "twitter")]),
        ("<meta name=twitter:player content=/player.html>", [("video", "/player.html", "twitter")]),
        ("<meta itemprop=image content=m.jpg>", [("image", "/dir/m.jpg", "microdata")]),
        ("<link itemprop=thumbnailUrl href=m.jpg>", [("image", "/dir/m.jpg", "microdata")]),
        (
            "<div itemscope itemtype=https://schema.org/ImageObject><a itemprop=contentUrl href=show?id=1>x</a></div>",
            [("image", "/dir/show?id=1", "microdata")],
        ),
        ("<a href=big.JPG>x</a>", [("image", "/dir/big.JPG", "a")]),
        ("<a href=film.webm>x</a>", [("video", "/dir/film.webm", "a")]),
        ("<a href=page.html>x</a><a href=/wiki/File:A.jpg>x</a>", []),
        (
            "<div><template shadowrootmode=open><img src=s.jpg></template></div>",
            [("image", "/dir/s.jpg", "img")],
        ),
        ("<template><img src=t.jpg></template>", []),  # no browser shows it
        ("<!-- <img src=c.jpg> --><script>'<img src=s.jpg>'</script><textarea><img src=t.jpg></textarea>", []),
    ],
)
def test_it_is_found(found, markup, expected):
    assert found(markup) == expected


@pytest.mark.parametrize(
    "name",
    ["data-src", "data-original", "data-lazy-src", "data-lazy", "data-srcset", "data-lazy-srcset", "data-hi-res-src"],
)
def test_what_a_script_loads_late_is_the_hit_and_its_placeholder_a_candidate(scrape, site, name):
    (hit,) = scrape(f"<img src=wait.jpg {name}=real.jpg>").hits

    assert hit["url"] == f"{site.url}/dir/real.jpg"
    assert [one["url"] for one in hit["candidates"]] == [f"{site.url}/dir/wait.jpg"]


def test_an_attribute_that_is_no_url_is_no_file(scrape):
    hits = scrape('<img src=a.jpg data-lazy=true data-src=\'{"a":"b.jpg"}\' data-url=page.html>').hits

    assert [(hit["url"].rpartition("/")[2], hit["candidates"]) for hit in hits] == [("a.jpg", [])]


def test_of_a_srcset_the_widest_is_the_hit(scrape, site):
    """Its width is that of its descriptor, and the height follows: 300 × 1200 / 400."""
    (hit,) = scrape(
        "<img src=s.jpg srcset='m.jpg 800w, l.jpg 1200w' sizes=50vw width=400 height=300 alt=' A  b '>"
    ).hits

    assert hit["url"] == f"{site.url}/dir/l.jpg"
    assert (hit["width"], hit["height"], hit["title"]) == (1200, 900, "A b")
    assert [(one["url"].rpartition("/")[2], one["width"]) for one in hit["candidates"]] == [
        ("s.jpg", None),
        ("m.jpg", 800),
    ]


def test_of_a_srcset_with_densities_the_densest_is_the_hit(scrape):
    (hit,) = scrape("<img src=1.jpg srcset='2.jpg 2x, 3.jpg 3x' width=40 height=30>").hits

    assert hit["url"].endswith("/3.jpg")
    assert (hit["width"], hit["height"]) == (40, 30)
    assert [one["density"] for one in hit["candidates"]] == [None, 2.0]


def test_a_picture_is_one_hit_with_all_its_files(scrape, site):
    (hit,) = scrape(
        "<picture><source type=image/avif srcset='a.avif 400w, b.avif 900w'><source srcset=c.webp type=image/webp>"
        "<img src=d.jpg alt=D></picture>"
    ).hits

    assert (hit["url"], hit["source"], hit["media_type"]) == (f"{site.url}/dir/b.avif", "picture", "image/avif")
    assert hit["title"] == "D"
    assert [one["url"].rpartition("/")[2] for one in hit["candidates"]] == ["a.avif", "c.webp", "d.jpg"]


def test_a_video_knows_its_files_size_and_picture(scrape, site):
    film, poster = scrape(
        "<video title=F width=640 height=360 poster=p.jpg><source src=a.mp4 type=video/mp4><source src=a.webm></video>"
    ).hits

    assert (film["url"], film["media_type"]) == (f"{site.url}/dir/a.mp4", "video/mp4")
    assert (film["title"], film["width"], film["height"]) == ("F", 640, 360)
    assert film["thumbnail"] == poster["url"] == f"{site.url}/dir/p.jpg"
    assert [one["url"] for one in film["candidates"]] == [f"{site.url}/dir/a.webm"]


def test_open_graph_properties_belong_to_the_picture_before_them(scrape, site):
    """As in the example of arrays at ogp.me."""
    hits = scrape(
        "<meta property=og:image content=1.png><meta property=og:image:width content=300>"
        "<meta property=og:image:height content=200><meta property=og:image content=2.png>"
        "<meta property=og:image content=3.png><meta property=og:image:height content=1000>"
    ).hits

    assert [(hit["url"].rpartition("/")[2], hit["width"], hit["height"]) for hit in hits] == [
        ("1.png", 300, 200),
        ("2.png", None, None),
        ("3.png", None, 1000),
    ]


def test_both_addresses_of_an_open_graph_picture_are_one_hit(scrape):
    (hit,) = scrape(
        "<meta property=og:image content=http://foo.com/a.png>"
        "<meta property=og:image:secure_url content=https://foo.com/a.png>"
    ).hits

    assert {hit["url"], *(one["url"] for one in hit["candidates"])} == {
        "http://foo.com/a.png",
        "https://foo.com/a.png",
    }


def test_an_icon_has_the_size_that_its_link_says(scrape):
    (hit,) = scrape("<link rel=icon sizes=48x32 type=image/png href=i.png>").hits

    assert (hit["width"], hit["height"], hit["media_type"]) == (48, 32, "image/png")


def ld(value):
    text = value if isinstance(value, str) else json.dumps(value)
    return f'<script type="application/ld+json">{text}</script>'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"@type": "ImageObject", "contentUrl": "i.jpg"}, [("image", "/dir/i.jpg", "json-ld")]),
        ({"@type": "Article", "image": "i.jpg"}, [("image", "/dir/i.jpg", "json-ld")]),
        (
            {"@type": "Article", "image": ["i.jpg", {"@type": "ImageObject", "url": "j.jpg"}]},
            [("image", "/dir/i.jpg", "json-ld"), ("image", "/dir/j.jpg", "json-ld")],
        ),
        ({"@graph": [{"publisher": {"logo": {"url": "l.png"}}}]}, [("image", "/dir/l.png", "json-ld")]),
        ([{"thumbnailUrl": "t.jpg"}], [("image", "/dir/t.jpg", "json-ld")]),
        ({"contentUrl": "f.mp4"}, [("video", "/dir/f.mp4", "json-ld")]),
        ({"@type": "AudioObject", "contentUrl": "f.mp3"}, []),
        ({"@type": "Person", "url": "i.jpg"}, []),
        ('<!-- {"image": "i.jpg"} -->', [("image", "/dir/i.jpg", "json-ld")]),
        ('{"name": "two\nlines", "image": "i.jpg"}', [("image", "/dir/i.jpg", "json-ld")]),
        ('{"image": "i.jpg"', []),
        ("null", []),
        ("[" * 100_000, []),
    ],
)
def test_json_ld_is_read(found, value, expected):
    assert found(ld(value)) == expected


FILM = {
    "@type": "VideoObject",
    "name": "A film",
    "contentUrl": "f.mp4",
    "embedUrl": "https://player.foo.com/1",
    "thumbnailUrl": ["t.jpg"],
    "width": "1280px",
    "height": {"@type": "QuantitativeValue", "value": 720},
}


def test_a_film_of_json_ld_has_all_that_is_said_of_it(scrape, site):
    film, thumbnail = scrape(ld(FILM)).hits

    assert (film["type"], film["url"], film["title"]) == ("video", f"{site.url}/dir/f.mp4", "A film")
    assert (film["width"], film["height"]) == (1280, 720)
    assert film["embed_url"] == "https://player.foo.com/1"
    assert film["thumbnail"] == thumbnail["url"] == f"{site.url}/dir/t.jpg"


def test_a_film_of_microdata_is_one_hit(scrape, site):
    film, thumbnail = scrape(
        "<div itemscope itemtype=http://schema.org/VideoObject><meta itemprop=name content='A film'>"
        "<link itemprop=embedUrl href=https://player.foo.com/1><meta itemprop=contentUrl content=f.mp4>"
        "<meta itemprop=thumbnailUrl content=t.jpg></div>"
    ).hits

    assert (film["type"], film["url"], film["title"]) == ("video", f"{site.url}/dir/f.mp4", "A film")
    assert (film["source"], film["embed_url"]) == ("microdata", "https://player.foo.com/1")
    assert film["thumbnail"] == thumbnail["url"]


def test_hits_are_in_the_order_of_the_page(found):
    markup = (
        "<meta name=twitter:image content=1.jpg><meta property=og:image content=2.jpg>"
        "<style>a{content:url(3.jpg)}</style>"
        "<p style='background:url(4.jpg)'><img src=5.jpg><video src=6.mp4></video><a href=7.jpg>x</a><img src=8.jpg>"
    )

    assert [url for _, url, _ in found(markup)] == [f"/dir/{n}.{'mp4' if n == 6 else 'jpg'}" for n in range(1, 9)]


def test_nothing_is_a_hit_twice(scrape):
    """A file that was a candidate is no hit of its own; what is said later fills in what was unknown."""
    markup = (
        "<meta property=og:image content=l.jpg><img src=s.jpg srcset='l.jpg 900w' alt=A>"
        "<img src=l.jpg#top><img src=s.jpg>"
    )

    (hit,) = scrape(markup).hits

    assert (hit["source"], hit["title"], hit["width"]) == ("open-graph", "A", 900)
    assert [one["url"].rpartition("/")[2] for one in hit["candidates"]] == ["s.jpg"]
