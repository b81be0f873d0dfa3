"""`check_task`: a good task passes, each breach is caught by its rule and by no other."""

import os
import subprocess
import sys

import pytest

from dragon_framework.errors import UnknownTaskError
from dragon_framework.registry import load_registry
from dragon_framework.testing import ContractBreachError, check_task, examine_task
from dragon_framework.testing.samples import sample_files

SUMMARY = '"""Measure a file."""'
RUN = 'data = path.read_bytes()\n    if not data.startswith(b"ACME"):\n'
REFUSAL = 'raise UnreadableSourceError(parameters.url, "an acme file")'


def breaches_of(task, **options):
    with pytest.raises(ContractBreachError) as caught:
        check_task(task, **options)
    return caught.value


def test_a_task_that_keeps_the_contract_passes(plugin):
    check_task(plugin(), hostile=True)


def test_a_task_is_checked_by_its_name_too(plugin):
    plugin()

    check_task("acme.measure")


def test_a_name_that_no_task_has_is_an_error_of_its_own():
    with pytest.raises(UnknownTaskError):
        check_task("acme.nothing")


INSTALLED = sorted(load_registry().tasks)


# eSpeak speaks the same word 0.06 s longer now and then; its duration is no promise.
VARIES = {"audio.tts"}


# Which parameters a task needs that reads none of the core's small files.
SAMPLES = {
    "video.create": {
        "definition": '<movie service="craftsman-1.0"><body><text duration="0.4">A</text></body></movie>',
        "export": False,
        "thumbnail_time": 0.0,
    },
}


@pytest.mark.parametrize("name", INSTALLED)
def test_every_installed_task_keeps_the_contract(name):
    outside = name.startswith("video.upload.")  # needs a provider; their own tests have one
    report = examine_task(name, sample=not outside and SAMPLES.get(name, True))

    breaches = [one for one in report.breaches if not (one.rule == "cacheable" and name in VARIES)]
    assert breaches == []
    assert outside or "runs" in report.kept


def test_there_are_installed_tasks_to_check():
    assert "image.info" in INSTALLED


BROKEN = {
    "summary without a full stop": (
        {SUMMARY: '"""Measure a file"""'},
        "summary",
        "must be a sentence with a full stop, got 'Measure a file'",
    ),
    "summary in lower case": ({SUMMARY: '"""measure a file."""'}, "summary", "must be a sentence with a full stop"),
    "summary of two sentences": ({SUMMARY: '"""Measure. Or weigh."""'}, "summary", "must be one sentence"),
    "parameter undescribed": (
        {'Annotated[Pixels | None, Meta(description="Width.")]': "Pixels | None"},
        "descriptions",
        "parameter 'width' has no description",
    ),
    "inner parameter undescribed": (
        {', description="From the left."': ""},
        "descriptions",
        "parameter 'places.x' has no description",
    ),
    "output undescribed": (
        {'Annotated[Bytes, Meta(description="Size.")]': "Bytes"},
        "descriptions",
        "output 'size' has no description",
    ),
    "file undescribed": (
        {'"copy", "URL of the copy."': '"copy", ""'},
        "descriptions",
        "output file 'copy' has no description",
    ),
    "setting undescribed": ({', description="How hard."': ""}, "descriptions", "setting 'level' has no description"),
    "media type misspelt": (
        {'("application/octet-stream",)': '("binary",)'},
        "files",
        "output file 'copy': 'binary' is not a media type",
    ),
    "no time": ({"settings=Settings": "settings=Settings, seconds=0"}, "limits", "seconds must be above 0"),
    "endless": (
        {"settings=Settings": "settings=Settings, seconds=float('inf')"},
        "limits",
        "seconds must be above 0 and finite, got inf",
    ),
    "number without a highest value": (
        {'Annotated[Ratio, Meta(description="How much.")]': 'Annotated[float, Meta(ge=0, description="How much.")]'},
        "numbers",
        "parameter 'share' has no highest value",
    ),
    "number in a list without a lowest value": (
        {'Annotated[Ratio, Meta(description="How much.")] = 0.5': 'Annotated[list[Annotated[int, Meta(le=5)]], '
         'Meta(description="How much.")] = []'},
        "numbers",
        "parameter 'share' has no lowest value",
    ),
    "default past the limit": (
        {'Meta(description="How much.")] = 0.5': 'Meta(description="How much.")] = 1.5'},
        "defaults",
        "the default of parameter 'share' breaks its own type (ValidationError: Expected `float` <= 1.0)",
    ),
    "default of a setting past the limit": (
        {'description="How hard.")] = 5': 'description="How hard.")] = 50'},
        "defaults",
        "the default of setting 'level' breaks its own type",
    ),
    "default that is no choice": (
        {'] = "fast"': '] = "slow"'},
        "defaults",
        "the default of parameter 'kind' breaks its own type",
    ),
    "unknown parameters swallowed": (
        {"class MeasureParameters(Parameters, frozen=True": "class MeasureParameters(Parameters, "
         "forbid_unknown_fields=False, frozen=True"},
        "names",
        "the parameters must keep forbid_unknown_fields=True",
    ),
    "reserved name": (
        {"    share: ": "    task_metas: "},
        "names",
        "parameter 'task_metas' has the name of a key of every task definition",
    ),
    "nothing accepted": (
        {"class MeasureOutput": "    def __post_init__(self) -> None:\n"
         "        raise FieldError('share', 'not today')\n\n\nclass MeasureOutput"},
        "accepted",
        "none of 50 sets of parameters that fit the types was accepted",
    ),
    "refusal without a field": (
        {"class MeasureOutput": "    def __post_init__(self) -> None:\n"
         "        if self.width:\n"
         "            raise ValueError('no width')\n\n\nclass MeasureOutput"},
        "accepted",
        "a refusal must name a parameter, got '*': no width",
    ),
    "parameter of any type": (
        {
            'Annotated[Ratio, Meta(description="How much.")] = 0.5': 'Annotated[Any, Meta(description="x")] = None',
            "Annotated, Literal": "Annotated, Any, Literal",
        },
        "refused",
        "parameter 'share' takes anything",
    ),
    "heavy library at the top": (
        {"from typing import Annotated, Literal": "from typing import Annotated, Literal\nimport redis"},
        "light",
        "loads redis; import them inside the function",
    ),
    "preloaded module at the top": (
        {"from typing import Annotated, Literal": "from typing import Annotated, Literal\nimport wave",
         "settings=Settings": "settings=Settings, preload=('wave',)"},
        "light",
        "loads wave; import them inside the function",
    ),
    "error without a code": (
        {'    code = "too_dark"\n': ""},
        "errors",
        "no code of its own (The picture is too dark.)",
    ),
    "error without a docstring": (
        {'    """The picture is too dark."""\n': ""},
        "errors",
        "the error with the code 'too_dark' has no docstring",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "rule", "sentence"), BROKEN.values(), ids=BROKEN)
