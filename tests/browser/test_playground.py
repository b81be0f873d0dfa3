"""What the playground does when something is wrong, is stopped, or is odd; and how one comes to it."""

import re

import pytest
from browser_page import Playground
from odd_tasks import MARK
from playwright.sync_api import expect

from dragon_framework.testing.live import LiveService

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(300)]


def test_what_is_wrong_stands_at_its_field_and_goes_when_it_is_mended(playground, inputs):
    playground.open("image.thumb").fill(url=inputs.url(inputs.photo), width=-5, quality=1000).run().ends("error")

    assert "at least 1" in playground.wrong("width")
    assert "at most 95" in playground.wrong("quality")
    assert playground.control("url").get_attribute("aria-invalid") != "true"
    playground.does(width=32, quality=80)
    assert playground.picture() == (32, 18)
    expect(playground.page.locator('#parameters [aria-invalid="true"]')).to_have_count(0)


def test_one_press_of_run_is_enough_when_the_field_that_is_left_gets_a_hint(playground):
    """A hint that came up between the press and the release would move the button away from the pointer."""
    playground.open("image.info").control("url").press_sequentially("no address")
    place = playground.run_button.bounding_box()
    mouse = playground.page.mouse

    mouse.move(place["x"] + place["width"] / 2, place["y"] + 4)
    mouse.down()
    playground.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    mouse.up()

    playground.ends("error")


def test_a_required_field_that_is_empty_is_told(playground):
    playground.open("image.info").run().ends("error")

    assert "required" in playground.wrong("url")


def test_a_source_that_is_missing_is_told_in_words(playground, inputs):
    playground.open("image.info").fill(url=inputs.missing).run().ends("error")

    expect(playground.state).to_contain_text("404")


def test_a_running_task_tells_its_progress_and_is_cancelled(playground, client):
    playground.open("odd.slow").fill(seconds=300).run()
    expect(playground.state).to_have_attribute("data-status", "executing")
    expect(playground.page.locator("progress[value]").first).to_be_visible()

    playground.page.locator("#cancel").click()
    playground.ends("cancelled")

    expect(playground.run_button).to_be_enabled()
    playground.does(seconds=0.1)


@pytest.mark.parametrize("secret", ["wrong-secret", ""])
def test_a_wrong_secret_is_told_with_how_to_get_the_right_one(playground, service, inputs, secret):
    playground.open("image.info", secret=secret).fill(url=inputs.url(inputs.photo)).run().ends("error")

    expect(playground.state).to_contain_text("dragon serve")
    field = playground.page.locator("#secret")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill(service.secret)
    playground.run().ends()
    assert playground.values()["width"] == 320


def test_the_secret_of_the_link_leaves_the_address_and_is_not_shown(playground, service):
    playground.open("image.info")

    assert service.secret not in playground.page.url
    assert service.secret not in playground.page.locator("body").inner_text()
    assert playground.page.locator("#secret").get_attribute("type") == "password"


def test_a_service_that_stops_is_told_while_a_task_runs_and_when_one_is_sent(new_page, odd_plugin):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(odd_plugin))
        quickly = {"worker_shutdown_seconds": 0.5, "api_shutdown_seconds": 0.5}
        with LiveService({"workers": 1, "concurrency": 1} | quickly) as service:
            playground = Playground(new_page(), service).open("odd.slow").fill(seconds=300).run()
            expect(playground.state).to_have_attribute("data-status", "executing")
    playground.ends("error")
    expect(playground.state).to_contain_text(re.compile("cannot be reached|ended|broke off|lost", re.IGNORECASE))

    playground.run().ends("error")

    expect(playground.state).to_contain_text(re.compile("cannot be reached.*running", re.IGNORECASE))
    expect(playground.run_button).to_be_enabled()


def test_markup_of_a_plugin_is_shown_as_text(playground):
    """The fixture of the page fails the test if a dialog comes up or anything goes wrong in the console."""
    playground.open("odd.markup")
    playground.fill(text=f"given {MARK}").run().ends()

    expect(playground.page.locator("#summary")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(playground.page.locator("#result").get_by_text(f"given {MARK}").first).to_be_visible()
    nothing_came_alive(playground.page)


def test_markup_in_errors_is_shown_as_text(playground):
    playground.open("odd.broken").run().ends("error")
    expect(playground.state).to_contain_text(MARK)

    playground.open("image.info").fill(url=f"http://127.0.0.1:1/{MARK}").run().ends("error")

    nothing_came_alive(playground.page)


@pytest.mark.parametrize("path", ["/docs", "/docs/odd.markup", "/docs/odd.broken"])
def test_markup_of_a_plugin_is_text_in_the_reference(page, service, path):
    page.goto(service.url + path)

    expect(page.locator("body")).to_contain_text("odd.markup" if path != "/docs/odd.broken" else MARK)
    nothing_came_alive(page)


def nothing_came_alive(page):
    assert page.locator('img[src="x"], script:not([src]), svg[onload], [onerror], a[href^="javascript:"]').count() == 0


def test_a_form_of_two_hundred_fields_works(playground):
    playground.open("odd.wide").does(field_0=30, field_199=12)

    assert playground.values() == {"total": 42}


def test_values_of_every_shape_are_sent_as_they_are_meant(playground):
    playground.open("odd.markup").fill(table='{"a": 1}', rows=[[1, 2], [3, 4]], choice="'\"><svg onload=alert(1)>")

    playground.fill(either="7").run().ends()

    values = playground.values()
    assert values["table"]["a"] == 1
    assert (values["rows"], values["either"]) == ([[1, 2], [3, 4]], 7)


def test_a_link_chooses_the_task_and_choosing_one_makes_a_link(playground):
    playground.open("video.strip")
    expect(playground.control("count")).to_be_visible()

    playground.page.locator("#task").select_option("image.gif")

    expect(playground.control("images")).to_be_visible()
    assert re.search(r"[?#&/]task=image\.gif", playground.page.url)
    playground.page.reload()
    expect(playground.page.locator("#task")).to_have_value("image.gif")


def test_the_request_that_is_shown_has_what_the_form_has_but_no_secret(playground, service):
    playground.open("image.thumb").fill(url="http://127.0.0.1:1/it's.png", width=77)

    expect(playground.request).to_contain_text("image.thumb")
    expect(playground.request).to_contain_text('"width":77')
    assert service.secret not in playground.request.text_content()


def test_a_file_is_dropped_on_its_field(playground, inputs):
    playground.open("image.info")
    dropped = playground.page.evaluate_handle(
        """(bytes) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "dropped.jpg", { type: "image/jpeg" }));
          return data;
        }""",
        list(inputs.photo.read_bytes()),
    )

    playground.control("url").dispatch_event("drop", {"dataTransfer": dropped})

    expect(playground.control("url")).to_have_value(re.compile("dropped.jpg$"))
    playground.run().ends()
    assert playground.values()["width"] == 320


@pytest.mark.parametrize("path", ["/?task=image.thumb", "/?task=video.create", "/docs", "/docs/image.thumb"])
def test_a_page_fits_a_telephone(new_page, service, path):
    page = new_page(viewport={"width": 360, "height": 740}, device_scale_factor=2, is_mobile=True, has_touch=True)
    page.goto(service.url + path)
    if path.startswith("/?"):
        expect(page.locator("#parameters [name]").first).to_be_visible()

    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360


def test_a_task_is_run_with_the_keyboard_alone(playground, inputs):
    playground.open("image.info")
    page = playground.page
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "url":
            break
    page.keyboard.type(inputs.url(inputs.photo))

    page.keyboard.press("Enter")

    playground.ends()
    assert playground.values()["height"] == 180
