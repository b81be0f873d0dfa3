"""The version of the plugin contract: what a plugin may state, and what happens to one that is for another."""

import subprocess
import sys

import pytest

from dragon_framework import __version__
from dragon_framework.contract import CONTRACT_VERSION, mismatch
from dragon_framework.errors import ContractMismatchError, SettingsError
from dragon_framework.hooks import load_hooks
from dragon_framework.registry import load_registry, registry_of
from dragon_framework.settings import Settings
from dragon_framework.storage import open_storage

TASK = """
from dragon_framework import Output, Parameters, task

class P(Parameters, frozen=True, kw_only=True): ...
class O(Output, frozen=True, kw_only=True): ...

@task({name!r})
def f(parameters: P, ctx) -> O:
    \"\"\"Do.\"\"\"
    return O()
"""
HOOKS = """
from dragon_framework.hooks import hookimpl

@hookimpl
def dragon_metrics(): return {}
"""


@pytest.mark.parametrize(
    ("stated", "version"),
    [
        ([], "1.0"),
        (["1.0"], "1.0"),
        (["1.0"], "1.7"),
        (["1.2-2"], "2.9"),
        (["1.0-1.4"], "1.4"),
        (["1.0", "3.0"], "3.1"),
        (["2.10"], "2.10"),
    ],
)
def test_these_fit(stated, version):
    assert mismatch(stated, version) == ""


@pytest.mark.parametrize(
    ("stated", "version", "told"),
    [
        (["1.1"], "1.0", "version 1.1 to 1.x"),
        (["1.0"], "2.0", "version 1.0 to 1.x"),
        (["1.0-1.4"], "1.5", "version 1.0 to 1.4"),
        (["2.0-3"], "4.0", "version 2.0 to 3.x"),
        (["2.9"], "2.8", "version 2.9 to 2.x"),
        (["1.0", "3.0"], "2.0", "version 1.0 to 1.x or 3.0 to 3.x"),
    ],
)
def test_these_do_not_fit_and_both_versions_are_named(stated, version, told):
    text = mismatch(stated, version)

    assert told in text
    assert text.endswith(f"this is version {version}")


@pytest.mark.parametrize("stated", ["1", "1.x", ">=1.0", "", "1.0-", "99999.0"])
def test_what_is_no_range_is_told(stated):
    assert "is no range of the plugin contract" in mismatch([stated], "1.0")


def test_minor_versions_are_numbers_and_not_texts():
    assert mismatch(["2.9"], "2.10") == ""
    assert mismatch(["2.10"], "2.9") != ""


def test_a_plugin_for_another_contract_is_refused_with_both_versions_and_the_others_are_up(install):
    install("acme-good", "1.0", {"dragon.tasks": {"acme.good": "acme_good:f"}, "dragon.contract": {"1.0": "acme_good"}},
            acme_good=TASK.format(name="acme.good"))  # fmt: skip
    install("acme-new", "2.0", {"dragon.tasks": {"acme.new": "acme_new:f", "acme.newer": "acme_new:f"},
                                "dragon.hooks": {"new": "acme_new"}, "dragon.contract": {"9.3": "acme_new"}},
            acme_new="raise RuntimeError('must not be imported')")  # fmt: skip

    registry, hooks = load_registry(), load_hooks()

    assert "acme.good" in registry.tasks
    problems = [problem for problem in registry.problems if problem.distribution == "acme-new"]
    assert {problem.entry_point for problem in problems} == {"acme.new", "acme.newer"}
    assert all(isinstance(problem, ContractMismatchError) for problem in problems)
    assert problems[0].reason == (
        f"it supports version 9.3 to 9.x of the plugin contract, and this is version {CONTRACT_VERSION}; "
        f"upgrade dragon-framework {__version__}, or install an older acme-new"
    )
    (problem,) = (problem for problem in hooks.problems if problem.distribution == "acme-new")
    assert "9.3 to 9.x" in problem.reason


def test_a_storage_driver_for_another_contract_is_refused_with_its_reason(install):
    groups = {"dragon.storage": {"acme": "acme_store:Store"}, "dragon.contract": {"9.3": "acme_store"}}
    install("acme-store", "2.0", groups, acme_store="raise RuntimeError('must not be imported')")

    with pytest.raises(SettingsError, match=r"acme-store 2\.0 is not available: it supports version 9\.3 to 9\.x"):
        open_storage("acme://somewhere")


def test_an_api_may_be_told_of_plugins_that_only_workers_have_and_a_worker_may_not():
    settings = Settings(plugins=("acme-elsewhere",))

    assert registry_of(settings, away=True).tasks == {}
    with pytest.raises(SettingsError, match="no distribution or task 'acme-elsewhere' is installed"):
        registry_of(settings)


def test_an_old_plugin_is_told_to_be_upgraded(install):
    install("acme-old", "0.1", {"dragon.tasks": {"acme.old": "acme_old:f"}, "dragon.contract": {"0.9": "acme_old"}},
            acme_old="")  # fmt: skip

    (problem,) = (problem for problem in load_registry().problems if problem.distribution == "acme-old")

    assert problem.reason.endswith(f"upgrade acme-old, or install an older dragon-framework than {__version__}")


def test_hooks_of_a_disabled_plugin_are_not_loaded(install):
    install("acme-hooks", "1", {"dragon.hooks": {"acme": "acme_hooks"}}, acme_hooks=HOOKS)

    assert "acme-hooks" in {record.distribution for record in load_hooks().records}
    assert "acme-hooks" not in {record.distribution for record in load_hooks(["acme_hooks"]).records}
    assert "acme-hooks" not in {record.distribution for record in load_hooks(only=["dragon-image"]).records}


def test_knowing_the_version_loads_nothing_heavy():
    program = "import sys, dragon_framework.contract; print('redis' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"
