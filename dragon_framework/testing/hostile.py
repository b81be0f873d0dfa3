"""What a task does with files that are not what it reads.

In: a task whose parameters name sources. It is run here and now, once for each file that
`hostile_files` lists, served by a local web server, as a client would name it. Out: a
sentence for each breach: an error that is no `TaskError`, a success where a refusal is
due, a path of this machine in what a client would read, files or processes left behind.
Needs hypothesis. Stands on the context, the sources and `trials`.
"""

import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dragon_framework.errors import TaskError
from dragon_framework.shapes import Shape, fields_of
from dragon_framework.tasks import Task
from dragon_framework.testing.trials import simple_parameters


def hostile_files() -> dict[str, bytes]:
    """Return files by name: empty, a text, and beginnings of media that end too early."""
    chunk = b"\x00\x00\x00\rIHDR\x00\x00\x00\x25\x00\x00\x00\x1b\x08\x02\x00\x00\x00"
    return {
        "empty.jpg": b"",
        "text.png": b"This is a text, whatever its name says.\n" * 3,
        "zeros.mp4": bytes(4096),
        "cut.png": b"\x89PNG\r\n\x1a\n" + chunk,  # PNG 1.2, 11.2.2: no CRC, no data
        "cut.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xdb\x00\x43\x00",
        "cut.gif": b"GIF89a\x25\x00\x1b\x00\xf7\x00\x00\x00",  # a palette that is announced and missing
        "cut.wav": b"RIFF\xff\xff\xff\x7fWAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00",
        "cut.mp4": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2\x00\x01\x00\x00mdat",
        "cut.mp3": b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f",
    }


def hostile_breaches(task: Task, *, reads_anything: bool) -> Iterator[str]:
    """Run *task* on every hostile file and yield a sentence for each breach.

    Args:
        task: It is given simple parameters that it accepts, with every source replaced.
        reads_anything: Whether it may succeed.
    """
    from dragon_framework.testing.file_server import FileServer

    if not any(_has_source(field.shape) for field in fields_of(task.parameters)):
        return
    example = simple_parameters(
        task,
        lambda values: any(field.name in values and _has_source(field.shape) for field in fields_of(task.parameters)),
    )
    if example is None:
        yield "no parameters with a source were found that the task accepts"
        return
    with tempfile.TemporaryDirectory(prefix="dragon-hostile-") as directory, FileServer() as server:
        for name, data in hostile_files().items():
            path = Path(directory) / "files" / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            url = server.serve(path)
            values = {
                field.name: _with_source(field.shape, example[field.name], url)
                for field in fields_of(task.parameters)
                if field.name in example
            }
            for text in _run(task, values, Path(directory), reads_anything=reads_anything):
                yield f"{name}: {text}"


def _run(task: Task, values: dict[str, Any], directory: Path, *, reads_anything: bool) -> Iterator[str]:
    from dragon_framework.context import RunContext, SilentReporter, plugin_settings, run_in_context
    from dragon_framework.settings import SourcesSettings
    from dragon_framework.sources import Sources
    from dragon_framework.validation import convert_parameters

    home, elsewhere = directory / "run", directory / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    sources = Sources(SourcesSettings(), cache_directory=None, allow=("127.0.0.0/8", "::1/128"))
    ctx = RunContext(task, home, sources, reporter=SilentReporter(), settings=plugin_settings(task, {}, os.environ))
    children = _children()
    default, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(elsewhere)
    try:
        run_in_context(task, convert_parameters(task, values), ctx)
        if not reads_anything:
            yield "the task succeeded; a file it cannot read must end in a TaskError"
    except TaskError as error:
        told = f"{error} {error.details()}"
        if str(directory) in told or "Traceback" in told:
            yield f"what the client reads names a path of the server: {told[:300]}"
    except Exception as error:  # noqa: BLE001  # that is what is looked for
        yield f"raised {type(error).__module__}.{type(error).__name__}, which is no TaskError: {error!s:.200}"
    finally:
        tempfile.tempdir = default
        if variable is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = variable
        sources.close()
    gc.collect()
    if left := sorted(path.name for path in elsewhere.iterdir()):
        yield f"left {', '.join(left[:5])} outside the directory of its run; use ctx.temporary_directory"
    if started := _children() - children:
        yield f"left {len(started)} process{'es' if len(started) > 1 else ''} running"


def _children() -> set[int]:
    """Return the processes that this one has started and that still run (on Linux; elsewhere none)."""
    found: set[int] = set()
    for path in Path("/proc/self/task").glob("*/children"):
        try:
            found.update(map(int, path.read_text().split()))
        except OSError:  # the thread has ended
            continue
    return found


def _has_source(shape: Shape) -> bool:
    if "x-source" in shape.facts or any(_has_source(part) for part in shape.items + shape.members):
        return True
    return shape.struct is not None and any(_has_source(field.shape) for field in fields_of(shape.struct))


def _with_source(shape: Shape, value: Any, url: str) -> Any:
    """Return *value* with *url* in place of every source in it."""
    shape = shape.without_null()
    if value is None:
        return None
    if "x-source" in shape.facts:
        return url
    if isinstance(value, list) and shape.items:
        shapes = shape.items if len(shape.items) == len(value) else shape.items * len(value)
        return [_with_source(one, item, url) for one, item in zip(shapes, value, strict=False)]
    if isinstance(value, dict) and shape.struct is not None:
        fields = {field.name: field.shape for field in fields_of(shape.struct)}
        return {name: _with_source(fields[name], item, url) if name in fields else item for name, item in value.items()}
    if isinstance(value, dict) and shape.kind == "object":
        return {name: _with_source(shape.items[0], item, url) for name, item in value.items()}
    if shape.kind == "union" and isinstance(value, str):
        return url if any("x-source" in member.facts for member in shape.members) else value
    return value
