"""`dragon run`: one task here and now."""

import json
import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import DRAGON, wait_until

COPY = ["run", "acme.copy"]


@pytest.fixture
def text(tmp_path):
    """A source of five bytes."""
    (tmp_path / "a.txt").write_text("hello")
    return "a.txt"


def test_the_result_is_readable_json_with_files_as_paths(dragon, text, tmp_path):
    done = dragon(*COPY, f"url={text}", "times=3", "-o", "out")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"size": 15, "output": "out/output.txt"}
    assert len(done.stdout.splitlines()) > 2
    assert (tmp_path / "out" / "output.txt").read_text() == "hello" * 3
    assert done.stderr == ""


def test_with_json_stdout_is_one_line(dragon, text):
    done = dragon(*COPY, f"url={text}", "--json")

    assert done.stdout == '{"size":5,"output":"output.txt"}\n'


def test_the_files_of_the_source_and_of_the_run_are_as_before(dragon, text, tmp_path):
    (tmp_path / "scratch").mkdir()

    dragon(*COPY, f"url={text}", "-o", "out", settings={"TMPDIR": str(tmp_path / "scratch")})

    assert (tmp_path / text).read_text() == "hello"
    assert list((tmp_path / "scratch").iterdir()) == []
    assert not (tmp_path / ".dragon").exists()


def test_an_existing_file_is_kept_and_the_new_one_gets_a_number(dragon, text, tmp_path):
    (tmp_path / "output.txt").write_text("mine")
    (tmp_path / "output-1.txt").write_text("mine too")

    done = dragon(*COPY, f"url={text}", "--json")

    assert json.loads(done.stdout)["output"] == "output-2.txt"
    assert (tmp_path / "output.txt").read_text() == "mine"
    assert (tmp_path / "output-2.txt").read_text() == "hello"


def test_overwrite_replaces_an_existing_file(dragon, text, tmp_path):
    (tmp_path / "output.txt").write_text("mine")

    dragon(*COPY, f"url={text}", "--overwrite")

    assert (tmp_path / "output.txt").read_text() == "hello"


def test_output_files_go_where_nothing_can_be_written_is_an_error(dragon, text, tmp_path):
    (tmp_path / "out").write_text("a file")

    done = dragon(*COPY, f"url={text}", "-o", "out", "--json")

    assert done.returncode == 1
    assert json.loads(done.stderr)["error"]["code"] == "output_not_written"


def test_every_wrong_parameter_is_told_as_json_on_stderr(dragon, text):
    done = dragon(*COPY, "times=many", "mode=plan", "colour=red")

    assert (done.returncode, done.stdout) == (1, "")
    error = json.loads(done.stderr)
    assert error["error"] == {"code": "invalid_parameters", "transient": False}
    assert set(error["result"]["parameters"]) == {"url", "times", "mode", "colour"}


def test_an_error_of_the_task_has_its_code_and_exit_status_1(dragon, tmp_path):
    (tmp_path / "b.bin").write_text("not a text")

    done = dragon(*COPY, "url=b.bin", "--json")

    assert done.returncode == 1
    assert json.loads(done.stderr) == {
        "status": "error",
        "result": "b.bin is not a text",
        "error": {"code": "unreadable_source", "transient": False},
    }
    assert not (tmp_path / "output.txt").exists()


def test_a_missing_file_is_an_error_with_its_name(dragon):
    done = dragon(*COPY, "url=nowhere.txt", "--json")

    assert done.returncode == 1
    assert "nowhere.txt" in json.loads(done.stderr)["result"]


def test_a_defect_shows_its_traceback_to_people_but_not_to_programs(dragon):
    shown, told = dragon("run", "acme.broken"), dragon("run", "acme.broken", "--json")

    assert "KeyError: 'a defect'" in shown.stderr
    assert json.loads(told.stderr)["error"]["code"] == "internal_error"


def test_an_unknown_task_is_an_error_with_a_near_name(dragon):
    done = dragon("run", "acme.copi", "--json")

    assert done.returncode == 1
    assert json.loads(done.stderr)["error"]["code"] == "unknown_task"
    assert "acme.copy" in json.loads(done.stderr)["result"]


def test_a_task_whose_plugin_is_broken_says_why(dragon):
    done = dragon("run", "acme.lame", "--json")

    assert "a_library_that_is_not_there" in json.loads(done.stderr)["result"]


def test_wildcards_name_the_files_of_a_list_in_order(dragon, tmp_path):
    for name in ("b.txt", "a.txt", "c.dat"):
        (tmp_path / name).write_text(name[0])

    done = dragon("run", "acme.join", "urls=*.txt", "--json")

    assert json.loads(done.stdout)["text"] == "ab"


