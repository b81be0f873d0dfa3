"""The real command, with a plugin made for it, and services started by it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

DRAGON = Path(sys.executable).parent / "dragon"

PLUGIN = '''
import os
import time
from typing import Annotated, Literal

from msgspec import Meta

from dragon_framework import Output, OutputFile, Parameters, task
from dragon_framework.errors import UnreadableSourceError
from dragon_framework.fields import Bytes, Count, Seconds, SourceUrl


class CopyParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="The file.")]
    times: Annotated[Count, Meta(description="How often it is repeated.")] = 1
    mode: Annotated[Literal["plain", "upper"], Meta(description="How.")] = "plain"


class CopyOutput(Output, frozen=True, kw_only=True):
    size: Annotated[Bytes, Meta(description="Size of the copy.")]


@task("acme.copy", files=[OutputFile("output", "The copy.")])
def copy(parameters: CopyParameters, ctx) -> CopyOutput:
    """Copy a file.

    More about it.
    """
    text = ctx.fetch(parameters.url).read_bytes() * parameters.times
    if text.startswith(b"not a text"):
        raise UnreadableSourceError(parameters.url, "a text")
    ctx.output("output", ".txt").write_bytes(text.upper() if parameters.mode == "upper" else text)
    return CopyOutput(size=len(text))


class JoinParameters(Parameters, frozen=True, kw_only=True):
    urls: Annotated[list[SourceUrl], Meta(description="Files.")]
    labels: Annotated[list[int], Meta(description="Numbers.")] = []
    definition: Annotated[str, Meta(description="A text.")] = ""
    loud: Annotated[bool, Meta(description="Whether it prints.")] = False


class JoinOutput(Output, frozen=True, kw_only=True):
    text: Annotated[str, Meta(description="All files.")]
    labels: Annotated[list[int], Meta(description="As given.")]
    definition: Annotated[str, Meta(description="As given.")]


@task("acme.join")
def join(parameters: JoinParameters, ctx) -> JoinOutput:
    """Join files."""
    if parameters.loud:
        print("printed by the task")
        os.write(1, b"written by the task\\n")
    text = "".join(ctx.fetch(url).read_text() for url in parameters.urls)
    return JoinOutput(text=text, labels=parameters.labels, definition=parameters.definition)


class WaitParameters(Parameters, frozen=True, kw_only=True):
    seconds: Annotated[Seconds, Meta(description="How long.")] = 0.0
    deaf: Annotated[bool, Meta(description="Whether it looks for a wish to cancel.")] = False
    marker: Annotated[str, Meta(description="File that is made when it begins.")] = ""


class WaitOutput(Output, frozen=True, kw_only=True):
    waited: Annotated[Seconds, Meta(description="How long.")]


@task("acme.wait")
def wait(parameters: WaitParameters, ctx) -> WaitOutput:
    """Wait."""
    (ctx.temporary_directory / "a").touch()
    if parameters.marker:
        with open(parameters.marker, "w") as file:
            file.write(str(ctx.temporary_directory))
    end = time.monotonic() + parameters.seconds
    while time.monotonic() < end:
        if parameters.deaf:
            time.sleep(parameters.seconds)
        ctx.progress(50)
        time.sleep(0.02)
    return WaitOutput(waited=parameters.seconds)


@task("acme.broken")
def broken(parameters: WaitParameters, ctx) -> WaitOutput:
    """Raise what it does not declare."""
    raise KeyError("a defect")
'''


@pytest.fixture(scope="session")
def plugin_site(tmp_path_factory):
    """A directory for PYTHONPATH in which acme-cli 1.2.3 is installed, and acme-lame, which cannot be imported."""
    site = tmp_path_factory.mktemp("site")
    tasks = "".join(f"acme.{name} = acme_cli:{name}\n" for name in ("copy", "join", "wait", "broken"))
    for name, version, points in (
        ("acme-cli", "1.2.3", f"[dragon.tasks]\n{tasks}[dragon.hooks]\nacme = acme_cli_hooks\n"),
        ("acme-lame", "4.5", "[dragon.tasks]\nacme.lame = acme_lame:lame\n"),
    ):
        directory = site / f"{name.replace('-', '_')}-{version}.dist-info"
        directory.mkdir()
        (directory / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (directory / "entry_points.txt").write_text(points)
    (site / "acme_cli.py").write_text(PLUGIN)
    (site / "acme_cli_hooks.py").write_text(
        "from dragon_framework.hooks import hookimpl\n\n@hookimpl\ndef dragon_task_finished(key): ...\n"
    )
    (site / "acme_lame.py").write_text("import a_library_that_is_not_there\n")
    return site


@pytest.fixture(scope="session")
def environ(plugin_site):
    """An environment with the plugin and without settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}
    return kept | {"PYTHONPATH": str(plugin_site), "COLUMNS": "100"}


