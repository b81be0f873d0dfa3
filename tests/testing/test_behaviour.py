"""`check_task` with a sample: a task is run and watched, and each way to misbehave is caught by its rule."""

import pytest

from dragon_framework.testing import ContractBreachError, check_task, examine_task
from dragon_framework.testing.behaviour import BEHAVIOUR

START = "    data = path.read_bytes()\n"
END = "    return MeasureOutput(size=len(data))"
WRITE = 'ctx.output("copy", ".bin").write_bytes(data)'
OCTETS = '".bin").write_bytes'
SIGNED = '"application/octet-stream"'


@pytest.fixture
def sample(tmp_path):
    (tmp_path / "right.acme").write_bytes(b"ACME" + bytes(100))
    return {"url": tmp_path / "right.acme"}


def after_reading(code):
    """Return changes that put *code* behind the reading of the source."""
    return {START: START + "".join(f"    {line}\n" for line in code.splitlines())}


TIDY = {
    "a file left elsewhere": (
        after_reading("import tempfile\ntempfile.mkdtemp(prefix='left-')"),
        "tidy",
        "left left-",
    ),
    "a thread left running": (
        after_reading("import threading\nthreading.Timer(5, print).start()"),
        "tidy",
        "left the thread Thread-",
    ),
    "a variable changed": (
        after_reading("import os, time\nos.environ['ACME_LAST'] = str(time.monotonic())"),
        "tidy",
        "changed the variable ACME_LAST of the process",
    ),
    "a directory changed": (
        after_reading("import os\nos.chdir('/')"),
        "tidy",
        "changed the working directory of the process",
    ),
}
OUTPUTS = {
    "a file that was never named": (
        {WRITE: f'{WRITE}\n    ctx.output("copy", ".bin").with_name("more.bin").write_bytes(data)'},
        "outputs",
        "wrote more.bin, which ctx.output never named",
    ),
    "an empty file": ({WRITE: 'ctx.output("copy", ".bin").touch()'}, "outputs", "output file 'copy' is empty"),
    "a file of another kind": (
        {WRITE: 'ctx.output("copy", ".png", "image/png").write_bytes(data)', SIGNED: '"image/png"'},
        "outputs",
        "output file 'copy' is called image/png, but begins like another kind of file",
    ),
    "a file that is not written": (
        {WRITE: "pass"},
        "runs",
        "copy: this output file was not written",
    ),
}
PROGRESS = {
    "progress that falls": (
        after_reading("ctx.progress(50)\nctx.progress(40)"),
        "progress",
        "the progress falls from 50 to 40",
    ),
    "progress past 100": (
        after_reading("ctx.progress(101)"),
        "progress",
        "the progress is 101; it is a percentage, from 0 to 100",
    ),
    "progress that JSON cannot hold": (
        after_reading("ctx.progress(1j)"),
        "progress",
        "JSON cannot hold the progress",
    ),
}
PARTIAL = {
    "a partial result that is no output": (
        after_reading("ctx.partial(weight=1)"),
        "partial",
        "a partial result has 'weight', which is no output of the task",
    ),
    "a partial result of another type": (
        after_reading("ctx.partial(size='big')"),
        "partial",
        "a partial result has another type at 'size'",
    ),
    "a partial result that is no part": (
        after_reading("ctx.partial(size=1)"),
        "partial",
        "the partial result of 'size' is 1, which is no part of 104",
    ),
}
CANCEL = {
    "cancelling swallowed": (
        {
            "    path = ctx.fetch(parameters.url)\n": "    try:\n        path = ctx.fetch(parameters.url)\n"
            "    except Exception:\n        from pathlib import Path\n\n        path = Path(parameters.url)\n"
        },
        "cancel",
        "cancelled at its beginning, it went on to its end; let TaskCancelledError pass",
    ),
    "a file left when cancelled": (
        after_reading(
            "import tempfile, pathlib\n"
            "work = tempfile.mkdtemp(prefix='work-')\n"
            "for number in range(20):\n"
            "    ctx.progress(number)\n"
            "pathlib.Path(work).rmdir()"
        ),
        "cancel",
        "cancelled in its middle, it left work-",
    ),
}
RUNS = {
    "a result that differs": (
        after_reading("import time\ndata += str(time.monotonic()).encode()[-3:] * (time.monotonic_ns() % 97)")
        | {"settings=Settings": "settings=Settings, cacheable=True"},
        "cacheable",
        "it is cacheable, but 'size' was ",
    ),
    "an exception for some parameters": (
        after_reading("if parameters.kind == 'good':\n    raise KeyError('good')"),
        "tried",
        "raised builtins.KeyError, which is no TaskError: 'good'",
    ),
    "an exception": (
        after_reading("raise ZeroDivisionError('nought')"),
        "runs",
        "raised builtins.ZeroDivisionError, which is no TaskError: nought",
    ),
}


