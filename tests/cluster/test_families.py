"""Two families with conflicting dependencies, each in its own virtual environment, behind one API that has neither."""

import os
import re
import site
import subprocess
import sys
import threading
import venv
from pathlib import Path

import httpx
import pytest

from dragon_framework.testing.live import LiveService

TASK = '''
from typing import Annotated, Literal

from msgspec import Meta

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.errors import FieldError, TaskError
from dragon_framework.fields import Pixels, Secret


class TooBrightError(TaskError):
    """The {family} is too bright."""

    code = "{family}_too_bright"


class PaintParameters(Parameters, frozen=True, kw_only=True):
    width: Annotated[Pixels, Meta(description="Width.")] = 8
    height: Annotated[Pixels | None, Meta(description="Height.")] = None
    shade: Annotated[Literal["light", "dark"], Meta(description="Shade of {family}.")] = "dark"
    token: Annotated[Secret | None, Meta(description="A credential.")] = None

    def __post_init__(self) -> None:
        if self.height is not None and self.height > self.width:
            raise FieldError("height", "must not be above the width")


class PaintOutput(Output, frozen=True, kw_only=True):
    area: Annotated[int, Meta(description="Area in pixels.")]
    library: Annotated[str, Meta(description="Version of the library.")]
    token_length: Annotated[int, Meta(description="Length of the credential.")]


@task("{family}.paint", files=[OutputFile("output", "A note.")])
def paint(parameters: PaintParameters, ctx: TaskContext) -> PaintOutput:
    """Paint it {family}."""
    import acme_colours

    if parameters.shade == "light":
        raise TooBrightError("too bright")
    ctx.output("output", ".txt").write_text(acme_colours.{call})
    area = parameters.width * (parameters.height or parameters.width)
    return PaintOutput(area=area, library=acme_colours.VERSION, token_length=len(parameters.token or ""))
'''
LIBRARY = {
    "1.0": "VERSION = '1.0'\ndef name(): return 'old'\n",
    "2.0": "VERSION = '2.0'\ndef title(): return 'new'\n",  # `name` is gone
}
FAMILIES = {"red": ("1.0", "name()"), "blue": ("2.0", "title()")}


def environment(directory, family):
    """Make a virtual environment with the family, its version of the library, and the core of this one."""
    version, call = FAMILIES[family]
    venv.create(directory, with_pip=False, symlinks=True)
    packages = next(directory.glob("lib/python*/site-packages"))
    ours = [path for path in sys.path if path.endswith("site-packages")] or site.getsitepackages()
    (packages / "core.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in ours))
    (packages / "acme_colours.py").write_text(LIBRARY[version])
    (packages / f"acme_{family}.py").write_text(TASK.format(family=family, call=call))
    for name, number, requires in (
        ("acme_colours", version, ""),
        (f"acme_{family}", "1.5", f"Requires-Dist: acme-colours=={version}\n"),
    ):
        info = packages / f"{name}-{number}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n{requires}")
    (packages / f"acme_{family}-1.5.dist-info" / "entry_points.txt").write_text(
        f"[dragon.tasks]\n{family}.paint = acme_{family}:paint\n"
    )
    return directory / "bin" / "python"


