"""The version of the contract between the core and its plugins, and what plugins say they support.

`MAJOR.MINOR`: the minor number rises when something is added, the major one when something
that a plugin relies on is taken away or changed. A distribution says in its metadata what
it was written for, so that it is known before anything of it is imported:

    [project.entry-points."dragon.contract"]
    "1.0" = "acme_gzip"

supports 1.0 and every later 1.x; `"1.2-2"` also every 2.x; `"1.0-1.4"` nothing after 1.4.
The value is the package it is said of. Who says nothing is tried. Stands on nothing.
"""

import re
from collections.abc import Collection

GROUP = "dragon.contract"

CONTRACT_VERSION = "1.2"
"""Version of the contract that this core keeps.

1.1 added kinds of sources, and `dragon.contract`; 1.2 parts of a task's work (`TaskContext.spread`).
"""

_RANGE = re.compile(r"(\d{1,4})\.(\d{1,4})(?:-(\d{1,4})(?:\.(\d{1,4}))?)?")


def mismatch(stated: Collection[str], version: str = CONTRACT_VERSION) -> str:
    """Return why a plugin that states these ranges cannot be used; empty if it can.

    Args:
        stated: Names of its entry points in the group `dragon.contract`; one that fits is enough.
        version: The version of the contract that is there.
    """
    here = _numbers(version)
    for one in stated:
        found = _RANGE.fullmatch(one)
        if found is None:
            return f"{one!r} is no range of the plugin contract; write the lowest version it supports, such as '1.0'"
        low = (int(found[1]), int(found[2]))
        last = int(found[3] or found[1])
        high = (last, int(found[4])) if found[4] else (last + 1, -1)
        if low <= here <= high:
            return ""
    if not stated:
        return ""
    ranges = " or ".join(map(_told, sorted(stated)))
    return f"it supports version {ranges} of the plugin contract, and this is version {version}"


def advice(stated: Collection[str], distribution: str, framework: str, version: str = CONTRACT_VERSION) -> str:
    """Return what helps against a mismatch, as half a sentence."""
    newest = max((_numbers(one.partition("-")[0]) for one in stated if _RANGE.fullmatch(one)), default=(0, 0))
    if newest > _numbers(version):
        return f"upgrade dragon-framework {framework}, or install an older {distribution}"
    return f"upgrade {distribution}, or install an older dragon-framework than {framework}"


def _numbers(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)


def _told(one: str) -> str:
    low, _, high = one.partition("-")
    if not high:
        return f"{low} to {low.partition('.')[0]}.x"
    return f"{low} to {high if '.' in high else f'{high}.x'}"
