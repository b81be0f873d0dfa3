"""The parsers beneath the task: srcset, CSS, URLs, encodings, the films of providers."""

import codecs
from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragon_html._css import css_urls
from dragon_html._decoding import decode
from dragon_html._providers import film_at
from dragon_html._srcset import parse_srcset
from dragon_html._urls import Resolver


@pytest.mark.parametrize(
    ("srcset", "expected"),
    [
        ("a.jpg", [("a.jpg", None, None)]),
        ("a.jpg 1x, b.jpg 2.5x", [("a.jpg", None, 1.0), ("b.jpg", None, 2.5)]),
        ("a.jpg 100w,b.jpg 200w", [("a.jpg", 100, None), ("b.jpg", 200, None)]),
        ("a.jpg, b.jpg 2x", [("a.jpg", None, None), ("b.jpg", None, 2.0)]),
        ("a,b.jpg 1x, c,d.jpg", [("a,b.jpg", None, 1.0), ("c,d.jpg", None, None)]),
        ("data:,a ( , b 1x", []),  # a comma within parentheses ends nothing, and these are no descriptor
        ("data:,a ( , ) 1x, b 1x", [("b", None, 1.0)]),
        (",, a.jpg 1x ,,", [("a.jpg", None, 1.0)]),
        ("a.jpg 0w, b.jpg -1x, c.jpg 1w 1x, d.jpg 1.5w, e.jpg 1q, f.jpg x, g.jpg 2w", [("g.jpg", 2, None)]),
        ("a.jpg 100w 50h", [("a.jpg", 100, None)]),
        ("a.jpg 50h", []),
        ("a.jpg 1e1x", [("a.jpg", None, 10.0)]),
        ("\ta.jpg\n2x\f,\rb.jpg", [("a.jpg", None, 2.0), ("b.jpg", None, None)]),
        ("", []),
        (" , ", []),
    ],
)
def test_a_srcset_is_read_by_the_rules_of_the_standard(srcset, expected):
    """HTML, 4.8.4.2.1, and the cases of its tests that have no other meaning here."""
    assert list(parse_srcset(srcset)) == expected


@given(st.text("a ,(x)1w.\n", max_size=60))
def test_no_url_of_a_srcset_is_empty_or_ends_with_a_comma(srcset):
    assert all(one.url and not one.url.endswith(",") for one in parse_srcset(srcset))


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("a { background: url(a.png) }", ["a.png"]),
        ("a { background: URL( 'a b.png' ) }", ["a b.png"]),
        ('a { background: url("a).png"), url(b.png) }', ["a).png", "b.png"]),
        (r"a { background: url(a\).png) }", ["a).png"]),
        (r"a { background: url(a\20 b.png) }", ["a b.png"]),
        (r"a { background: url('\61.png') }", ["a.png"]),
        ("/* url(a.png) */ a { content: 'url(b.png)' }", []),
        ("@font-face { font-family: 'x}'; src: url(a.woff2) } b { mask: url(m.svg) }", ["m.svg"]),
        (
            "@import url(a.css); @import 'b.css'; @namespace svg url(http://foo.com/svg); c{content:url(d)}",
            ["d"],
        ),
        ("a { background: image-set('a.png' 1x, url(b.png) 2x) }", ["a.png", "b.png"]),
        ("a { background: -webkit-image-set(url(a.png) 1x) }", ["a.png"]),
        ("a { background: image-set('a.avif' type('image/avif')) ; content: 'no' }", ["a.avif"]),
        ("a { behavior: url(a.htc) } b { src: my-url(c.png) }", []),
        ("a { background: url(a b.png) } c { background: url(d.png) }", ["d.png"]),  # a bad URL, by CSS Syntax 4.3.6
        ("a { background: url(a.png", ["a.png"]),
    ],
)
def test_the_pictures_of_css_are_found_and_nothing_else(css, expected):
    assert list(css_urls(css)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b.png", "http://foo.com/a/b.png"),
        ("../b.png", "http://foo.com/b.png"),
        ("../../../b.png", "http://foo.com/b.png"),
        ("/b.png", "http://foo.com/b.png"),
        ("//bar.com/b.png", "http://bar.com/b.png"),
        ("\\\\bar.com\\b.png", "http://bar.com/b.png"),
        ("?b", "http://foo.com/a/page?b"),
        ("http:b.png", "http://foo.com/a/b.png"),
        ("HTTPS://BAR.com:443/%7eb c.png#x", "https://bar.com/%7eb%20c.png"),
        (" \n b\n.p\tng ", "http://foo.com/a/b.png"),
        ("http://müller.de/ü?ü", "http://xn--mller-kva.de/%C3%BC?%C3%BC"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("#here", None),
        ("javascript:a.png", None),
        ("data:image/png;base64,AA", None),
        ("http://[", None),
        ("http://a b/", None),
    ],
)
def test_a_url_is_made_absolute_as_browsers_do(text, expected):
    """By the rules of the URL standard, for a page at `http://foo.com/a/page?q#f`."""
    assert Resolver("http://foo.com/a/page?q#f")(text) == expected