class Families:
    """A service without the families, and workers that have one each."""

    def __init__(self, directory):
        self.directory = directory
        self.service = LiveService()
        self.workers = []

    def __enter__(self):
        self.service.__enter__()
        headers = {"Authorization": f"Secret {self.service.secret}"}
        self.client = httpx.Client(base_url=self.service.url, headers=headers, timeout=60)
        data = Path(self.service._directory.name)
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith(("DRAGON_", "PYTHON"))}
        self.environ |= {
            "DRAGON_STORAGE": str(data / "storage"),
            "DRAGON_DATA_DIR": str(data),
            "DRAGON_ALLOW_SOURCE": "127.0.0.0/8",
        }
        return self

    def start(self, family):
        """Start a worker of one family, from its own environment; return what `dragon tasks` says there."""
        python = environment(self.directory / family, family)
        dragon = [python, "-c", "import sys; from dragon_framework.cli import main; sys.exit(main())"]
        listed = subprocess.run([*dragon, "tasks"], env=self.environ, capture_output=True, text=True)
        process = subprocess.Popen(
            [*dragon, "worker", "--queues", family, "--concurrency", "1"],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.workers.append(process)
        said = ""
        for line in process.stdout:
            said += line
            if "worker_started" in line:
                threading.Thread(target=process.stdout.read, daemon=True).start()
                return listed.stdout
        raise AssertionError(f"the worker of {family} did not start: {said}")

    def wait_for(self, name):
        """Wait until the API offers a task; it looks each second."""
        import time

        deadline = time.monotonic() + 30
        while self.client.get(f"/v1/tasks/{name}").status_code != 200:
            assert time.monotonic() < deadline, f"{name} is not offered"
            time.sleep(0.1)

    def create(self, **definition):
        (status,) = self.client.post("/v1/create", json={"tasks": definition, "block": True}).json()
        return status

    def __exit__(self, *_):
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait(30)
        self.client.close()
        self.service.__exit__(None, None, None)


@pytest.fixture(scope="module")
def families(tmp_path_factory):
    with Families(tmp_path_factory.mktemp("families")) as families:
        before = families.client.get("/v1/tasks").json()
        assert not {"red.paint", "blue.paint"} & {task["name"] for task in before}
        families.listed = {family: families.start(family) for family in FAMILIES}
        for family in FAMILIES:
            families.wait_for(f"{family}.paint")
        yield families


def test_no_environment_has_both_families(families):
    assert "red.paint" in families.listed["red"]
    assert "blue.paint" not in families.listed["red"]
    assert "blue.paint" in families.listed["blue"]
    assert "red.paint" not in families.listed["blue"]


@pytest.mark.parametrize(("family", "version", "text"), [("red", "1.0", "old"), ("blue", "2.0", "new")])
def test_each_family_runs_with_its_own_version_of_the_library(families, family, version, text):
    status = families.create(task_name=f"{family}.paint", width=4)

    assert status["status"] == "success", status
    assert (status["result"]["library"], status["result"]["area"]) == (version, 16)
    assert httpx.get(status["result"]["output"]).text == text


def test_the_api_itself_refuses_wrong_parameters_all_at_once(families):
    status = families.create(task_name="red.paint", width=0, shade="pale", colour="red")

    assert status["status"] == "error"
    assert status["result"] == {
        "parameters": {
            "width": ["must be at least 1 px, got 0"],
            "shade": ["must be one of 'light', 'dark', got 'pale'"],
            "colour": ["unknown parameter"],
        }
    }
    assert "executing" not in status["events"]


def test_what_only_the_plugin_knows_is_refused_by_the_worker_in_the_same_form(families):
    status = families.create(task_name="blue.paint", width=2, height=3)

    assert status["status"] == "error"
    assert status["result"] == {"parameters": {"height": ["must not be above the width"]}}


def test_a_credential_is_sealed_and_reaches_the_task(families):
    status = families.create(task_name="red.paint", token="a secret of 20 chars")

    assert status["result"]["token_length"] == 20


def test_query_strings_errors_and_pages_are_those_of_any_task(families):
    answer = families.client.get(
        "/v1/create_file/x.txt", params={"task_name": "blue.paint", "width": "2"}, follow_redirects=True
    )
    page = families.client.get("/docs/red.paint").text
    failed = families.create(task_name="red.paint", shade="light")

    assert (answer.status_code, answer.text) == (200, "new")
    assert "Shade of red." in page
    assert "red_too_bright" in page
    assert failed["result"] == "too bright"
    document = families.client.get("/openapi.json").json()
    assert document["components"]["schemas"]["red.paint.definition"]["properties"]["shade"]["enum"] == ["light", "dark"]
    assert re.search(r"blue\.paint", families.client.get("/docs").text)


def test_tasks_of_one_family_still_run_while_the_other_has_no_worker(families):
    families.workers[0].terminate()
    families.workers[0].wait(30)

    assert families.create(task_name="blue.paint")["status"] == "success"
    waiting = families.client.post("/v1/create", json={"tasks": {"task_name": "red.paint"}}).json()[0]
    assert waiting["status"] == "queued"
