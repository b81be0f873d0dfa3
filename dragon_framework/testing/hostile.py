"""What a task does with files that are not what it reads.

In: a task whose parameters name sources. It is run here and now, once for each file,
served by a local web server, as a client would name it. Out: a sentence for each breach:
an error that is no `TaskError`, a success where a refusal is due, a path of this machine
in what a client would read, files, threads or processes left behind. Needs hypothesis.
Stands on `running`, `samples` and `trials`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dragon_framework.media_types import media_type_of
from dragon_framework.tasks import Task
from dragon_framework.testing.behaviour import left_behind, told_error
from dragon_framework.testing.running import watched_run
from dragon_framework.testing.samples import sample_files
from dragon_framework.testing.sources_in import has_sources, read_media_types, reads, with_source
from dragon_framework.testing.trials import simple_parameters


def hostile_files() -> dict[str, bytes]:
    """Return files by name: empty, a text, and beginnings of media that end too early."""
    chunk = b"\x00\x00\x00\x0dIHDR\x00\x00\x00\x25\x00\x00\x00\x1b\x08\x02\x00\x00\x00"
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


def damaged_files(task: Task) -> dict[str, bytes]:
    """Return the samples of the kinds that a task says it reads (of all kinds if it says none), damaged.

    Each is there as its first half, and with 16 bytes in its middle turned over. A task
    may read them all the same: good decoders do.
    """
    files: dict[str, bytes] = {}
    for name, data in sample_files().items():
        if reads(task, media_type_of(name)):
            middle = len(data) // 2
            files[f"half-{name}"] = data[:middle]
            turned = bytes(byte ^ 0xFF for byte in data[middle : middle + 16])
            files[f"turned-{name}"] = data[:middle] + turned + data[middle + 16 :]
    return files


def hostile_breaches(task: Task, directory: Path, *, reads_anything: bool) -> Iterator[str]:
    """Run *task* on every hostile file and yield a sentence for each breach.

    Args:
        task: It is given simple parameters that it accepts, with every source replaced.
        directory: An existing directory, which the caller removes.
        reads_anything: Whether it may succeed on a file that is none at all.
    """
    from dragon_framework.testing.file_server import FileServer

    if not has_sources(task):
        return
    example = simple_parameters(task, lambda values: with_source(task, values, "x:") != values)
    if example is None:
        yield "no parameters with a source were found that the task accepts"
        return
    with FileServer() as server:
        damaged = damaged_files(task)
        reads_texts = bool(read_media_types(task)) and reads(task, "text/plain")
        for name, data in (hostile_files() | damaged).items():
            path = directory / "files" / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            values = with_source(task, example, server.serve(path))
            # What only tells of a file, and writes none, may read its beginning.
            lenient = reads_anything or name in damaged or (not task.files and name.startswith("cut."))
            lenient = lenient or (name.startswith("text.") and reads_texts)
            for text in _run(task, values, directory, may_succeed=lenient):
                yield f"{name}: {text}"


def _run(task: Task, values: dict[str, Any], directory: Path, *, may_succeed: bool) -> Iterator[str]:
    run = watched_run(task, values, directory)
    if run.error is None and not may_succeed:
        yield "the task succeeded; a file it cannot read must end in a TaskError"
    yield from told_error(run.error, directory)
    yield from left_behind(run)
