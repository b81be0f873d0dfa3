"""`docs/tutorial/first-task.md`, executed line by line: each command, each file, and what is answered."""

import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.beside import environment_beside

PAGE = Path(__file__).parent.parent / "docs" / "tutorial" / "first-task.md"


def steps():
    """Yield (language, text, the file that the page names for it) of each block, in order."""
    for found in re.finditer(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        named = re.findall(r"whole of `([^`]+)`", PAGE.read_text()[: found.start()].rpartition("```")[2])
        yield found[1], found[2], named[0] if named else ""


@pytest.fixture
def environ(tmp_path):
    """A virtual environment in which Dragon, and what this one has, can be used, and others can be installed."""
    return environment_beside(tmp_path / "venv")


class Session:
    """One shell for the whole page, so that variables and background jobs stay."""

    END = "--- end of block ---"

    def __init__(self, environ, directory):
        self.process = subprocess.Popen(
            ["bash", "-u"],
            env=environ,
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, text):
        """Run the commands of a block; return what they print."""
        self.process.stdin.write(f"{text}\necho '{self.END}' $?\n")
        self.process.stdin.flush()
        said = ""
        for line in self.process.stdout:
            if line.startswith(self.END):
                return said, int(line.split()[-1])
            said += line
        raise AssertionError(f"the shell ended: {said}")

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.stdout.close()


@pytest.mark.timeout(180)
def test_every_line_of_the_tutorial_does_what_the_page_says(environ, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    work = tmp_path / "work"
    work.mkdir()
    session = Session(environ, work)
    said, commands, compared = "", 0, 0
    try:
        for language, text, file in steps():
            if language == "sh":
                assert said == "", f"the page does not show what this printed:\n{said}"
                said, status = session.run(text.replace("8765", port))
                assert status == 0, f"{text}\n{said}"
                commands += 1
            elif language == "text":
                assert said.replace(port, "8765") == text
                said, compared = "", compared + 1
            else:
                assert file, text
                (work / file).write_text(text)
    finally:
        session.close()

    assert commands >= 10
    assert compared >= 8


def test_the_page_names_all_kinds_of_blocks_that_it_has():
    assert {language for language, _, _ in steps()} == {"sh", "text", "python"}