names = st.text("abc01-_~.", min_size=1, max_size=8)


@given(base=st.lists(names, max_size=4), path=st.lists(names, min_size=1, max_size=5), root=st.booleans())
def test_plain_paths_are_joined_as_by_the_standard_library(base, path, root):
    document = f"http://foo.com/{'/'.join(base)}"
    text = ("/" if root else "") + "/".join(path)

    expected = urljoin(document, text)

    assert Resolver(document)(text) == expected.replace("/./", "/")


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("http://bar.com/x/", "http://bar.com/x/a.png"),
        ("/x/y", "http://foo.com/x/a.png"),
        ("//bar.com", "http://bar.com/a.png"),
        ("data:,", "http://foo.com/d/a.png"),  # HTML, 4.2.3: neither data: nor javascript:
        ("javascript:1", "http://foo.com/d/a.png"),
        ("http://[", "http://foo.com/d/a.png"),
    ],
)
def test_a_base_counts_unless_it_is_no_url(base, expected):
    resolve = Resolver("http://foo.com/d/page")

    resolve.rebase(base)

    assert resolve("a.png") == expected


TITLE = "<title>Grüße 日本</title>"


@pytest.mark.parametrize(
    ("data", "content_type", "expected"),
    [
        ("é".encode(), "", "é"),
        ("é".encode("cp1252"), "", "é"),
        ("é".encode(), "text/html; charset=iso-8859-1", "Ã©"),  # latin-1 means windows-1252
        (b"\x80", "text/html; charset=latin1", "€"),
        ("日本".encode("shift_jis"), 'text/html; charset="Shift_JIS"', "日本"),
        ("日本".encode("euc-jp"), "text/html;charset=euc-jp", "日本"),
        ("中文".encode("gbk"), "text/html; charset=GB2312", "中文"),
        ("привет".encode("koi8-r"), "text/html; charset=koi8-r", "привет"),
        (codecs.BOM_UTF8 + "é".encode(), "text/html; charset=koi8-r", "é"),  # the mark wins
        (codecs.BOM_UTF16_LE + "é".encode("utf-16-le"), "", "é"),
        (codecs.BOM_UTF16_BE + "é".encode("utf-16-be"), "text/html; charset=utf-8", "é"),
        ("é".encode("utf-16-be"), "text/html; charset=utf-16be", "é"),
        ("é".encode(), "text/html; charset=nonsense", "é"),
        (b"\xff", "text/html; charset=utf-8", "\ufffd"),
    ],
)
def test_a_page_is_decoded_by_mark_header_or_its_bytes(data, content_type, expected):
    assert decode(data, content_type) == expected


