"""`url_callback`: where the final status of a task is sent.

The v1 reference lists it among the parameters of video.create and video.upload.vimeo; here
every task definition of `create` and `create_stream` may have it. Stands on `validation`.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from dragon_framework.errors import InvalidParametersError, SourceRefusedError
from dragon_framework.fields import CallbackUrl
from dragon_framework.sources.guard import vet_url
from dragon_framework.tasks import Parameters, Task
from dragon_framework.validation import convert_parameters

CALLBACK = "url_callback"


def with_callback(task: Task, values: Mapping[str, Any], *, strict: bool) -> tuple[Parameters, str]:
    """Return the parameters of a definition that has a `url_callback`, and the URL.

    Raises:
        InvalidParametersError: If any parameter is wrong, or the URL is none that is called; names them all.
    """
    url = values[CALLBACK]
    listed = CALLBACK in {field.name for field in msgspec.structs.fields(task.parameters)}
    rest = values if listed else {name: value for name, value in values.items() if name != CALLBACK}
    problem = _problem(url)
    try:
        parameters = convert_parameters(task, rest, strict=strict)
    except InvalidParametersError as error:
        if problem:
            raise InvalidParametersError(task.name, error.errors | {CALLBACK: [problem]}) from None
        raise
    if problem:
        raise InvalidParametersError(task.name, {CALLBACK: [problem]})
    return parameters, url or ""


def _problem(url: Any) -> str:
    """Return what is wrong with the URL; empty if nothing is. None stands for no callback."""
    if url is None:
        return ""
    try:
        msgspec.convert(url, CallbackUrl)
    except msgspec.ValidationError:
        return "must be an http or https URL of at most 8192 characters"
    try:
        vet_url(url)
    except SourceRefusedError as error:
        return f"cannot be called: {error.reason}"
    return ""
