"""The same page through the command line and through the API, and what the parameters do."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.service import Service

PAGE = (
    "<title>Page</title><base href='http://foo.com/'><img src=a.jpg width=640 height=480>"
    "<img src=b.jpg width=100 height=900><img src=c.jpg><img src=one.gif width=1 height=1><img src=/spacer.gif>"
    "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='><img src='https://www.facebook.com/tr?id=1'>"
    "<video src=d.mp4 width=1280 height=720></video>"
)


def test_the_command_line_and_the_api_give_the_same(site, tmp_path):
    (tmp_path / "page.html").write_text(PAGE)
    program = Path(sys.executable).with_name("dragon")
    url = site.put("/page.html", PAGE)

    printed = subprocess.run(
        [program, "run", "html.scrape", "url=page.html"], cwd=tmp_path, capture_output=True, check=True
    )

    async def ask(dragon):
        connection = await dragon.connect()
        answer = await connection.exchange(dragon.create({"task_name": "html.scrape", "url": url}, block=True))
        connection.close()
        return json.loads(answer.body)[0]

    with Service() as dragon:
        status = asyncio.run(ask(dragon))
    assert status["status"] == "success", status
    assert status["result"] == json.loads(printed.stdout)
    assert [hit["url"] for hit in status["result"]["hits"]] == [f"http://foo.com/{name}" for name in KEPT]
    assert status["result"]["page_title"] == "Page"


KEPT = ["a.jpg", "b.jpg", "c.jpg", "d.mp4"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, KEPT),
        ({"min_width": 101}, ["a.jpg", "c.jpg", "d.mp4"]),
        ({"min_width": 640}, ["a.jpg", "c.jpg", "d.mp4"]),
        ({"min_width": 641, "min_height": 721}, ["c.jpg"]),
        ({"min_height": 481}, ["b.jpg", "c.jpg", "d.mp4"]),
        ({"limit": 2}, ["a.jpg", "b.jpg"]),
        ({"limit": 2, "min_width": 101}, ["a.jpg", "c.jpg"]),
    ],
)
def test_hits_are_chosen_by_their_declared_size_and_number(scrape, parameters, expected):
    hits = scrape(PAGE, **parameters).hits

    assert [hit["url"].removeprefix("http://foo.com/") for hit in hits] == expected


def test_everything_is_kept_when_asked_for(scrape):
    urls = [hit["url"] for hit in scrape(PAGE, keep_all=True).hits]

    assert urls == [
        "http://foo.com/a.jpg",
        "http://foo.com/b.jpg",
        "http://foo.com/c.jpg",
        "http://foo.com/one.gif",
        "http://foo.com/spacer.gif",
        "data:image/gif;base64,R0lGODlhAQABAAAAACw=",
        "https://www.facebook.com/tr?id=1",
        "http://foo.com/d.mp4",
    ]


def test_urls_are_relative_to_the_address_that_answered(run_task, site):
    site.put("/far/away.html", "<img src=a.jpg>")
    url = site.put("/near.html", "", status=302, Location="/far/away.html")

    (hit,) = run_task("html.scrape", url=url).hits

    assert hit["url"] == f"{site.url}/far/a.jpg"


def test_the_charset_of_the_header_counts(scrape):
    page = "<meta charset=utf-8><title>привет</title>".encode("koi8-r")

    assert scrape(page, content_type="text/html; charset=koi8-r").page_title == "привет"


@pytest.mark.parametrize(
    ("markup", "title"),
    [
        ("<title> A \n B </title>", "A B"),
        ("<svg><title>no</title></svg><title>yes</title>", "yes"),
        ("<title>A &amp; B</title><title>second</title>", "A & B"),
        ("<meta property=og:title content='Open  graph'>", "Open graph"),
        ("<p>none", ""),
        ("<title></title><p>", ""),
    ],
)
def test_the_title_is_the_one_a_browser_shows(scrape, markup, title):
    assert scrape(markup).page_title == title
