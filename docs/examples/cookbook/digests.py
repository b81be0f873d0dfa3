"""``acme.digests``: a long task that tells how far it is, and shows what it has so far."""

import hashlib
from typing import Annotated

from dragon_framework import Output, Parameters, TaskContext, task
from dragon_framework.errors import UnreadableSourceError
from dragon_framework.fields import SourceUrl
from msgspec import Meta

MIB = 1 << 20


class DigestsParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the file.")]
    piece_mib: Annotated[int, Meta(ge=1, le=1024, description="Size of a piece in MiB.")] = 1


class DigestsOutput(Output, frozen=True, kw_only=True):
    digests: Annotated[list[str], Meta(description="SHA-256 of each piece, in their order.")]


@task("acme.digests", seconds=3600, cacheable=True)
def digests(parameters: DigestsParameters, ctx: TaskContext) -> DigestsOutput:
    """Digest a file piece by piece."""
    source = ctx.fetch(parameters.url)
    size, done = source.stat().st_size, 0
    if not size:
        raise UnreadableSourceError(parameters.url, "a file with anything in it")
    found: list[str] = []
    with source.open("rb") as file:
        while piece := file.read(parameters.piece_mib * MIB):
            found.append(hashlib.sha256(piece).hexdigest())
            done += len(piece)
            ctx.partial(digests=found)  # streams show it at once; a part of the result, never something else
            ctx.progress(100 * done // size)  # and here the task ends if the client has cancelled it
    return DigestsOutput(digests=found)