@pytest.mark.parametrize(
    ("meta", "codec"),
    [
        ("<meta charset=windows-1251>", "cp1251"),
        ("<META CHARSET='windows-1251' >", "cp1251"),
        ('<meta name=a content=b><meta http-equiv="Content-Type" content="text/html; charset=windows-1251">', "cp1251"),
        ("<!-- <meta charset=koi8-r> --><meta charset=windows-1251>", "cp1251"),
        ("<meta charset=utf-16>", "utf-8"),  # it was read as ASCII, so it is none
        ("<meta name=charset content='charset=koi8-r'>", "utf-8"),
        (" " * 1024 + "<meta charset=koi8-r>", "utf-8"),  # too late
    ],
)
def test_a_meta_element_within_1024_bytes_tells_the_encoding(meta, codec):
    page = f"{meta}<title>привет</title>"

    assert decode(page.encode(codec), "") == page
    assert decode(page.encode("utf-8"), "text/html; charset=utf-8") == page  # the header wins


@pytest.mark.parametrize(
    ("url", "provider", "key", "embedded"),
    [
        ("https://www.youtube.com/watch?list=x&v=aqz-KE-bpKQ", "youtube", "aqz-KE-bpKQ", False),
        ("https://m.youtube.com/watch?v=aqz-KE-bpKQ&t=9", "youtube", "aqz-KE-bpKQ", False),
        ("https://youtu.be/aqz-KE-bpKQ?si=x", "youtube", "aqz-KE-bpKQ", False),
        ("https://www.youtube-nocookie.com/embed/aqz-KE-bpKQ", "youtube", "aqz-KE-bpKQ", True),
        ("https://www.youtube.com/v/aqz-KE-bpKQ", "youtube", "aqz-KE-bpKQ", True),
        ("https://www.youtube.com/live/aqz-KE-bpKQ", "youtube", "aqz-KE-bpKQ", False),
        ("https://www.youtube.com/embed/videoseries?list=PLx", "youtube", "PLx", True),
        ("https://vimeo.com/76979871", "vimeo", "76979871", False),
        ("https://vimeo.com/76979871/8272103f6e", "vimeo", "76979871", False),
        ("https://vimeo.com/groups/shortfilms/videos/76979871", "vimeo", "76979871", False),
        ("https://player.vimeo.com/video/76979871?h=8272103f6e", "vimeo", "76979871", True),
        ("https://www.dailymotion.com/video/x7tgad0", "dailymotion", "x7tgad0", False),
        ("https://geo.dailymotion.com/player/x1.html?video=x7tgad0", "dailymotion", "x7tgad0", True),
        ("https://foo.wistia.com/medias/j38ihh83m5", "wistia", "j38ihh83m5", False),
        ("https://fast.wistia.com/embed/iframe/j38ihh83m5", "wistia", "j38ihh83m5", True),
        ("https://www.facebook.com/foo/videos/10153231379946729/", "facebook", "10153231379946729", False),
        ("https://fb.watch/abc123/", "facebook", "abc123", False),
        ("https://www.tiktok.com/@a.b/video/6718335390845095173", "tiktok", "6718335390845095173", False),
        ("https://www.tiktok.com/embed/v2/6718335390845095173", "tiktok", "6718335390845095173", True),
    ],
)
def test_a_film_is_known_by_its_url(url, provider, key, embedded):
    film = film_at(url)

    assert film is not None
    assert (film.provider, film.key, film.embedded) == (provider, key, embedded)
    again = film_at(film.embed_url)
    assert again is not None
    assert again.key == key


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/",
        "https://www.youtube.com/watch?v=short",
        "https://www.youtube.com/@foo",
        "https://notyoutube.com/watch?v=aqz-KE-bpKQ",
        "https://foo.com/?u=https://youtu.be/aqz-KE-bpKQ",
        "https://vimeo.com/about",
        "https://vimeo.com/video/76979871",
        "https://www.facebook.com/foo/photos/1",
        "https://www.facebook.com/plugins/video.php?href=x",
        "https://www.tiktok.com/@a",
        "https://dai.ly/",
    ],
)
def test_other_urls_of_providers_are_no_films(url):
    assert film_at(url) is None