def test_a_breach_is_caught_by_its_rule_and_by_no_other(plugin, changes, rule, sentence):
    error = breaches_of(plugin(changes))

    assert {breach.rule for breach in error.breaches} == {rule}
    assert sentence in error.breaches[0].text


def test_an_entry_point_of_another_name_is_caught(plugin):
    error = breaches_of(plugin(point="acme.weigh"))

    assert [breach.rule for breach in error.breaches] == ["entry_point"]
    assert error.breaches[0].text == "its entry point is called 'acme.weigh', and must be 'acme.measure'"


def test_a_task_without_an_entry_point_is_caught(plugin):
    error = breaches_of(plugin(point=None))

    assert [breach.rule for breach in error.breaches] == ["entry_point"]
    assert "no entry point in the group 'dragon.tasks' loads it" in error.breaches[0].text


def test_a_rival_that_declares_the_same_name_is_caught(plugin):
    task = plugin()
    plugin()

    error = breaches_of(task)

    assert [breach.rule for breach in error.breaches] == ["entry_point"]
    assert "declares the name for acme_measure_" in error.breaches[0].text


def test_a_type_that_json_cannot_hold_is_told_and_stops_no_other_rule(plugin):
    error = breaches_of(
        plugin(
            {
                'Ratio, Meta(description="How much.")] = 0.5': 'complex, Meta(description="x")] = 1j',
                SUMMARY: '"""Measure a file"""',
            }
        )
    )

    assert {"summary", "schema", "accepted", "reference"} <= {breach.rule for breach in error.breaches}


def test_every_breach_is_told_at_once_in_one_readable_text(plugin):
    error = breaches_of(
        plugin({SUMMARY: '"""Measure a file"""', '"copy", "URL of the copy."': '"copy", ""'}, point="acme.weigh")
    )

    assert isinstance(error, AssertionError)
    assert str(error) == (
        "task 'acme.measure' breaks the contract:\n"
        "- entry_point: its entry point is called 'acme.weigh', and must be 'acme.measure'\n"
        "- summary: the first line of the docstring must be a sentence with a full stop, got 'Measure a file'\n"
        "- descriptions: output file 'copy' has no description"
    )


