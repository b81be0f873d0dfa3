"""What a person sees and does in the playground, by the marks that it keeps: `#task`, `#run`, `#state`, `#result`.

Whatever is waited for has 60 s, so that a busy machine is no failure.
"""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import expect

WAIT_MS = 60_000
expect.set_options(timeout=WAIT_MS)
LOCAL = {"127.0.0.1", "localhost"}


def watched(page):
    """Return a list that fills with what must not happen in *page*: errors, dialogs, requests to other hosts."""
    news = []

    def asked(request):
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and parts.hostname not in LOCAL:
            news.append(f"asked for {request.url}")

    def said(message):
        # What the service answers with 4xx stands in the console, too; that is no fault of the page.
        if message.type == "error" and "Failed to load resource" not in message.text:
            news.append(f"console: {message.text}")

    def dialog(shown):
        news.append(f"dialog: {shown.message}")
        shown.dismiss()

    page.on("request", asked)
    page.on("console", said)
    page.on("dialog", dialog)
    page.on("pageerror", lambda error: news.append(f"error: {error}"))
    return news


class Playground:
    """One page with the playground of *service*."""

    def __init__(self, page, service):
        self.page = page
        self.service = service
        self.state = page.locator("#state")
        self.run_button = page.locator("#run")
        self.request = page.locator("#request")

    def open(self, task="", *, secret=None, query=""):
        """Go to the playground of *task*, with the right secret or another one; None for the right one."""
        secret = self.service.secret if secret is None else secret
        asked = f"?task={task}{query}" if task else ""
        self.page.goto(f"{self.service.url}/{asked}#secret={secret}")
        expect(self.page.locator("#task option")).not_to_have_count(0)
        if task:
            expect(self.page.locator("#task")).to_have_value(task)
        return self

    def control(self, name):
        """The control of a parameter."""
        return self.page.locator(f'#parameters [name="{name}"]').first

    def fill(self, **parameters):
        """Fill in the form: texts, numbers, choices, booleans, lists, and paths for files that are uploaded."""
        for name, value in parameters.items():
            self._fill(name, value)
        return self

    def _fill(self, name, value):
        control = self.control(name)
        tag, kind = control.evaluate("(e) => [e.tagName, e.type]")
        if isinstance(value, Path) or (isinstance(value, list) and isinstance(value[0], Path)):
            self.upload(name, value)
        elif tag == "FIELDSET":
            for number, item in enumerate(value):
                control.get_by_role("button", name="Add to ").last.click()
                path = f"{name}[{number}]"
                parts = (
                    {f"{path}[{n}]": part for n, part in enumerate(item)} if isinstance(item, list) else {path: item}
                )
                for where, part in parts.items():
                    self._fill(where, part)
        elif tag == "SELECT":
            control.select_option(label=str(value))
        elif kind == "checkbox":
            control.set_checked(value)
        elif isinstance(value, list):
            control.fill("\n".join(map(str, value)))
        else:
            control.fill(str(value))

    def upload(self, name, paths):
        """Choose files of this machine for a parameter; it is done when their URLs stand in it."""
        control = self.control(name)
        nearest = 'xpath=ancestor::*[.//input[@type="file"]][1]//input[@type="file"]'
        control.locator(nearest).set_input_files(paths)
        count = len(paths) if isinstance(paths, list) else 1
        expect(control).to_have_value(
            re.compile(rf"^\s*(\S*/v1/inputs/\S+\s*|\S*/storage/\S+\s*){{{count}}}$"), timeout=WAIT_MS
        )

    def run(self):
        """Press Run."""
        self.run_button.click()
        return self

    def ends(self, status="success"):
        """Wait until the task has ended so; say what the page said if it has not."""
        final = re.compile("^(success|error|cancelled)$")
        expect(self.state).to_have_attribute("data-status", final)
        found = self.state.get_attribute("data-status")
        assert found == status, f"{found}: {self.state.inner_text()}"
        return self

    def does(self, **parameters):
        """Fill in the form, run, and wait for success."""
        return self.fill(**parameters).run().ends()

    def result(self, kind):
        """What is shown of one kind: `picture`, `video`, `audio`, `beats`, `boxes`, `json`, `link`, `file`."""
        shown = self.page.locator(f'#result [data-kind="{kind}"]')
        expect(shown.first).to_be_visible(timeout=WAIT_MS)
        return shown

    def wrong(self, name):
        """Return what is said to be wrong with a parameter, once its control is marked as invalid."""
        control = self.control(name)
        expect(control).to_have_attribute("aria-invalid", "true")
        described = control.evaluate(
            """(e) => [e.getAttribute("aria-describedby"), e.getAttribute("aria-errormessage")]
              .flatMap((ids) => (ids ?? "").split(" ")).filter(Boolean)
              .map((id) => document.getElementById(id).textContent)"""
        )
        return " ".join(described)

    def values(self):
        """Return the result as its JSON is shown."""
        shown = self.result("json").get_by_label("The result as JSON")
        return json.loads(shown.text_content())

    def boxes(self, width):
        """Return where rectangles and points are seen over their picture, in pixels of that picture, *width* wide."""
        stage = self.result("boxes").first
        image = stage.locator("img")
        expect(image).to_be_visible()
        marks = stage.locator("rect, circle")
        expect(marks.first).to_be_visible()
        left, top, scale = image.evaluate(
            "(e, width) => { const r = e.getBoundingClientRect(); return [r.left, r.top, width / r.width] }", width
        )
        seen = marks.evaluate_all(
            "(all) => all.map((e) => e.getBoundingClientRect()).map((r) => [r.left, r.top, r.width, r.height])"
        )
        return [
            {"x": (x - left) * scale, "y": (y - top) * scale, "width": wide * scale, "height": high * scale}
            for x, y, wide, high in seen
        ]

    def picture(self, number=0):
        """Return the (width, height) in pixels of a picture that is shown, once it is loaded."""
        image = self.result("picture").nth(number).locator("xpath=descendant-or-self::img").first
        expect(image).to_be_visible(timeout=WAIT_MS)
        return tuple(image.evaluate("async (i) => { await i.decode(); return [i.naturalWidth, i.naturalHeight] }"))

    def played(self, kind):
        """Play what is shown for a moment; return (seconds it has, width, height), the last two 0 for sound."""
        player = self.result(kind).locator("xpath=descendant-or-self::*[self::audio or self::video]").first
        expect(player).to_be_visible(timeout=WAIT_MS)
        return tuple(player.evaluate(PLAY))


PLAY = """async (player) => {
  const failed = new Promise((_, no) => player.addEventListener("error", () => no(new Error(player.error?.message))));
  const moved = new Promise((yes) => player.addEventListener("timeupdate", () => player.currentTime > 0 && yes()));
  await Promise.race([player.play(), failed]);
  await Promise.race([moved, failed]);
  player.pause();
  return [player.duration, player.videoWidth || 0, player.videoHeight || 0];
}"""
