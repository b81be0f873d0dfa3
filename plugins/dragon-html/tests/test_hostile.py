"""What is no page, what is broken, and what is made to take minutes."""

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dragon_framework.errors import SourceTooLargeError, SourceUnavailableError, TaskError, UnreadableSourceError
from dragon_framework.testing import check_task
from dragon_html.scrape import html_scrape


def test_it_keeps_the_contract():
    check_task("html.scrape", hostile=True)


@pytest.mark.parametrize(
    ("body", "content_type", "told"),
    [
        (b"", "text/html", "it is empty"),
        (b" \r\n\t", "text/html", "it is empty"),
        (b"\xef\xbb\xbf", "text/html", "it is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "image/png", "a PNG image"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "text/html", "a PNG image"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "text/html", "a JPEG image"),
        (b"%PDF-1.7\n", "application/pdf", "a PDF document"),
        (b"%PDF-1.7\n", "text/html", "a PDF document"),
        (b"<html>", "application/pdf", "the server says that it is application/pdf"),
        (b'{"a": "<img src=a.jpg>"}', "application/json", "the server says that it is application/json"),
        (b'{"a": "<img src=a.jpg>"}', "text/html", "it is JSON"),
        (b'[{"a": 1}]', None, "it is JSON"),
        (b"a,b\n1,2\n", "text/csv", "the server says that it is text/csv"),
        (b"hello", "text/plain", "nor does it begin like one"),
        (b"hello", None, "nor does it begin like one"),
        (b"<?xml version='1.0'?><rss></rss>", "application/xml", "nor does it begin like one"),
    ],
)
def test_what_is_no_page_is_refused_and_told_what_it_is(run_task, site, body, content_type, told):
    with pytest.raises(UnreadableSourceError, match="is not an HTML page") as raised:
        run_task("html.scrape", url=site.put("/a", body, content_type))

    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<img src=a.jpg>", None),
        ("<!-- x --> <!DOCTYPE html><img src=a.jpg>", "text/plain"),
        ("<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><img src='a.jpg'/></html>", "text/xml"),
        ("<img src=a.jpg>", "application/xhtml+xml"),
        ("{{ not JSON }} <img src=a.jpg>", "text/html"),
    ],
)
def test_a_page_is_known_by_its_type_or_its_beginning(run_task, site, body, content_type):
    assert len(run_task("html.scrape", url=site.put("/a", body, content_type)).hits) == 1


def test_a_missing_page_is_told_with_its_status(run_task, site):
    with pytest.raises(SourceUnavailableError, match="404 Not Found"):
        run_task("html.scrape", url=site.put("/a", "<img src=a.jpg>", status=404))


def test_a_redirect_loop_ends(run_task, site):
    url = site.put("/a", "", status=302, Location="/a")

    with pytest.raises(SourceUnavailableError, match="redirects more than"):
        run_task("html.scrape", url=url)


def test_a_page_of_20_megabytes_is_refused_by_its_size(run_task, site):
    url = site.put("/a", b"<p>" + b"x" * 20_000_000)

    with pytest.raises(SourceTooLargeError, match="larger than the 16777216 bytes"):
        run_task("html.scrape", url=url)


def test_the_largest_page_is_a_setting(run_task, site, monkeypatch):
    monkeypatch.setenv("DRAGON_HTML_MAX_BYTES", "9")

    with pytest.raises(SourceTooLargeError, match="larger than the 9 bytes"):
        run_task("html.scrape", url=site.put("/a", "<p>1234567"))


@pytest.mark.timeout(20)
@pytest.mark.parametrize("tag", ["div", "b", "ul", "table", "svg", "x-y", "a", "select", "font id={}"])
def test_ten_thousand_nested_elements_give_a_result_or_an_error(scrape, tag):
    markup = "".join(f"<{tag.format(n)}>" for n in range(10_000)) + "<img src=a.jpg>"

    try:
        hits = scrape(markup).hits
    except UnreadableSourceError as error:
        assert "nested too deeply" in str(error)  # noqa: PT017  # either is right
    else:
        assert len(hits) == 1 or tag in {"svg", "select"}  # an img ends an svg; a select may have none


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("markup", "told"),
    [
        ("<div>" * 100_000, "nested too deeply"),
        ("<div>" * 100_000 + "</div>" * 100_000, "nested too deeply"),
        ("<p>" + "<ul><li>" * 100_000, "nested too deeply"),
        ("<img " + " ".join(f"a{n}" for n in range(1_000_000)) + " src=a.jpg>", "too many attributes"),
        ("<img " + " ".join(f"a{n}='>'" for n in range(200_000)) + " x" * 1000, "too many attributes"),
        (
            "<p>" + "".join(f"<b id={n}>" for n in range(1000)) + "</p><p>x" * 10_000,
            "too many formatting elements open",
        ),
    ],
    ids=["deep", "balanced", "lists", "attributes", "quoted", "formatting"],
)
def test_a_page_that_would_take_minutes_is_refused(scrape, markup, told):
    with pytest.raises(UnreadableSourceError, match=told):
        scrape(markup)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "markup",
    [
        "<p>a" * 500_000,
        "<a href=x>b</a>" * 200_000,
        "<" * 1_000_000,
        "<a " * 1_000_000,
        '<a b="' * 500_000,
        "<!--" * 500_000,
        "<style>/*" + "/*" * 500_000,
        "<style>" + "url(" * 300_000,
        "<style>" + "@font-face{" * 200_000,
        "<style>" + 'url("' * 300_000,
        "<p style='" + "width:" * 200_000 + "'>",
        "<img srcset='" + "a " * 500_000 + "'>",
        "<img srcset='" + "," * 500_000 + "'>",
        "<img srcset='" + "a (" * 300_000 + "'>",
        "<base href='" + "/" * 100_000 + "'><img src=a>",
        "<script type=application/ld+json>" + '{"image":' * 100_000,
        "<script type=application/ld+json>[" + '"a",' * 300_000 + "1]",
    ],
    ids=lambda markup: markup[:14],
)
def test_long_repetitions_take_no_longer_than_their_length(scrape, markup):
    try:
        scrape(markup)
    except UnreadableSourceError as error:
        assert "parsed in seconds" in str(error)  # noqa: PT017  # either is right


