"""The public tools for tests: sources that misbehave, and a whole service with its client."""

import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from dragon_framework.errors import SourceTooLargeError, SourceUnavailableError
from dragon_framework.testing.samples import sample_files


@pytest.fixture
def picture(tmp_path):
    (tmp_path / "a.png").write_bytes(sample_files()["sample.png"])  # 64 × 48 px
    return tmp_path / "a.png"


def test_a_source_that_is_cut_off_is_unavailable(run_task, fault_source, picture):
    with pytest.raises(SourceUnavailableError):
        run_task("image.thumb", url=fault_source.cut(picture, after=100), width=8)


def test_a_source_that_is_reset_is_unavailable(run_task, fault_source, picture):
    with pytest.raises(SourceUnavailableError):
        run_task("image.thumb", url=fault_source.reset(picture, after=100), width=8)


@pytest.mark.parametrize(("number", "transient"), [(404, False), (503, True)])
def test_a_status_is_told_with_whether_it_may_pass(run_task, fault_source, number, transient):
    with pytest.raises(SourceUnavailableError) as caught:
        run_task("image.info", url=fault_source.status(number))

    assert (caught.value.http_status, caught.value.transient) == (number, transient)


def test_a_redirect_loop_ends(run_task, fault_source):
    with pytest.raises(SourceUnavailableError, match="redirect"):
        run_task("image.info", url=fault_source.redirect_loop())


def test_an_endless_source_ends_at_the_limit(fault_source, tmp_path):
    from dragon_framework.settings import SourcesSettings
    from dragon_framework.sources import Sources

    sources = Sources(SourcesSettings(max_bytes=100_000), cache_directory=None, allow=("127.0.0.0/8",))

    with pytest.raises(SourceTooLargeError):
        sources.fetch(fault_source.endless(), tmp_path)

    sources.close()


def test_a_slow_source_comes_whole(run_task, fault_source, picture):
    run = run_task("image.thumb", url=fault_source.slow(picture, bytes_per_second=50_000), width=8)

    assert run.width == 8


def test_a_stalled_source_sends_what_it_should_and_no_more(fault_source, picture):
    with urlopen(fault_source.stalled(picture, after=10), timeout=0.3) as answer:
        assert answer.read(10) == picture.read_bytes()[:10]
        with pytest.raises(TimeoutError):
            answer.read(1)


def test_a_flaky_source_answers_after_its_failures(fault_source, picture):
    url = fault_source.flaky(picture, failures=1)

    with pytest.raises(HTTPError, match="503"):
        urlopen(url)

    assert urlopen(url).read() == picture.read_bytes()
    assert fault_source.requests == 2


def test_a_mislabelled_source_is_read_for_what_it_is(run_task, fault_source, picture):
    run = run_task("image.info", url=fault_source.mislabelled(picture, "text/html"))

    assert (run.width, run.height, run.content_type) == (64, 48, "image/png")


def test_a_changing_source_is_another_file_each_time(fault_source, picture, tmp_path):
    (tmp_path / "b.png").write_bytes(b"other")
    url = fault_source.changing(picture, tmp_path / "b.png")

    assert [urlopen(url).read() for _ in range(3)] == [picture.read_bytes(), b"other", b"other"]


def test_hostile_files_have_urls(fault_source):
    urls = fault_source.hostile()

    assert urlopen(urls["cut.gif"]).read().startswith(b"GIF89a")
    assert urlopen(urls["empty.jpg"]).read() == b""


def test_a_whole_service_runs_a_task_and_hands_out_its_file(client, serve_file, picture):
    done = client.run("image.thumb", url=serve_file(picture), width=16)

    assert (done.status, done.result["width"], done.result["height"]) == ("success", 16, 12)
    assert done.file("output").startswith((b"\xff\xd8\xff", b"\x89PNG"))


def test_a_whole_service_tells_every_wrong_field(client, serve_file, picture):
    done = client.run("image.thumb", url=serve_file(picture), width=-1, crop="no")

    assert done.status == "error"
    assert set(done.result["parameters"]) == {"width", "crop"}


def test_a_task_of_the_whole_service_can_be_cancelled(client, fault_source, picture):
    waiting = client.create("image.thumb", url=fault_source.stalled(picture), width=8)
    client.wait(waiting.key, "executing")

    client.cancel(waiting.key)

    done = client.wait(waiting.key)
    assert (done.status, done.result) == ("error", "the task was cancelled")


def test_a_transient_fault_is_tried_again_by_the_service(client, fault_source, picture):
    done = client.run("image.thumb", url=fault_source.flaky(picture, failures=1), width=8)

    assert done.status == "success"
    assert fault_source.requests == 2


def test_a_service_that_does_not_start_says_why():
    from dragon_framework.testing.live import LiveService

    with pytest.raises(RuntimeError, match="DRAGON_CONCURRENCY: expected int"), LiveService({"concurrency": "many"}):
        pass


def test_nothing_of_a_service_is_left_when_it_ends():
    from dragon_framework.testing.live import LiveService

    with LiveService() as service:
        directory = Path(service._directory.name)
        assert directory.is_dir()

    left = subprocess.run(["pgrep", "-f", directory], capture_output=True, text=True).stdout
    assert left == ""
    assert not directory.exists()


def test_a_faulty_server_ends_at_once_while_sources_hang(picture):
    from dragon_framework.testing.fault_server import FaultServer

    with FaultServer() as server, pytest.raises(TimeoutError):
        urlopen(server.stalled(picture), timeout=0.2).read(1)
    before = time.monotonic()
    server._closing.wait(5)

    assert time.monotonic() - before < 4  # it is set: those that hang are let go


def test_the_fixtures_load_nothing_before_they_are_used():
    program = (
        "import sys, dragon_framework.testing.plugin\n"
        "print([name for name in ('pycurl', 'hypothesis', 'dragon_framework.testing.live') if name in sys.modules])"
    )

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"
