"""What a run makes of the state that the run before it has left."""

import os

import msgspec
import pytest
from upload_fakes.server import Fault

from dragon_framework.context import RunContext, RunState, SilentReporter, plugin_settings, run_in_context
from dragon_framework.errors import TaskError
from dragon_framework.settings import SourcesSettings
from dragon_framework.sources import Sources
from dragon_framework.validation import convert_parameters
from dragon_upload._facebook import Facebook
from dragon_upload.errors import ProviderUnavailableError
from dragon_upload.fb import video_upload_fb
from dragon_upload.vimeo import video_upload_vimeo
from dragon_upload.youtube import video_upload_youtube

TASKS = {"youtube": video_upload_youtube, "vimeo": video_upload_vimeo, "facebook": video_upload_fb}


class Task:
    """One task whose runs share a state, as they do in a service."""

    def __init__(self, provider, providers, directory):
        self.provider, self.providers, self.directory = provider, providers, directory
        self.fake = getattr(providers, provider)
        self.state = {}
        self.states = []
        self.runs = 0

    def run(self, url):
        self.runs += 1
        task = TASKS[self.provider]
        sources = Sources(SourcesSettings(), cache_directory=None, allow=("127.0.0.0/8",))
        ctx = RunContext(
            task,
            self.directory / f"run{self.runs}",
            sources,
            reporter=SilentReporter(),
            settings=plugin_settings(task, {}, os.environ),
            state=RunState(self.state, self.keep),
        )
        try:
            return run_in_context(task, convert_parameters(task, {"url": url, **self.parameters()}), ctx)[0]
        finally:
            sources.close()

    def keep(self, encoded):
        self.state = msgspec.json.decode(encoded)
        self.states.append(self.state)

    def parameters(self):
        if self.provider == "vimeo":
            empty = dict.fromkeys(("consumer_key", "consumer_secret", "access_token_secret"), "")
            return {"title": "A", "access_token_key": self.fake.token, **empty}
        return {"title": "A", "access_token": getattr(self.fake, "token", None) or self.fake.page_token}


@pytest.fixture
def new_task(providers, tmp_path, monkeypatch):
    monkeypatch.setenv("DRAGON_UPLOAD_YOUTUBE_CHUNK_BYTES", "262144")
    monkeypatch.setenv("DRAGON_UPLOAD_VIMEO_CHUNK_BYTES", "262144")
    providers.facebook.piece = 250_000
    return lambda provider: Task(provider, providers, tmp_path)


SEND = {"youtube": "put", "vimeo": "patch", "facebook": "transfer"}
ASK = {"youtube": "ask", "vimeo": "head", "facebook": "transfer"}


@pytest.fixture
def broken_off(new_task, serve_file, small_film):
    """A task that was given up after its first piece."""

    def make(provider):
        task = new_task(provider)
        task.providers.faults[f"{provider}.{SEND[provider]}"] = [None, *[Fault("refuse")] * 30]
        task.providers.faults[f"{provider}.{ASK[provider]}"] += [Fault("refuse")] * 30
        with pytest.raises(ProviderUnavailableError):
            task.run(serve_file(small_film))
        task.providers.faults.clear()
        task.providers.server.log.clear()
        return task

    return make


@pytest.mark.parametrize("provider", TASKS)
def test_the_next_run_goes_on_where_the_provider_is(broken_off, serve_file, small_film, provider):
    task = broken_off(provider)

    task.run(serve_file(small_film))

    (video,) = task.fake.published
    assert bytes(video["data"]) == small_film.read_bytes()
    operations = task.providers.server.operations()
    assert f"{provider}.start" not in operations
    assert operations.count(f"{provider}.{SEND[provider]}") <= 3


@pytest.mark.parametrize("provider", TASKS)
def test_a_source_that_has_become_another_film_is_uploaded_anew(broken_off, serve_file, small_film, tmp_path, provider):
    task = broken_off(provider)
    other = tmp_path / "other.mp4"
    data = bytearray(small_film.read_bytes())
    data[-20_000:-19_000] = bytes(1000)
    other.write_bytes(data)

    task.run(serve_file(other))

    (video,) = task.fake.published
    assert bytes(video["data"]) == bytes(data)
    left = {"youtube": "sessions", "vimeo": "videos", "facebook": "sessions"}[provider]
    assert len(getattr(task.fake, left)) == 1  # the first was given up


@pytest.mark.parametrize("provider", TASKS)
def test_a_task_that_is_done_asks_nobody_again(new_task, serve_file, small_film, provider):
    task = new_task(provider)
    first = task.run(serve_file(small_film))
    task.providers.server.log.clear()

    assert task.run("http://127.0.0.1:9/gone.mp4") == first
    assert task.providers.server.log == []


@pytest.mark.parametrize("provider", TASKS)
def test_from_every_state_that_was_ever_saved_one_video_comes_out(
    new_task, serve_file, small_film, provider, providers
):
    """As if the worker had died right after each save, and all that it had sent had arrived."""
    reference = new_task(provider)
    reference.run(serve_file(small_film))

    for number in range(len(reference.states)):
        getattr(providers, provider).__init__()
        providers.facebook.piece = 250_000
        task = new_task(provider)

        def die_after(encoded, task=task, number=number):
            Task.keep(task, encoded)
            if len(task.states) == number + 1:
                raise KeyboardInterrupt

        task.keep = die_after
        with pytest.raises(KeyboardInterrupt):
            task.run(serve_file(small_film))
        task.keep = lambda encoded, task=task: Task.keep(task, encoded)

        task.run(serve_file(small_film))

        (video,) = task.fake.published
        assert bytes(video["data"]) == small_film.read_bytes()


def test_a_worker_that_dies_in_the_call_that_publishes_does_not_publish_again(
    new_task, serve_file, small_film, monkeypatch
):
    task = new_task("facebook")
    finish = Facebook.finish

    def finish_and_die(self, session):
        finish(self, session)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Facebook, "finish", finish_and_die)
        with pytest.raises(KeyboardInterrupt):
            task.run(serve_file(small_film))
    task.providers.server.log.clear()

    task.run("http://127.0.0.1:9/gone.mp4")

    assert len(task.fake.published) == 1
    assert "facebook.finish" not in task.providers.server.operations()


def test_a_published_film_needs_no_source_any_more(new_task, serve_file, small_film):
    task = new_task("youtube")
    task.providers.faults["youtube.put"] = [None, None, Fault("lost")]
    task.providers.faults["youtube.ask"] = [Fault("refuse")] * 30
    with pytest.raises(TaskError):
        task.run(serve_file(small_film))
    task.providers.faults.clear()

    result = task.run("http://127.0.0.1:9/gone.mp4")

    assert result["output"] == "https://www.youtube.com/watch?v=video000000"
    assert result["duration"] == 0.4
