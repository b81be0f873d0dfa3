"""Whether two workers would make the same bytes of the same part, and whether they share their processors.

In: an installed task. Out: short texts that are equal where the answer is yes. Two workers are alike that have the
same versions of Python, of the core, of the plugin and of all that it depends on, directly or not, and processors with
the same vector instructions, by which numeric libraries choose their code. Stands on distributions' metadata.
"""

import contextlib
import hashlib
import inspect
import platform
import re
import socket
from functools import cache
from importlib import metadata
from pathlib import Path

from dragon_framework.registry import Registry

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VECTORS = re.compile(r"s?sse\d\w*|avx\w*|fma\d*|f16c|amx\w*|asimd\w*|neon|sve\w*|i8mm|bf16")


@cache
def machine() -> str:
    """Return what is the same for all processes, containers included, that run on one machine."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return socket.gethostname()


def likeness(registry: Registry, task_name: str) -> str:
    """Return a digest that workers share which make the same of a part of this task."""
    record = registry.provider(task_name)
    facts = [platform.python_version(), platform.machine(), *_vectors()]
    names = ["dragon-framework"]
    if record is not None:
        facts.append(f"{record.distribution} {record.version}")
        names.append(record.distribution)
    facts += _versions(names)
    with contextlib.suppress(OSError, TypeError):  # a plugin under development changes without a new version
        code = inspect.getfile(inspect.unwrap(registry.get(task_name).function))
        facts.append(hashlib.sha256(Path(code).read_bytes()).hexdigest())
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32]


def _versions(names: list[str]) -> list[str]:
    """Return names and versions of distributions, and of those that they need and that are installed."""
    found: dict[str, str] = {}
    left = list(names)
    while left:
        name = re.sub(r"[-_.]+", "-", left.pop()).lower()
        if name in found:
            continue
        found[name] = ""
        with contextlib.suppress(metadata.PackageNotFoundError):
            distribution = metadata.distribution(name)
            found[name] = distribution.version
            left += [match[0] for line in distribution.requires or () if (match := _NAME.match(line))]
    return sorted(f"{name} {version}" for name, version in found.items() if version)


@cache
def _vectors() -> tuple[str, ...]:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(("flags", "Features")):
                return tuple(sorted(word for word in line.split() if _VECTORS.fullmatch(word)))
    return (platform.processor(),)