@pytest.mark.parametrize(
    ("changes", "rule", "sentence"),
    [
        pytest.param(*case, id=name)
        for cases in (TIDY, OUTPUTS, PROGRESS, PARTIAL, CANCEL, RUNS)
        for name, case in cases.items()
    ],
)
def test_a_misbehaviour_is_caught_by_its_rule(plugin, sample, changes, rule, sentence):
    task = plugin(changes)

    with pytest.raises(ContractBreachError) as caught:
        check_task(task, sample=sample)

    assert {breach.rule for breach in caught.value.breaches} <= set(BEHAVIOUR)  # nothing that the schema shows
    texts = [breach.text for breach in caught.value.breaches if breach.rule == rule]
    assert sentence in " ".join(texts), str(caught.value)


def test_a_task_that_behaves_keeps_every_rule(plugin, sample):
    changes = after_reading("ctx.progress(10)\nctx.partial(size=len(data))\nctx.progress('nearly there')")

    report = examine_task(plugin(changes), sample=sample, hostile=True)

    assert report.breaches == ()
    assert report.not_looked_at == {}
    assert {"runs", "tidy", "outputs", "progress", "partial", "cacheable", "cancel", "tried", "hostile"} <= set(
        report.kept
    )


def test_a_sample_that_the_task_refuses_is_told(plugin, tmp_path):
    (tmp_path / "wrong").write_bytes(b"something else")

    with pytest.raises(ContractBreachError, match=r"runs: the sample ended in an error \(unreadable_source\)"):
        check_task(plugin(), sample={"url": tmp_path / "wrong"})


def test_a_task_that_reads_none_of_the_small_files_asks_for_a_sample(plugin):
    with pytest.raises(ContractBreachError, match=r"none of the core's small files was read .*name parameters"):
        check_task(plugin(), sample=True)


def test_hostile_files_are_of_the_kinds_that_a_source_declares(plugin):
    from dragon_framework.testing.hostile import damaged_files

    task = plugin({"Annotated[SourceUrl": "Annotated[ImageUrl", "Ratio, SourceUrl": "Ratio, ImageUrl"})

    names = {name.partition("-")[2] for name in damaged_files(task)}

    assert names >= {"sample.png"}
    assert names <= {"sample.png", "sample.jpg"}


def test_every_rule_has_a_plugin_that_breaks_it():
    """A type that JSON has not breaks `schema` and `reference`; entry points have tests of their own."""
    from dragon_framework.testing.conformance import RULES
    from tests.testing.test_conformance import BROKEN

    of_schemas = {rule for _, rule, _ in BROKEN.values()}
    of_runs = {rule for cases in (TIDY, OUTPUTS, PROGRESS, PARTIAL, CANCEL, RUNS) for _, rule, _ in cases.values()}

    assert set(RULES) - of_schemas == {"entry_point", "schema", "reference"}
    assert set(BEHAVIOUR) == of_runs
    assert len(BROKEN) + sum(map(len, (TIDY, OUTPUTS, PROGRESS, PARTIAL, CANCEL, RUNS))) > 40
