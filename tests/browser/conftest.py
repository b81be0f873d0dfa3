"""A whole service with all tasks, for all tests here, and a browser for each module that looks at it."""

import os
import re
import sys
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.browser import NoBrowserError, chromium
from benchmarks.npm import npm_packages
from dragon_framework.testing.file_server import FileServer
from dragon_framework.testing.live import LiveService, ServiceClient

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "plugins" / "dragon-upload" / "tests"))

from browser_inputs import Inputs
from browser_page import Playground, watched
from upload_fakes.facebook import FakeFacebook
from upload_fakes.server import FakeServer
from upload_fakes.vimeo import FakeVimeo
from upload_fakes.youtube import FakeYouTube

HERE = Path(__file__).parent
AXE = "axe-core@4.14.1"


@pytest.fixture(scope="package")
def providers():
    """YouTube, Vimeo and Facebook as the uploads' own tests have them."""
    fakes = {"/vimeo": FakeVimeo(), "/fb": FakeFacebook(), "/": FakeYouTube()}
    with FakeServer(fakes) as server:
        yield SimpleNamespace(vimeo=fakes["/vimeo"], facebook=fakes["/fb"], youtube=fakes["/"], url=server.url)


@pytest.fixture(scope="package")
def odd_plugin(tmp_path_factory):
    """A directory in which a plugin with markup wherever it may say something is installed."""
    site = tmp_path_factory.mktemp("odd")
    (site / "odd_tasks.py").write_bytes((HERE / "odd_tasks.py").read_bytes())
    metadata = site / "dragon_odd-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: dragon-odd\nVersion: 1.0\n")
    points = "".join(f"odd.{name} = odd_tasks:{name}\n" for name in ("markup", "wide", "slow", "broken"))
    (metadata / "entry_points.txt").write_text(f"[dragon.tasks]\n{points}")
    return site


@pytest.fixture(scope="package")
def service(providers, odd_plugin):
    """The service: every installed task, those of the odd plugin, and uploads that go to local providers."""
    settings = {
        "upload_vimeo_url": f"{providers.url}/vimeo",
        "upload_youtube_url": providers.url,
        "upload_facebook_url": f"{providers.url}/fb/v26.0",
        "upload_confirm_seconds": 0.01,
        "workers": 1,
        "concurrency": 2,
    }
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:  # what the tests can import when it starts, the service can
            patch.syspath_prepend(str(odd_plugin))
            running = stack.enter_context(LiveService(settings))
        yield running


@pytest.fixture(scope="package")
def client(service):
    """A client of the service that is no browser."""
    return ServiceClient(service.url, service.secret)


@pytest.fixture(scope="package")
def api_key(service):
    """The api key of the development account: for pages on this machine."""
    return re.search(r"api key: (\S+)", service.said)[1]


@pytest.fixture(scope="module")
def browser():
    """Chromium; without one the tests are skipped, but for CI, where they fail.

    One for each module, for while it runs Playwright's event loop does, too, and no test beside it could run its own:
    a package without `__init__.py` would keep it to the very end.
    """
    try:
        running = chromium()
        started = running.__enter__()
    except NoBrowserError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))
    yield started
    running.__exit__(None, None, None)


@pytest.fixture
def new_page(browser):
    """Open a page that is watched: `new_page(color_scheme="dark")`, with the options of a Playwright context.

    When the test is over, nothing may have gone wrong in it, no dialog may have come up, and nothing may have been
    asked of another host.
    """
    opened = []

    def new(**options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        context.set_default_timeout(60_000)
        page = context.new_page()
        opened.append((context, watched(page)))
        return page

    yield new
    noticed = []
    for context, news in opened:
        noticed += news
        context.close()
    assert noticed == []


@pytest.fixture
def page(new_page):
    """One page that is watched."""
    return new_page()


@pytest.fixture
def playground(page, service):
    """The playground with the secret of the development account, nothing chosen yet."""
    return Playground(page, service)


@pytest.fixture(scope="package")
def files():
    """A web server of local files."""
    with FileServer() as server:
        yield server


@pytest.fixture(scope="package")
def inputs(tmp_path_factory, files):
    """Pictures, sounds, films and a page, made when first asked for; see `Inputs`."""
    return Inputs(tmp_path_factory.mktemp("inputs"), files)


@pytest.fixture(scope="package")
def axe():
    """The script of axe-core, fetched by npm."""
    return (npm_packages("axe", AXE) / "node_modules" / "axe-core" / "axe.min.js").read_text()