@pytest.mark.parametrize(
    "url",
    [
        "http://[",
        "http://[::1",
        "http://a b/",
        "//",
        "http://",
        "javascript:alert(1)",
        "mailto:a@b.c",
        "about:blank",
        "blob:http://foo.com/1",
        "http://foo.com:99999/a.jpg",
        "http://%00/",
        "ftp://foo.com/a.jpg",
        "http://foo.com/" + "a" * 10000,
        "",
        " ",
        "#a",
        "x:y",
    ],
)
def test_a_url_that_is_none_is_no_hit_and_hides_no_other(scrape, site, url):
    hits = scrape(f"<img src='{url}'><img src='ok.jpg'>").hits

    assert [hit["url"] for hit in hits] == [f"{site.url}/dir/ok.jpg"]


class Context:
    """The little of a context that the task needs, around bytes."""

    def __init__(self, path, content_type):
        self.path = path
        self.settings = html_scrape.settings()
        self.content_type = content_type

    def fetch(self, url, *, max_bytes=None):
        return self.path

    def origin(self, path):
        from dragon_framework import Origin

        return Origin("http://foo.com/dir/page", self.content_type)


fragments = st.sampled_from(
    [
        b"<",
        b">",
        b"<img src=",
        b"srcset='",
        b"'",
        b'"',
        b"a.jpg",
        b" 2x,",
        b"<style>",
        b"url(",
        b")",
        b"</style>",
        b"<base href=",
        b"<meta charset=",
        b"shift_jis",
        b"utf-16le",
        b"<script type=application/ld+json>",
        b"</script>",
        b'{"image":"',
        b'{"@type":"VideoObject","embedUrl":',
        b"}",
        b"http://youtu.be/",
        b"<!--",
        b"\xff\xfe",
        b"\x00",
        b"<picture>",
        b"<template shadowrootmode=open>",
        b"<svg>",
        b"<iframe srcdoc='",
        b"<div style=",
        b"<video poster=",
        b"<meta property=og:image content=",
        b"<div itemscope itemtype=/VideoObject>",
        b"<meta itemprop=contentUrl content=",
        b"\\",
        b"\n",
        b"/*",
        b"@font-face{",
        b"image-set(",
        b"&amp;",
        b"data:",
        b"http://[",
        b"<a href=",
    ]
)


@settings(max_examples=300, deadline=5000, suppress_health_check=list(HealthCheck))
@given(
    body=st.binary(max_size=300) | st.lists(fragments | st.binary(max_size=4), max_size=40).map(b"".join),
    content_type=st.sampled_from(["text/html", "", "text/html; charset=utf-16", "text/html;charset=iso-2022-jp"]),
    keep_all=st.booleans(),
)
@example(body=b"\x1b$B" * 100, content_type="text/html; charset=iso-2022-jp", keep_all=False)
def test_any_bytes_give_a_result_or_an_error_for_the_client(tmp_path, body, content_type, keep_all):
    path = tmp_path / "page"
    path.write_bytes(body)
    parameters = html_scrape.parameters(url="http://foo.com/dir/page", keep_all=keep_all)

    try:
        output = html_scrape(parameters, Context(path, content_type))
    except TaskError as error:
        assert str(error)  # noqa: PT017  # either is right
        return

    urls = [hit.url for hit in output.hits]
    assert len(urls) == len(set(urls))
    assert all(
        url.startswith(("http://", "https://", "data:") if keep_all else ("http://", "https://")) for url in urls
    )
    json.dumps(output.page_title)
    from msgspec import json as msgspec_json

    msgspec_json.encode(output)
