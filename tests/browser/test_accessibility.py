"""axe-core looks at every page and at every state of the playground, light and dark; npm fetches it.

A fault is what it calls serious or critical. What no program can see, such as whether a text makes sense, it cannot.
"""

import pytest
from browser_page import Playground
from playwright.sync_api import expect

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(300)]

FAULTS = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
}"""


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    return request.param


@pytest.fixture
def faults(axe):
    """What axe-core finds in a page as it is now; animations have ended, so that colours are what they become."""

    def find(page):
        page.evaluate("() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {})))")
        page.evaluate(axe)
        return page.evaluate(FAULTS)

    return find


@pytest.fixture
def shown(new_page, service, scheme):
    """The playground in a colour scheme."""
    return Playground(new_page(color_scheme=scheme, reduced_motion="reduce"), service)


def test_the_checker_finds_what_is_wrong(new_page, faults):
    page = new_page()
    page.set_content("<!doctype html><html><title>x</title><input><p style='color:#ddd;background:#fff'>faint</p>")

    found = {fault.partition(":")[0] for fault in faults(page)}

    assert {"label", "color-contrast", "html-has-lang"} <= found


@pytest.mark.parametrize("task", ["image.thumb", "video.upload.youtube", "odd.markup"])
def test_forms_have_no_serious_fault(shown, faults, task):
    shown.open(task)

    assert faults(shown.page) == []


def test_results_have_no_serious_fault(shown, faults, inputs):
    for task, kind, parameters in (
        ("image.smartcrop", "json", {"url": inputs.photo}),
        ("audio.convert", "audio", {"url": inputs.tone}),
        ("video.reverse", "video", {"url": inputs.film}),
    ):
        shown.open(task).does(**parameters)
        shown.result(kind)

        assert faults(shown.page) == [], task


def test_errors_and_what_runs_have_no_serious_fault(shown, faults, inputs):
    shown.open("image.thumb").fill(url=inputs.url(inputs.photo), width=-1).run().ends("error")
    assert faults(shown.page) == []

    shown.open("image.info", secret="wrong").fill(url="http://127.0.0.1:1/a.png").run().ends("error")
    assert faults(shown.page) == []

    shown.open("odd.slow").run()
    expect(shown.state).to_have_attribute("data-status", "executing")
    assert faults(shown.page) == []
    shown.page.locator("#cancel").click()
    shown.ends("cancelled")
    assert faults(shown.page) == []


@pytest.mark.parametrize("path", ["/docs", "/docs/video.create", "/docs/odd.markup", "/docs/openapi", "/docs/settings"])
def test_the_reference_has_no_serious_fault(new_page, service, scheme, faults, path):
    page = new_page(color_scheme=scheme)
    page.goto(service.url + path)

    assert faults(page) == []


def test_the_dashboard_has_no_serious_fault(new_page, service, client, scheme, faults):
    """At its door, and with tasks of every outcome in each of its views."""
    client.run("odd.broken", reason="for the dashboard")
    client.run("odd.slow", seconds=0)
    page = new_page(color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{service.url}/admin")
    field = page.get_by_label("Secret of an operator’s account")
    expect(field).to_be_visible()
    assert faults(page) == []

    field.fill(service.secret)
    page.get_by_role("button", name="Sign in").click()

    expect(page.locator("#names")).to_contain_text("odd.broken")
    assert faults(page) == []
    for view in ("Tasks", "Callbacks"):
        page.locator("#views").get_by_role("link", name=view).click()
        expect(page.locator(f"#view-{view.lower()}")).to_be_visible()
        assert faults(page) == [], view
