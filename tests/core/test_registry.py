"""Which tasks exist, and what becomes of plugins that are broken, in each other's way, or not wanted."""

import subprocess
import sys

import pytest

from dragon_framework.errors import DuplicateTaskError, UnknownTaskError
from dragon_framework.registry import Registry, load_registry

TASK = """
from dragon_framework import Output, Parameters, task


class P(Parameters, frozen=True, kw_only=True):
    url: str


class O(Output, frozen=True, kw_only=True):
    length: int


@task("{name}", queue="{queue}")
def f(parameters: P, ctx) -> O:
    '''Measure something.'''
    return O(length=1)
"""


def source(name: str, queue: str = "acme") -> str:
    return TASK.format(name=name, queue=queue)


def reason(registry: Registry, distribution: str) -> str:
    (problem,) = next(record.problems for record in registry.plugins if record.distribution == distribution)
    return problem.reason


def test_an_installed_task_is_found_under_its_name(install):
    install("acme-ruler", "1.2.0", {"dragon.tasks": {"acme.ruler": "acme_ruler:f"}}, acme_ruler=source("acme.ruler"))

    registry = load_registry()

    assert registry.get("acme.ruler").summary == "Measure something."
    record = registry.provider("acme.ruler")
    assert (record.distribution, record.version, record.tasks) == ("acme-ruler", "1.2.0", ("acme.ruler",))
    assert "acme" in registry.queues
    assert list(registry.tasks) == sorted(registry.tasks)


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("assert False, 'not on this machine'", "AssertionError: not on this machine"),
        ("def f(:", "SyntaxError: invalid syntax (acme_broken.py, line 1)"),
        ("g = 1", "AttributeError: module 'acme_broken' has no attribute 'f'"),
        ("f = 5", "acme_broken:f is a int, not a task; decorate it with @task"),
        (source("acme.other"), "acme_broken:f is the task 'acme.other'; its entry point must have the same name"),
        (source("acme.broken").replace("url", "task_name"), "'task_name' cannot be a parameter"),
        (
            source("acme.broken").replace("length: int", "length: complex"),
            "its parameters or output have a type that JSON cannot hold",
        ),
        (source("acme.broken").replace(" -> O", ""), "InvalidTaskError: task 'acme.broken': the return value"),
    ],
)
def test_a_broken_plugin_is_named_with_its_reason_and_harms_nobody(install, module, expected):
    install("acme-good", "1.0", {"dragon.tasks": {"acme.good": "acme_good:f"}}, acme_good=source("acme.good"))
    install("acme-broken", "0.3", {"dragon.tasks": {"acme.broken": "acme_broken:f"}}, acme_broken=module)

    registry = load_registry()

    assert "acme.good" in registry.tasks
    assert "acme.broken" not in registry.tasks
    (problem,) = (problem for problem in registry.problems if problem.distribution == "acme-broken")
    assert (problem.entry_point, problem.version) == ("acme.broken", "0.3")
    assert problem.reason.startswith(expected)


@pytest.mark.parametrize("module", ["raise OSError('\\udcff')", "class E(Exception):\n __str__ = None\nraise E"])
def test_the_reason_of_a_broken_plugin_can_always_be_told(install, module):
    install("acme", "1", {"dragon.tasks": {"acme.x": "acme_x:f"}}, acme_x=module)

    assert reason(load_registry(), "acme").encode()


def test_what_a_plugin_prints_when_it_is_imported_is_not_among_results(install, capsys):
    module = "import sys\nprint('hello')\nsys.stdout.buffer.write(b'there')\n"
    install("acme", "1", {"dragon.tasks": {"acme.x": "acme_x:f"}}, acme_x=module + source("acme.x"))

    registry = load_registry()

    assert "acme.x" in registry.tasks
    assert capsys.readouterr().out == ""


def test_an_interrupt_is_not_swallowed(install):
    install("acme", "1", {"dragon.tasks": {"acme.x": "acme_x:f"}}, acme_x="raise KeyboardInterrupt")

    with pytest.raises(KeyboardInterrupt):
        load_registry()


def test_malformed_metadata_is_that_distributions_own_problem(install):
    install("acme-good", "1.0", {"dragon.tasks": {"acme.good": "acme_good:f"}}, acme_good=source("acme.good"))
    install("acme-bad", "9", "[dragon.tasks]\nthis is no entry point\n")

    registry = load_registry()

    assert "acme.good" in registry.tasks
    assert reason(registry, "acme-bad").startswith("entry_points.txt is malformed")


def test_two_providers_of_one_task_are_both_refused_and_named(install):
    install("acme-a", "1.2.0", {"dragon.tasks": {"acme.ruler": "acme_a:f"}}, acme_a=source("acme.ruler"))
    install("acme-b", "0.3.1", {"dragon.tasks": {"acme.ruler": "acme_b:f"}}, acme_b=source("acme.ruler"))

    registry = load_registry()

    assert "acme.ruler" not in registry.tasks
    problems = {problem.distribution: problem for problem in registry.problems if problem.entry_point == "acme.ruler"}
    assert all(isinstance(problem, DuplicateTaskError) for problem in problems.values())
    assert str(problems["acme-a"]) == (
        "'acme.ruler' of acme-a 1.2.0 is not available: acme-b 0.3.1 provides it too; uninstall or disable one of them"
    )
    assert "acme-a 1.2.0" in problems["acme-b"].reason


@pytest.mark.parametrize("name", ["acme-b", "Acme_B"])
def test_disabling_one_of_two_providers_leaves_the_other(install, name):
    install("acme-a", "1", {"dragon.tasks": {"acme.ruler": "acme_a:f"}}, acme_a=source("acme.ruler"))
    install("acme-b", "2", {"dragon.tasks": {"acme.ruler": "acme_b:f"}}, acme_b=source("acme.ruler"))

    registry = load_registry([name])

    assert registry.provider("acme.ruler").distribution == "acme-a"
    record = next(record for record in registry.plugins if record.distribution == "acme-b")
    assert record.disabled == ("acme.ruler",)


def test_a_disabled_task_is_not_even_imported(install):
    install("acme-a", "1", {"dragon.tasks": {"acme.ruler": "acme_a:f"}}, acme_a="raise RuntimeError")

    registry = load_registry(["acme.ruler"])

    assert not [problem for problem in registry.problems if problem.distribution == "acme-a"]


@pytest.mark.parametrize("name", [{}, [], None, 5, "image.nothing", "x" * 10_000_000, "\ud800"])
def test_an_unknown_name_of_any_type_is_an_unknown_task(name):
    with pytest.raises(UnknownTaskError) as raised:
        load_registry().get(name)

    assert len(str(raised.value)) < 3000


def test_a_slip_in_the_name_brings_a_suggestion(install):
    install("acme-ruler", "1", {"dragon.tasks": {"acme.ruler": "acme_ruler:f"}}, acme_ruler=source("acme.ruler"))

    with pytest.raises(UnknownTaskError, match=r"did you mean 'acme\.ruler'"):
        load_registry().get("acme.rular")


def test_finding_the_tasks_imports_nothing_heavy():
    heavy = {"numpy", "PIL", "av", "cv2", "pycurl", "litestar", "dramatiq", "redis", "hypothesis"}
    code = (
        "import sys; from dragon_framework.registry import load_registry; from dragon_framework import hooks, schema;"
        "print([schema.task_document(task)['name'] for task in load_registry().tasks.values()]);"
        f"print(sorted({heavy} & set(sys.modules)))"
    )

    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed.splitlines()[-1] == "[]"
