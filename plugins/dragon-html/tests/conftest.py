"""A small site to serve pages with any headers, and short ways to scrape."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Site:
    """Serves what is put at its paths: `site.put("/a.html", body, content_type=..., status=...)`.

    `asked` has the path of every request. Paths without a page are pictures of one pixel.
    """

    def __init__(self):
        self.pages = {}
        self.asked = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def do_GET(self):
                site.asked.append(self.path)
                body, status, headers = site.pages.get(self.path, (GIF, 200, {"Content-Type": "image/gif"}))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(ConnectionError):  # who has read enough hangs up
                    self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def put(self, path, body, content_type="text/html; charset=utf-8", status=200, **headers):
        body = body.encode() if isinstance(body, str) else body
        if content_type is not None:
            headers["Content-Type"] = content_type
        self.pages[path] = (body, status, headers)
        return self.url + path

    def close(self):
        self._server.shutdown()
        self._server.server_close()


# GIF89a, one transparent pixel.
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")


@pytest.fixture
def site():
    """A `Site` of this test alone."""
    site = Site()
    yield site
    site.close()


@pytest.fixture
def scrape(run_task, site):
    """Scrape markup as the page `/dir/page.html`: `scrape(markup, limit=3) -> values as attributes`."""

    def run(markup, *, content_type="text/html; charset=utf-8", **parameters):
        return run_task("html.scrape", url=site.put("/dir/page.html", markup, content_type), **parameters)

    return run


@pytest.fixture
def found(scrape, site):
    """What markup holds, URLs without the site: `found(markup) -> [(type, url, source)]`."""

    def run(markup, **parameters):
        return [
            (hit["type"], hit["url"].removeprefix(site.url), hit["source"]) for hit in scrape(markup, **parameters).hits
        ]

    return run
