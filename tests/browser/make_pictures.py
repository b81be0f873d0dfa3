"""`make pictures`: pictures of the pages for the docs, from a service and a browser that run here.

    python -m tests.browser.make_pictures docs/images

Each is a WebP below 150 kB. What the tasks work on is drawn by `gallery` and `browser_inputs`.
"""

import io
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from browser_inputs import Inputs
from browser_page import Playground
from PIL import Image
from playwright.sync_api import expect

from benchmarks.browser import chromium
from dragon_framework.testing.file_server import FileServer
from dragon_framework.testing.live import LiveService
from gallery.pictures import balloons

WIDE = {"viewport": {"width": 1280, "height": 860}, "reduced_motion": "reduce"}
PHONE = {"viewport": {"width": 390, "height": 780}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
MOST_BYTES = 150_000


def main(directory):
    """Make all pictures, and tell the size of each."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pictures-") as kept, FileServer() as files, chromium() as browser:
        inputs = Inputs(Path(kept), files)
        photo = Path(kept) / "balloons.jpg"
        balloons().convert("RGB").resize((960, 540)).save(photo, quality=92)
        with LiveService({"workers": 1, "concurrency": 1}) as service:
            for name, (options, take) in PICTURES.items():
                context = browser.new_context(**options)
                playground = Playground(context.new_page(), service)
                take(playground, inputs, photo)
                playground.page.evaluate("document.activeElement?.blur()")
                if "is_mobile" not in options:
                    playground.page.evaluate("window.scrollTo(0, 0)")
                save(playground.page.screenshot(), directory / f"{name}.webp")
                context.close()


def crops(playground, inputs, photo):
    """Rectangles over the picture that was given."""
    playground.open("image.smartcrop").does(url=photo, boxes_number=3, diag_ratio=0.4)
    playground.boxes(960)


def beats(playground, inputs, photo):
    """Beats along the sound that was given."""
    playground.open("audio.beats").does(url=inputs.beats)
    playground.result("beats")


def wrong(playground, inputs, photo):
    """What is wrong stands at its field."""
    playground.open("image.thumb").fill(url=photo, width=-200, quality=1000).run().ends("error")
    playground.wrong("quality")


def thumb(playground, inputs, photo):
    """A thumbnail, on a telephone."""
    playground.open("image.thumb").does(url=photo, width=300)
    playground.picture()
    playground.page.locator("#result").scroll_into_view_if_needed()


def reference(playground, inputs, photo):
    """The reference of a task."""
    playground.page.goto(f"{playground.service.url}/docs/image.thumb")
    expect(playground.page.locator("h1")).to_be_visible()


PICTURES = {
    "playground": (WIDE, crops),
    "playground-beats": (WIDE | {"color_scheme": "dark"}, beats),
    "playground-error": (WIDE, wrong),
    "playground-phone": (PHONE, thumb),
    "reference": (WIDE, reference),
}


def save(png, path):
    """Keep a screenshot as a WebP.

    Raises:
        ValueError: If it is too large for a repository.
    """
    with Image.open(io.BytesIO(png)) as image:
        image.convert("RGB").save(path, quality=82, method=6)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise ValueError(f"{path} has {size} bytes, above {MOST_BYTES}")
    print(f"{path}: {image.size[0]} x {image.size[1]}, {size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
