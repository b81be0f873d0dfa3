"""What a browser that was never here before has to load until the form stands there."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(300)]

MOST_BYTES = 150_000


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/video.create"])
def test_a_first_load_is_small_and_all_of_it_comes_from_here(new_page, service, path):
    page = new_page()
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    sizes, hosts = [], set()
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.on("request", lambda request: hosts.add(request.url[: len(service.url) + 1]))

    page.goto(service.url + path, wait_until="networkidle")
    if path == "/":
        expect(page.locator("#parameters [name]").first).to_be_visible()

    print(f"{path}: {len(sizes)} answers, {sum(sizes)} bytes")
    assert sizes
    assert 2_000 < sum(sizes) < MOST_BYTES
    assert {host for host in hosts if not host.startswith("data:")} == {f"{service.url}/"}
