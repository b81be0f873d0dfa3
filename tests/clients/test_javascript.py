"""The JavaScript client beside a service that runs."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2] / "clients" / "javascript"
NODE = shutil.which("node")


def node(*arguments, cwd, **environ):
    """Run node and return what it printed."""
    done = subprocess.run(
        [NODE, *arguments], cwd=cwd, env=os.environ | environ, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.new("RGB", (40, 30)).save(path)
    return path


def test_the_tests_of_the_module_pass(service, server, api_key, photo):
    facts = {"DRAGON_SERVER": server, "DRAGON_SECRET": service.secret, "DRAGON_API_KEY": api_key, "PHOTO": str(photo)}

    said = node("--test", "--test-reporter=tap", "test/dragon.test.js", cwd=ROOT, **facts)

    assert int(re.search(r"^# pass (\d+)$", said, re.MULTILINE)[1]) >= 16


def test_the_lines_of_the_readme_run(service, server, photo):
    (block,) = re.findall(r"^```js\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    lines = block.replace("http://127.0.0.1:8000", server).replace(
        '"./dragon.js"', f'"{(ROOT / "dragon.js").as_uri()}"'
    )
    script = photo.with_name("readme.mjs")
    script.write_text(lines.replace("the secret that `dragon serve` prints", service.secret))

    said = node(script.name, cwd=photo.parent)

    assert re.search(r"success\n.*width: 40,\s+height: 30", said, re.DOTALL)
    with Image.open(photo.with_name("thumb.png")) as thumb:
        assert thumb.size == (20, 15)


def test_the_types_name_what_the_module_exports():
    module, types = ((ROOT / name).read_text() for name in ("dragon.js", "dragon.d.ts"))

    exported = set(re.findall(r"^export (?:class|function) (\w+)", module, re.MULTILINE))
    (written,) = re.findall(r"^export class Dragon \{.*?^\}", module, re.MULTILINE | re.DOTALL)
    methods = set(re.findall(r"^  (?:async )?\*?(\w+)\(.*\) \{$", written, re.MULTILINE))
    (declared,) = re.findall(r"^export class Dragon \{.*?^\}", types, re.MULTILINE | re.DOTALL)

    assert set(re.findall(r"^export (?:class|function) (\w+)", types, re.MULTILINE)) == exported
    assert set(re.findall(r"^  (\w+)(?:<.*?>)?\(", declared, re.MULTILINE)) == methods
