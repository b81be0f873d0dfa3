"""The example of the README gives what it shows."""

import json
import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def block(language):
    (found,) = [text for text in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if "pip " not in text]
    return found


def test_the_example_prints_what_the_readme_shows(tmp_path):
    (tmp_path / "page.html").write_text(block("html"))
    program = Path(sys.executable).with_name("dragon")

    answer = subprocess.run([program, *block("sh").split()[1:]], cwd=tmp_path, capture_output=True, check=True)

    assert json.loads(answer.stdout) == json.loads(block("json"))


def test_the_film_is_told_as_the_readme_says(run_task, tmp_path):
    (tmp_path / "page.html").write_text(block("html"))

    film = run_task("html.scrape", url=str(tmp_path / "page.html")).hits[2]

    assert film["url"] == "https://www.youtube.com/embed/aqz-KE-bpKQ?rel=0"
    assert (film["provider"], film["title"], film["width"], film["height"]) == ("youtube", "A rabbit", 560, 315)
    assert film["page_url"] == "https://www.youtube.com/watch?v=aqz-KE-bpKQ"
    assert film["thumbnail"] == "https://i.ytimg.com/vi/aqz-KE-bpKQ/hqdefault.jpg"