@pytest.fixture
def dragon(environ, tmp_path):
    """Run `dragon` to its end in a directory of the test: `dragon("tasks", "--json")`."""

    def run(*words, stdin="", settings=None, cwd=tmp_path):
        return subprocess.run(
            [DRAGON, *map(str, words)],
            cwd=cwd,
            env=environ | (settings or {}),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


class Served:
    """A running `dragon serve`.

    Attributes:
        process: The supervisor.
        printed: What it printed until it was ready.
        mark: Value in the environment of all its processes.
    """

    def __init__(self, words, environ, cwd):
        self.mark = f"served-{os.getpid()}-{time.time_ns()}"
        self.log = cwd / f"{self.mark}.log"
        with self.log.open("wb") as log:
            before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it would be ignored here and there
            self.process = subprocess.Popen(
                [DRAGON, "serve", "--port", "0", "--log-format", "json", *map(str, words)],
                cwd=cwd,
                env=environ | {"ACME_MARK": self.mark},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
            signal.signal(signal.SIGHUP, before)
        self.printed = ""
        while (line := self.process.stdout.readline()) and not line.startswith(("secret:", "There is no development")):
            self.printed += line
        self.printed += line
        address = cwd / "data" / "redis.url"
        self.socket = address.read_text().removeprefix("unix://") if address.exists() else ""
        self.url = self._said(r"listening on (\S+)")
        self.secret = self._said(r"^secret: (\S+)")

    def _said(self, pattern):
        found = re.search(pattern, self.printed, re.MULTILINE)
        return found[1] if found else ""

    def create(self, name, secret="", **parameters):
        """Create a task, wait for its end, and return its status; *secret* is another account's."""
        body = {"tasks": {"task_name": name} | parameters, "block": True}
        authorization = {"Authorization": f"Secret {secret or self.secret}"}
        request = Request(f"{self.url}/v1/create", json.dumps(body).encode(), authorization)
        with urlopen(request, timeout=15) as answer:
            return json.load(answer)[0]

    def processes(self):
        """Return (pid, command line) of each living process that was started from this service."""
        return processes_with(f"ACME_MARK={self.mark}", self.socket)

    def pid_of(self, words):
        """Return the process whose command line has *words* in it."""
        (found,) = [pid for pid, command in self.processes() if words in command]
        return found

    def events(self):
        """Return the names of the events in the log."""
        return [json.loads(line)["event"] for line in self.log.read_text().splitlines() if line.startswith("{")]

    def stop(self, number=signal.SIGTERM):
        """End it and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(60)
        self.process.stdout.close()
        return status


@pytest.fixture
def serve(environ, tmp_path):
    """Start `dragon serve` on a free port: `serve("--workers", 2)`; it is stopped after the test."""
    started = []

    def start(*words, settings=None, data="data"):
        one = Served(["--data-dir", tmp_path / data, *words], environ | (settings or {}), tmp_path)
        started.append(one)
        return one

    yield start
    for one in started:
        one.stop(signal.SIGKILL)


def processes_with(mark, words=""):
    """Return (pid, command line) of each process with *mark* in its environment, or *words* in its command line.

    Valkey writes its title over its environment; the title names its socket.
    """
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            command = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if (words and words in command) or mark.encode() in (directory / "environ").read_bytes().split(b"\0"):
                found.append((int(directory.name), command))
        except OSError:
            continue
    return found


def wait_until(true, seconds=30):
    """Return when *true* returns true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
