"""The dashboard at /admin: who may see it, what it shows of tasks whose texts are markup, and what an operator does.

The service is that of all tests here, so its numbers are looked at by task: those of the odd plugin.
"""

import time

import pytest
from browser_page import WAIT_MS
from odd_tasks import MARK
from playwright.sync_api import expect

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(300)]

FAULTS = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
}"""


def enter(page, service, view="overview"):
    page.goto(f"{service.url}/admin#secret={service.secret}")
    expect(page.locator("#view-overview")).to_be_visible(timeout=WAIT_MS)
    if view != "overview":
        page.locator(f"#views a[href='#{view}']").click()
        expect(page.locator(f"#view-{view}")).to_be_visible(timeout=WAIT_MS)
    return page


def test_the_secret_of_an_operator_opens_it_and_signing_out_closes_it(page, service):
    page.goto(f"{service.url}/admin")
    page.get_by_label("Secret").fill("WRONG")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#secret-wrong")).to_contain_text("secret is not valid", timeout=WAIT_MS)
    expect(page.locator("#view-overview")).to_be_hidden()

    page.get_by_label("Secret").fill(service.secret)
    page.keyboard.press("Enter")
    expect(page.locator("#workers tbody tr")).to_have_count(1, timeout=WAIT_MS)
    page.reload()
    expect(page.locator("#view-overview")).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("button", name="Sign out").click()

    expect(page.locator("#entrance")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0
    assert service.secret not in page.content()


def test_an_error_is_found_by_its_code_and_its_task_tried_again(page, service, client):
    key = client.run("odd.broken").key
    enter(page, service)

    row = page.locator("#errors tbody tr").filter(has_text="odd_broken")
    expect(row).to_contain_text(MARK, timeout=WAIT_MS)  # as text: markup would be no text
    row.get_by_role("button", name="odd.broken").click()
    expect(page.locator("#code")).to_have_value("odd_broken", timeout=WAIT_MS)
    page.get_by_role("button", name=key, exact=True).click()
    expect(page.locator("#task-facts")).to_contain_text(key, timeout=WAIT_MS)
    page.locator("#task").get_by_role("button", name="Retry").click()

    expect(page.locator("#notice")).to_have_text("1 task was created anew.", timeout=WAIT_MS)
    expect(page.locator("#task-facts")).not_to_contain_text(key, timeout=WAIT_MS)  # the new one
    page.keyboard.press("Escape")
    page.locator("#key").fill(key)
    page.keyboard.press("Enter")
    expect(page.locator("#task-refused")).to_contain_text("it was retried already", timeout=WAIT_MS)


def test_a_running_task_is_cancelled_once_the_operator_is_sure(page, service, client):
    key = client.create("odd.slow").key
    client.wait(key, "executing")
    enter(page, service)

    button = page.locator("#running").get_by_role("button", name=f"Cancel odd.slow {key}")
    button.click(timeout=WAIT_MS)
    page.get_by_role("button", name="Leave it").click()
    assert client.status(key).status == "executing"
    seen = page.locator("#fresh").inner_text()
    expect(page.locator("#fresh")).not_to_have_text(seen, timeout=WAIT_MS)
    expect(button).to_be_focused()  # also when the table was drawn again
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Cancel the task").click()

    expect(page.locator("#notice")).to_have_text("1 task was cancelled.", timeout=WAIT_MS)
    assert client.wait(key).whole["error"]["code"] == "cancelled"
    expect(button).to_have_count(0, timeout=WAIT_MS)


def test_a_service_that_is_away_is_told_of_and_comes_back(page, service):
    enter(page, service)
    page.route("**/v1/admin/**", lambda route: route.abort())
    expect(page.locator("#trouble")).to_contain_text("The service cannot be reached", timeout=WAIT_MS)
    expect(page.locator("#view-overview")).to_be_visible()

    page.unroute_all()

    expect(page.locator("#trouble")).to_be_hidden(timeout=WAIT_MS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(new_page, service, client, axe, scheme):
    key = client.run("odd.broken").key
    page = new_page(color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{service.url}/admin")
    expect(page.locator("#entrance")).to_be_visible(timeout=WAIT_MS)
    page.evaluate(axe)
    faults = page.evaluate(FAULTS)
    enter(page, service)
    page.evaluate(axe)
    for view in ("overview", "callbacks", "tasks"):
        page.locator(f"#views a[href='#{view}']").click()
        expect(page.locator(f"#view-{view}")).to_be_visible()
        faults += page.evaluate(FAULTS)
    page.get_by_role("button", name=key, exact=True).click(timeout=WAIT_MS)
    expect(page.locator("#task")).to_be_visible(timeout=WAIT_MS)
    faults += page.evaluate(FAULTS)

    assert faults == []


def test_nothing_is_wider_than_a_phone(new_page, service, client):
    client.run("odd.broken", reason="x" * 300)
    page = new_page(viewport={"width": 360, "height": 740})
    enter(page, service)

    for view in ("overview", "tasks", "callbacks"):
        page.locator(f"#views a[href='#{view}']").click()
        expect(page.locator(f"#view-{view}")).to_be_visible()
        time.sleep(0.2)  # the list is drawn; one that comes later is looked at by nobody, and fails nothing
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
