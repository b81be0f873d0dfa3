"""``acme.gzip``: a file, compressed."""

from typing import Annotated

from msgspec import Meta

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.fields import Bytes, SourceUrl

BLOCK_BYTES = 1 << 20


class GzipParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the file.")]
    level: Annotated[int, Meta(ge=1, le=9, description="1 is fastest, 9 compresses best.")] = 6


class GzipOutput(Output, frozen=True, kw_only=True):
    original_bytes: Annotated[Bytes, Meta(description="Size of the file.")]
    compressed_bytes: Annotated[Bytes, Meta(description="Size of the compressed file.")]


@task(
    "acme.gzip",
    files=[OutputFile("output", "URL of the compressed file.", media_types=("application/gzip",))],
    cacheable=True,
)
def acme_gzip(parameters: GzipParameters, ctx: TaskContext) -> GzipOutput:
    """Compress a file with gzip."""
    import gzip  # small, but the place where a heavy library is imported: in the task's own process

    source = ctx.fetch(parameters.url)
    target = ctx.output("output", ".gz", "application/gzip")
    original_bytes = source.stat().st_size
    done = 0
    with source.open("rb") as plain, gzip.open(target, "wb", compresslevel=parameters.level) as compressed:
        while block := plain.read(BLOCK_BYTES):
            compressed.write(block)
            done += len(block)
            ctx.progress(100 * done // original_bytes)
    return GzipOutput(original_bytes=original_bytes, compressed_bytes=target.stat().st_size)
