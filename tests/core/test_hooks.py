"""Hooks of plugins: found, checked, and each kept from harming the others."""

import logging
from typing import Any

import pytest

from dragon_framework.errors import PluginError
from dragon_framework.hooks import Hooks, hookimpl, load_hooks, specified_hooks

ACME = """
from dragon_framework.hooks import hookimpl

seen = []

@hookimpl
def dragon_task_finished(key, status):
    seen.append((key, status))
"""

FINISHED: dict[str, Any] = {
    "key": "K", "task_name": "image.info", "status": "success", "seconds": 0.5, "result": {}
}  # fmt: skip


class Failing:
    @hookimpl
    def dragon_task_finished(self, key):
        raise RuntimeError("acme is down")

    @hookimpl
    def dragon_authenticate(self, credentials):
        raise RuntimeError("acme is down")

    @hookimpl
    def dragon_fetch_policy(self, url):
        raise RuntimeError("acme is down")


class Working:
    def __init__(self):
        self.seen = []

    @hookimpl
    def dragon_task_finished(self, key, seconds):
        self.seen.append((key, seconds))

    @hookimpl
    def dragon_authenticate(self, credentials, referrer):
        return credentials.get("secret")

    @hookimpl
    def dragon_metrics(self):
        return {"acme_total": 3.0}


def test_an_installed_module_is_found_and_called(install):
    install("acme-hooks", "2.0", {"dragon.hooks": {"acme": "acme_hooks"}}, acme_hooks=ACME)

    hooks = load_hooks()
    hooks.call("dragon_task_finished", **FINISHED)

    import acme_hooks

    assert acme_hooks.seen == [("K", "success")]
    (record,) = (record for record in hooks.records if record.distribution == "acme-hooks")
    assert (record.name, record.version, record.hooks) == ("acme", "2.0", ("dragon_task_finished",))


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("import nothing_of_this_name", "No module named"),
        (ACME.replace("task_finished", "task_finnished"), "did you mean 'dragon_task_finished'?"),
        (ACME.replace("(key, status)", "(keys)"), "'keys'"),
        (ACME.replace("@hookimpl", "@hookimpl(wrapper=True)").replace("seen.append", "yield"), "wrapper"),
        ("x = 1", "no function marked with @hookimpl"),
    ],
)
def test_a_module_that_cannot_be_used_is_recorded_and_harms_nobody(install, module, expected):
    install("acme-bad", "0.1", {"dragon.hooks": {"bad": "acme_bad"}}, acme_bad=module)
    install("acme-hooks", "2.0", {"dragon.hooks": {"acme": "acme_hooks"}}, acme_hooks=ACME)

    hooks = load_hooks()

    (problem,) = (problem for problem in hooks.problems if problem.distribution == "acme-bad")
    assert expected in problem.reason
    assert hooks.implements("dragon_task_finished")


def test_a_hook_that_raises_is_logged_and_the_others_run(caplog):
    hooks, working = Hooks(), Working()
    hooks.add(Failing(), "failing", "acme-failing", "1")
    hooks.add(working, "working", "acme-working", "1")
    hooks.add(Failing, "failing too", "acme-failing-too", "1")

    with caplog.at_level(logging.ERROR):
        answers = hooks.call("dragon_task_finished", **FINISHED)

    assert answers == []
    assert working.seen == [("K", 0.5)]
    assert "acme-failing" in caplog.text
    assert "acme is down" in caplog.text


def test_the_first_answer_counts_and_a_failing_hook_has_none():
    hooks = Hooks()
    hooks.add(Working(), "working", "acme-working", "1")
    hooks.add(Failing(), "failing", "acme-failing", "1")

    assert hooks.call("dragon_authenticate", credentials={"secret": "s"}, referrer="") == ["s"]
    assert hooks.call("dragon_authenticate", credentials={}, referrer="") == []


def test_a_fetch_policy_that_fails_refuses():
    hooks = Hooks()
    hooks.add(Failing(), "failing", "acme-failing", "1")

    (refusal,) = hooks.call("dragon_fetch_policy", url="http://a/b", host="a", address="192.0.2.1")

    assert isinstance(refusal, str)


def test_a_hook_nobody_implements_gives_nothing():
    hooks = Hooks()
    hooks.add(Working(), "working")

    assert hooks.call("dragon_metrics") == [{"acme_total": 3.0}]
    assert hooks.call("dragon_routes") == []
    assert not hooks.implements("dragon_routes")


def test_a_plugin_that_was_refused_leaves_no_trace():
    class Half:
        @hookimpl
        def dragon_metrics(self):
            return {"half": 1.0}

        @hookimpl
        def dragon_task_queued(self, wrong):
            return None

    hooks = Hooks()

    with pytest.raises(PluginError):
        hooks.add(Half(), "half", "acme-half", "1")

    assert hooks.records == ()
    hooks.add(Working(), "working")
    assert hooks.call("dragon_metrics") == [{"acme_total": 3.0}]


@pytest.mark.parametrize("name", sorted(specified_hooks()))
def test_every_hook_is_documented_with_each_of_its_arguments(name):
    function = specified_hooks()[name]
    arguments = [argument for argument in function.__annotations__ if argument != "return"]

    assert function.__doc__
    assert all(f"{argument}: " in function.__doc__ for argument in arguments)
