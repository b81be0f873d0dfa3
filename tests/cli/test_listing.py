"""`dragon tasks`, `dragon plugins`, `dragon reference`, the help, and the errors of flags."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import DRAGON

COMMANDS = ["serve", "api", "worker", "run", "submit", "tasks", "plugins", "accounts", "doctor", "reference"]
HEAVY = ["litestar", "uvicorn", "dramatiq", "redis", "structlog", "pycurl", "numpy", "PIL", "av", "cv2", "asyncio"]


def test_the_help_lists_every_command_with_a_sentence(dragon):
    done = dragon("--help")

    assert done.returncode == 0
    for name in COMMANDS:
        assert f"\n    {name} " in done.stdout or f"\n    {name}\n" in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_of_its_own(dragon, name):
    done = dragon(name, "--help")

    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: dragon {name} ")


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["tasks"], ["plugins"], ["run", "acme.wait"]])
def test_quick_commands_load_no_heavy_library(environ, tmp_path, words):
    program = f"""
import sys
from pathlib import Path
from dragon_framework.cli import main
try:
    main({words!r})
except SystemExit:
    pass
print("loaded:", [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""

    done = subprocess.run([sys.executable, "-c", program], env=environ, cwd=tmp_path, capture_output=True, text=True)

    assert "loaded: []" in done.stderr


def test_the_version_is_that_of_the_distribution(dragon):
    from importlib.metadata import version

    assert dragon("--version").stdout == f"dragon {version('dragon-framework')}\n"


def test_no_command_and_unknown_ones_are_refused_with_status_2(dragon):
    assert dragon().returncode == 2
    assert dragon("frobnicate").returncode == 2
    assert dragon("tasks", "--colour").returncode == 2


def test_tasks_lists_name_provider_and_summary_and_what_is_broken(dragon):
    done = dragon("tasks")

    (line,) = [line.split("  ") for line in done.stdout.splitlines() if line.startswith("acme.copy")]
    assert [word.strip() for word in line if word] == ["acme.copy", "acme-cli 1.2.3", "Copy a file."]
    assert "acme-lame 4.5" in done.stderr
    assert "a_library_that_is_not_there" in done.stderr
    assert done.returncode == 0


def test_tasks_of_a_core_without_plugins_says_that_no_task_is_installed(dragon):
    from importlib.metadata import entry_points

    installed = ",".join({entry.dist.name for entry in entry_points(group="dragon.tasks")} | {"acme-cli", "acme-lame"})

    done = dragon("tasks", settings={"DRAGON_DISABLE": installed})

    assert "no task is installed" in done.stdout.lower()
    assert done.returncode == 0


def test_one_task_is_described_with_its_parameters_outputs_and_files(dragon):
    text = dragon("tasks", "acme.copy").stdout

    for words in (
        "More about it.",
        "source, required",
        "default 1",
        "plain | upper",
        "integer (B)",
        "The copy.",
        "1.2.3",
    ):
        assert words in text


def test_tasks_json_is_what_the_api_answers(dragon):
    documents = json.loads(dragon("tasks", "--json").stdout)
    one = json.loads(dragon("tasks", "acme.copy", "--json").stdout)

    assert one in documents
    assert set(one) == {"name", "summary", "parameters", "output", "files"}
    assert one["parameters"]["required"] == ["url"]


def test_an_unknown_task_is_one_line_and_status_1(dragon):
    done = dragon("tasks", "acme.copi")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("dragon: 'acme.copi' is not a task; did you mean 'acme.copy'")
    assert done.stderr.count("\n") == 1


def test_a_closed_pipe_is_no_traceback(environ, tmp_path):
    done = subprocess.run(
        ["bash", "-c", f"{DRAGON} tasks --json | true"], env=environ, cwd=tmp_path, capture_output=True, text=True
    )

    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_line_and_status_1(environ, tmp_path):
    done = subprocess.run(
        ["bash", "-c", f"{DRAGON} plugins >/dev/full"], env=environ, cwd=tmp_path, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (1, "dragon: what was to be written is not: No space left on device\n")


@pytest.mark.parametrize("words", ["tasks --json", "plugins", "run acme.copy nothing=1"])
def test_closed_standard_streams_are_no_traceback(environ, tmp_path, words):
    done = subprocess.run(
        ["bash", "-c", f"{DRAGON} {words} <&- >&-"], env=environ, cwd=tmp_path, capture_output=True, text=True
    )

    assert "Traceback" not in done.stderr


def test_plugins_shows_what_each_adds_and_why_something_is_missing(dragon):
    done = dragon("plugins")

    assert "acme-cli 1.2.3: loaded\n  tasks:    acme.broken, acme.copy, acme.join, acme.wait\n" in done.stdout
    assert "  hooks:    dragon_task_finished\n" in done.stdout
    assert "acme-lame 4.5: refused\n  problem:  acme.lame is not available: ModuleNotFoundError" in done.stdout
    assert done.returncode == 0


def test_plugins_json_has_the_same(dragon):
    found = {plugin["distribution"]: plugin for plugin in json.loads(dragon("plugins", "--json").stdout)}

    assert found["acme-cli"]["hooks"] == ["dragon_task_finished"]
    assert found["acme-cli"]["problems"] == []
    assert found["dragon-framework"]["storage"] == ["local", "s3"]
    assert [problem["name"] for problem in found["acme-lame"]["problems"]] == ["acme.lame"]


def test_a_disabled_plugin_is_shown_as_such(dragon):
    found = {
        plugin["distribution"]: plugin
        for plugin in json.loads(dragon("plugins", "--json", "--disable", "acme.copy").stdout)
    }

    assert found["acme-cli"]["disabled"] == ["acme.copy"]
    assert "acme.copy" not in found["acme-cli"]["tasks"]


def test_only_the_plugins_that_are_chosen_are_loaded(dragon):
    found = {
        plugin["distribution"]: plugin
        for plugin in json.loads(dragon("plugins", "--json", settings={"DRAGON_PLUGINS": "acme-lame,acme.copy"}).stdout)
    }

    assert found["acme-cli"]["tasks"] == ["acme.copy"]
    assert found["acme-cli"]["hooks"] == []
    assert "hooks of acme" in found["acme-cli"]["disabled"]
    assert (found["acme-lame"]["state"], found["dragon-image"]["state"]) == ("refused", "disabled")


def test_a_chosen_plugin_that_is_not_installed_is_an_error_and_not_left_out_unseen(dragon):
    done = dragon("tasks", "--plugins", "acme-clip")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "dragon: plugins: no distribution or task 'acme-clip' is installed; did you mean 'acme-cli'?\n"
    )


FILE = '''
from typing import Annotated

from msgspec import Meta

from dragon_framework import Output, Parameters, task


class SumParameters(Parameters, frozen=True, kw_only=True):
    numbers: Annotated[list[Annotated[int, Meta(ge=0, le=9)]], Meta(description="What is added.")]


class SumOutput(Output, frozen=True, kw_only=True):
    total: Annotated[int, Meta(description="The sum.")]


@task("acme.sum")
def acme_sum(parameters: SumParameters, ctx) -> SumOutput:
    """Add numbers."""
    import _adding

    print("adding")
    return SumOutput(total=_adding.add(parameters.numbers))
'''


@pytest.fixture
def plugin_dir(tmp_path):
    """A directory with one plugin in a file, a module of its own, and a file that cannot be loaded."""
    directory = tmp_path / "my plugins"
    directory.mkdir()
    (directory / "sum-up.py").write_text(FILE)
    (directory / "_adding.py").write_text("def add(numbers): return sum(numbers)\n")
    (directory / "broken.py").write_text("import a_library_that_is_not_there\n")
    return directory


def test_a_task_in_a_single_file_runs_without_being_installed(dragon, plugin_dir):
    done = dragon("run", "acme.sum", "numbers=3", "numbers=4", "--plugin-dir", plugin_dir)

    assert (done.returncode, json.loads(done.stdout)) == (0, {"total": 7})


def test_the_files_of_a_directory_are_listed_with_what_is_wrong(dragon, plugin_dir):
    found = {
        plugin["distribution"]: plugin
        for plugin in json.loads(dragon("plugins", "--json", "--plugin-dir", plugin_dir).stdout)
    }

    assert (found["sum-up.py"]["tasks"], found["sum-up.py"]["state"]) == (["acme.sum"], "loaded")
    assert found["sum-up.py"]["version"] == hashlib.sha256(FILE.encode()).hexdigest()[:8]
    assert found["broken.py"]["state"] == "refused"
    assert "a_library_that_is_not_there" in found["broken.py"]["problems"][0]["reason"]
    assert "_adding.py" not in found


def test_a_file_may_not_take_the_place_of_an_installed_task(dragon, plugin_dir):
    (plugin_dir / "sum-up.py").write_text(FILE.replace('"acme.sum"', '"acme.copy"'))

    done = dragon("run", "acme.copy", "numbers=3", "--plugin-dir", plugin_dir)

    assert done.returncode == 1
    assert "acme-cli 1.2.3 and" not in done.stderr
    assert "acme-cli" in done.stderr
    assert "sum-up.py" in done.stderr


def test_a_plugin_directory_that_is_not_there_is_told(dragon):
    done = dragon("run", "acme.sum", "--plugin-dir", "nowhere")

    assert (done.returncode, done.stderr) == (2, "dragon: plugin_dir: nowhere is not a directory\n")


def test_reference_writes_a_page_for_each_task(dragon, tmp_path):
    done = dragon("reference", "--out", "pages")

    assert done.returncode == 0, done.stderr
    assert "Copy a file." in (tmp_path / "pages" / "acme.copy.md").read_text()


@pytest.mark.parametrize(
    ("words", "settings", "told"),
    [
        (["serve", "--port", "http"], {}, "--port: expected int, got 'http'"),
        (["worker"], {"DRAGON_CONCURRENCY": "-1"}, "DRAGON_CONCURRENCY: expected int >= 0, got '-1'"),
        (["tasks"], {"DRAGON_CONFIG": "missing.toml"}, "missing.toml: No such file or directory"),
        (["api", "--data-dir", "nowhere"], {}, "redis: name a server with --redis URL"),
        (["worker", "--redis", "http://u:p@h"], {}, "redis: expected redis://, rediss:// or unix://, got 'h'"),
        (["serve", "--host", "203.0.113.7"], {}, "port: cannot listen on 203.0.113.7:8000"),
    ],
)
def test_a_bad_setting_is_one_line_and_status_2(dragon, words, settings, told):
    done = dragon(*words, settings=settings)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"dragon: {told}")
    assert done.stderr.count("\n") == 1


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(dragon, tmp_path):
    (tmp_path / "dragon.toml").write_text('log_level = "file"\nlog_format = "file"\nport = "file"\n')
    flags = ["serve", "--config", "dragon.toml"]

    by_file = dragon(*flags)
    by_variable = dragon(*flags, settings={"DRAGON_PORT": "variable"})
    by_flag = dragon(*flags, "--port", "flag", settings={"DRAGON_PORT": "variable"})

    assert by_file.stderr == "dragon: dragon.toml: port: expected int, got 'file'\n"
    assert by_variable.stderr == "dragon: DRAGON_PORT: expected int, got 'variable'\n"
    assert by_flag.stderr == "dragon: --port: expected int, got 'flag'\n"