def test_a_file_whose_name_has_wildcards_is_that_file(dragon, tmp_path):
    (tmp_path / "a[1].txt").write_text("odd")
    (tmp_path / "a1.txt").write_text("plain")

    done = dragon("run", "acme.join", "urls=a[1].txt", "--json")

    assert json.loads(done.stdout)["text"] == "odd"


@pytest.mark.parametrize(
    ("words", "field", "reason"),
    [
        (["acme.copy", "url=*.txt"], "url", "matches 2 files, and one is needed"),
        (["acme.join", "urls=*.jpg"], "urls", "no file matches '*.jpg'"),
    ],
)
def test_wildcards_that_do_not_fit_are_told_at_their_parameter(dragon, tmp_path, words, field, reason):
    (tmp_path / "a.txt").touch()
    (tmp_path / "b.txt").touch()

    done = dragon("run", *words, "--json")

    assert done.returncode == 1
    assert reason in json.loads(done.stderr)["result"]["parameters"][field][0]


def test_a_repeated_key_is_a_list_and_texts_become_what_the_schema_asks(dragon, text):
    done = dragon("run", "acme.join", f"urls={text}", f"urls={text}", "labels=1", "labels=2", "--json")

    assert json.loads(done.stdout) == {"text": "hellohello", "labels": [1, 2], "definition": ""}


def test_a_value_can_come_from_a_file_and_may_begin_with_an_at_sign(dragon, text, tmp_path):
    (tmp_path / "film.xml").write_text("<movie>é</movie>\n", encoding="utf-8")

    read = dragon("run", "acme.join", f"urls={text}", "definition=@film.xml", "--json")
    literal = dragon("run", "acme.join", f"urls={text}", "definition=@@home", "--json")

    assert json.loads(read.stdout)["definition"] == "<movie>é</movie>\n"
    assert json.loads(literal.stdout)["definition"] == "@home"


def test_parameters_can_come_as_json_on_stdin(dragon, text):
    done = dragon("run", "acme.join", "-", "--json", stdin=json.dumps({"urls": [text], "labels": [7]}))

    assert json.loads(done.stdout)["labels"] == [7]


@pytest.mark.parametrize("word", ["photo.jpg", "=x", "definition=@missing.xml"])
def test_a_word_that_is_no_parameter_is_one_line_and_exit_status_2(dragon, word):
    done = dragon("run", "acme.join", word)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"dragon: {word}")
    assert done.stderr.count("\n") == 1


def test_what_a_task_prints_does_not_end_up_in_the_result(dragon, text):
    done = dragon("run", "acme.join", f"urls={text}", "loud=true", "--json")

    assert json.loads(done.stdout)["text"] == "hello"
    assert "printed by the task" in done.stderr
    assert "written by the task" in done.stderr


def test_a_source_on_this_machine_needs_allow_source(dragon, serve_file, tmp_path):
    (tmp_path / "served.txt").write_text("served")
    url = serve_file(tmp_path / "served.txt")

    refused = dragon(*COPY, f"url={url}", "--json")
    allowed = dragon(*COPY, f"url={url}", "--allow-source", "127.0.0.0/8", "--json")

    assert json.loads(refused.stderr)["error"]["code"] == "source_refused"
    assert json.loads(allowed.stdout)["size"] == 6


@pytest.mark.parametrize("deaf", ["false", "true"])
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_cancels_the_task_and_leaves_nothing_behind(environ, tmp_path, number, status, deaf):
    marker = tmp_path / "marker"
    process = subprocess.Popen(
        [DRAGON, "run", "acme.wait", "seconds=50", f"deaf={deaf}", f"marker={marker}", "--json"],
        env=environ,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: marker.exists() and marker.read_text())

    process.send_signal(number)
    output, errors = process.communicate(timeout=20)

    assert (process.returncode, output) == (status, "")
    assert json.loads(errors)["error"]["code"] == "cancelled"
    assert not Path(marker.read_text()).exists()


def test_progress_is_a_bar_on_a_terminal(environ, tmp_path):
    leader, follower = pty.openpty()

    done = subprocess.run(
        [DRAGON, "run", "acme.wait", "seconds=0.3", "--json"],
        env=environ,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=follower,
    )
    os.close(follower)
    shown = os.read(leader, 10000).decode()
    os.close(leader)

    assert json.loads(done.stdout) == {"waited": 0.3}
    assert "acme.wait  [###############               ]  50 %" in shown
    assert shown.endswith("\r\x1b[K")
