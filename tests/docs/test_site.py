"""The site that `make docs` makes: no warning, links that lead somewhere, nothing from elsewhere."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from blocks import ROOT

pytestmark = [pytest.mark.xdist_group("site"), pytest.mark.timeout(600)]

BUILD = ["--quiet", "--fail-on-warning", "--keep-going", "-c", "docs"]


class Page(HTMLParser):
    """The ids and links of a page, and what it loads."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loaded = set(), [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if given.get("src"):
            self.loaded.append(given["src"])
        if tag == "link" and given.get("rel") != "canonical" and given.get("href"):
            self.loaded.append(given["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    directory = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", *BUILD, "-d", directory / "doctrees", ROOT, directory / "html"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return directory / "html"


@pytest.fixture(scope="module")
def site_pages(site):
    return {path: Page(path) for path in site.rglob("*.html")}


def test_the_makefile_builds_it_like_this():
    assert f"-m sphinx {' '.join(BUILD)} " in (ROOT / "Makefile").read_text()


def test_every_page_of_the_repository_is_on_the_site(site):
    pages = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("plugins/*/README.md"), *ROOT.glob("clients/*/README.md")]

    assert [page for page in pages if not (site / page.relative_to(ROOT).with_suffix(".html")).is_file()] == []


def test_every_link_leads_to_a_file_and_a_place_that_are_there(site, site_pages):
    wrong = []
    for path, page in site_pages.items():
        for link in page.links + page.loaded:
            if re.match(r"[a-z][a-z0-9+.-]*:", link):
                continue
            file, _, anchor = link.partition("#")
            target = (path.parent / unquote(file.partition("?")[0])).resolve() if file else path
            if not target.is_file() or (anchor and target in site_pages and anchor not in site_pages[target].ids):
                wrong.append((str(path.relative_to(site)), link))

    assert wrong == []
    assert len(site_pages) > 60


def test_nothing_is_loaded_from_another_place(site, site_pages):
    loaded = {one for page in site_pages.values() for one in page.loaded}
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))

    assert [one for one in loaded if re.match(r"(https?:)?//", one)] == []
    assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", styles) == []


def test_readers_can_get_from_the_front_page_to_every_other(site, site_pages):
    front = site_pages[site / "docs" / "index.html"]

    reached = {(site / "docs" / link.partition("#")[0]).resolve() for link in front.links if ":" not in link}
    pages = {
        path for path in site_pages if path.name not in {"search.html", "genindex.html"} and path != site / "index.html"
    }

    assert pages - reached - {site / "docs" / "index.html"} == set()
    assert 'href="docs/index.html"' in (site / "index.html").read_text()
