"""Tasks that run other installed tasks inside themselves: `ctx.run`."""

import pytest

from dragon_framework import Output, OutputFile, Parameters, TaskContext, TaskError, task
from dragon_framework.context import RunContext, SilentReporter
from dragon_framework.errors import InvalidParametersError, TaskCancelledError, UnknownTaskError
from dragon_framework.settings import SourcesSettings
from dragon_framework.sources import Sources


class WordsParameters(Parameters, frozen=True, kw_only=True):
    text: str
    fails: bool = False


class WordsOutput(Output, frozen=True, kw_only=True):
    words: int


class RefusedError(TaskError):
    code = "refused"


@task("inner.words", files=[OutputFile("output", "The words.")])
def words(parameters: WordsParameters, ctx: TaskContext) -> WordsOutput:
    """Count words, and write them down."""
    ctx.progress(50)
    ctx.output("output", ".txt").write_text("\n".join(parameters.text.split()), "utf-8")
    if parameters.fails:
        raise RefusedError
    return WordsOutput(words=len(parameters.text.split()))


class OuterOutput(Output, frozen=True, kw_only=True):
    words: int
    written: str


class OuterParameters(Parameters, frozen=True, kw_only=True):
    name: str = "inner.words"
    text: str = "one two three"
    fails: bool = False


@task("outer.twice", files=[OutputFile("output", "Nothing.", optional=True)])
def twice(parameters: OuterParameters, ctx: TaskContext) -> OuterOutput:
    """Run the other task twice."""
    first = ctx.run(parameters.name, text=parameters.text, fails=parameters.fails)
    second = ctx.run(parameters.name, text="four")
    assert first.files["output"] != second.files["output"]
    written = first.files["output"].read_text("utf-8") + second.files["output"].read_text("utf-8")
    return OuterOutput(words=first.values["words"] + second.values["words"], written=written)


@pytest.fixture
def context(tmp_path):
    """Make a context in which `inner.words` is installed."""

    def other(name):
        if name != "inner.words":
            raise UnknownTaskError(name, ("inner.words",))
        return words, None

    def make(**how):
        sources = Sources(SourcesSettings(), cache_directory=None, local_files=True)
        return RunContext(twice, tmp_path / "run", sources, reporter=SilentReporter(), **({"others": other} | how))

    return make


def test_a_task_runs_another(context):
    ctx = context()
    values, files = ctx.finish(twice(OuterParameters(), ctx))
    assert values == {"words": 4, "written": "one\ntwo\nthreefour"}
    assert files == []  # those of the inner runs are not its own


def test_errors_of_the_inner_task_are_raised_as_they_are(context):
    ctx = context()
    with pytest.raises(RefusedError):
        twice(OuterParameters(fails=True), ctx)


def test_parameters_are_checked(context):
    ctx = context()
    with pytest.raises(InvalidParametersError) as caught:
        ctx.run("inner.words", words=3)
    assert caught.value.errors.keys() == {"text", "words"}


def test_a_task_that_is_not_installed(context):
    with pytest.raises(UnknownTaskError, match=r"inner\.word"):
        context().run("inner.word", text="")
    with pytest.raises(UnknownTaskError):
        context(others=None).run("inner.words", text="")


def test_a_cancelled_task_starts_nothing(context, tmp_path):
    ctx = context(is_cancelled=lambda: True)
    with pytest.raises(TaskCancelledError):
        ctx.run("inner.words", text="x")
    assert not (tmp_path / "run" / "inner").exists()


def test_progress_of_the_inner_task_is_its_own(context):
    ctx = context()
    twice(OuterParameters(), ctx)
    assert ctx._reporter.progress_values == []
