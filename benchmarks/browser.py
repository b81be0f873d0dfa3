"""Headless Chromium for tests, figures and the pictures of the docs: the one that is installed, or one that is fetched.

Playwright drives it. Nothing is kept: each browser has a profile of its own, which is gone afterwards.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FETCHED = Path(__file__).parent.parent / "build" / "browsers"
FETCH_SECONDS = 600.0

ARGUMENTS = [
    "--no-sandbox",  # it shows pages of this repository alone, and root has no sandbox
    "--disable-dev-shm-usage",  # containers have 64 MB there
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    # nothing leaves this machine; names of tests are here
    "--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


class NoBrowserError(Exception):
    """There is no Chromium, and none can be had."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser while the `with` block does.

    It is the first of `NAMES` on PATH, else the one that Playwright fetches into `build/browsers`, else, for root on
    Debian and its like, the package `chromium`.

    Raises:
        NoBrowserError: If all of that fails; it says how.
    """
    with sync_playwright() as playwright:
        browser = _launched(playwright)
        try:
            yield browser
        finally:
            browser.close()


def _launched(playwright: Playwright) -> Browser:
    said = []
    for where, find in (("on PATH", _on_path), ("fetched by Playwright", _fetched), ("from apt-get", _installed)):
        try:
            return playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        except Exception as error:  # noqa: BLE001  # the next may do, and the last error tells all
            said.append(f"{where}: {str(error).strip()[:1500] or type(error).__name__}")
    raise NoBrowserError("no Chromium can be started:\n" + "\n".join(said))


def _on_path() -> str:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise FileNotFoundError(f"none of {', '.join(NAMES)}")
    return found


def _fetched() -> str:
    if not list(FETCHED.glob("chromium_headless_shell-*/INSTALLATION_COMPLETE")):
        command = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]
        _run(command, os.environ | {"PLAYWRIGHT_BROWSERS_PATH": str(FETCHED)})
    return str(next(FETCHED.glob("chromium_headless_shell-*/*/*headless?shell")))


def _installed() -> str:
    if os.getuid() != 0 or not shutil.which("apt-get"):
        raise PermissionError("only for root where apt-get is; `sudo apt-get install chromium` or its like does it")
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "-qq"], environ)
    _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], environ)
    return _on_path()


def _run(command: list[str], environ: dict[str, str]) -> None:
    done = subprocess.run(
        command,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=FETCH_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"`{' '.join(command)}` said: {done.stdout.strip()[-1000:]}")