DEFAULTS = {
    "a default that changes": (
        {
            'Annotated[Ratio, Meta(description="How much.")] = 0.5': "Annotated[Count, "
            'Meta(description="How much.")] = field(default_factory=iter(range(1000)).__next__)',
            "from msgspec import Meta, Struct": "from msgspec import Meta, Struct, field",
            "fields import Bytes": "fields import Count, Bytes",
        },
        "parameter 'share' is ",
    ),
    "a default that is replaced": (
        {
            "class MeasureOutput": "    def __post_init__(self) -> None:\n"
            "        force_setattr(self, 'share', 0.25)\n\n\nclass MeasureOutput",
            "from msgspec import Meta, Struct": "from msgspec import Meta, Struct\n"
            "from msgspec.structs import force_setattr",
        },
        "parameter 'share' is 0.25 when it is left out; documented is 0.5",
    ),
}


@pytest.mark.parametrize(("changes", "sentence"), DEFAULTS.values(), ids=DEFAULTS)
def test_a_documented_default_that_is_not_the_real_one_is_caught(plugin, changes, sentence):
    error = breaches_of(plugin(changes))

    assert sentence in next(breach.text for breach in error.breaches if breach.rule == "defaults")


HOPELESS, DAMAGED = 9, 2 * len(sample_files())
HOSTILE = {
    "another exception": (
        {REFUSAL: "data[100_000]"},
        "empty.jpg: raised builtins.IndexError, which is no TaskError: index out of range",
    ),
    "a success": ({REFUSAL: "pass"}, "empty.jpg: the task succeeded; a file it cannot read must end in a TaskError"),
    "a path of the server": (
        {REFUSAL: "raise TooDarkError(f'{path} is too dark')"},
        "empty.jpg: what the client reads names a path of the server: ",
    ),
    "a file left elsewhere": (
        {RUN: f"import tempfile\n    tempfile.NamedTemporaryFile(prefix='left-', delete=False).close()\n    {RUN}"},
        "outside the directory of its run; use ctx.temporary_directory",
    ),
}


@pytest.mark.parametrize(("changes", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_what_goes_wrong_with_hostile_files_is_caught(plugin, changes, sentence):
    task = plugin(changes)

    error = breaches_of(task, hostile=True)

    assert {breach.rule for breach in error.breaches} == {"hostile"}
    assert sentence in error.breaches[0].text
    files = HOPELESS if "the task succeeded" in sentence else HOPELESS + DAMAGED  # decoders may read damaged files
    assert len(error.breaches) == files


@pytest.mark.skipif(sys.platform != "linux", reason="children are looked for in /proc")
def test_a_process_left_running_is_caught(plugin):
    task = plugin(
        {RUN: f"import subprocess\n    ctx.settings and CHILDREN.append(subprocess.Popen(['sleep', '60']))\n    {RUN}",
         "class Place": "CHILDREN = []\n\n\nclass Place"}
    )  # fmt: skip

    try:
        error = breaches_of(task, hostile=True)
    finally:
        for child in task.function.__globals__["CHILDREN"]:
            child.kill()
            child.wait()

    assert "empty.jpg: left 1 process running" in {breach.text for breach in error.breaches}


def test_a_task_that_reads_anything_may_succeed_on_it(plugin):
    check_task(plugin({REFUSAL: "pass"}), hostile=True, reads_anything=True)


def test_a_task_without_a_source_is_not_run(plugin):
    task = plugin({'Annotated[SourceUrl, Meta(description="URL of the file.")]':
                   'Annotated[str, Meta(max_length=9, description="A word.")]'})  # fmt: skip

    check_task(task, hostile=True)


def test_hostile_files_reach_sources_in_lists_and_objects(plugin):
    task = plugin(
        {
            'Annotated[SourceUrl, Meta(description="URL of the file.")]': "Annotated[list[Source], "
            'Meta(min_length=1, max_length=3, description="Files.")]',
            "class Place": "class Source(Struct, frozen=True, kw_only=True):\n"
            '    file: Annotated[SourceUrl, Meta(description="URL.")]\n\n\nclass Place',
            "path = ctx.fetch(parameters.url)": "path = [ctx.fetch(one.file) for one in parameters.url][0]",
            REFUSAL: "raise UnreadableSourceError(parameters.url[0].file, 'an acme file')",
        }
    )

    check_task(task, hostile=True)


def test_hostile_runs_leave_the_environment_as_it_was(plugin):
    before = dict(os.environ)

    check_task(plugin(), hostile=True)

    assert dict(os.environ) == before


def test_importing_the_door_loads_neither_hypothesis_nor_the_rules():
    program = (
        "import sys, dragon_framework.testing\n"
        "print([name for name in ('hypothesis', 'pytest', 'dragon_framework.testing.conformance', 'pycurl') "
        "if name in sys.modules])"
    )

    answer = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True)

    assert answer.stdout == "[]\n"


def test_the_door_has_no_other_names():
    import dragon_framework.testing as door

    with pytest.raises(AttributeError, match="has no attribute 'check_tsak'"):
        _ = door.check_tsak
