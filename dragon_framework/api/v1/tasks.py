"""`GET /v1/tasks` and `GET /v1/tasks/{name}`: which tasks are installed, with their schemas. Beyond v1."""

import msgspec
from litestar import HttpMethod, Response, route

from dragon_framework.api.kept import Kept
from dragon_framework.api.problems import bad_request
from dragon_framework.api.requests import AnyRequest
from dragon_framework.api.service import Service
from dragon_framework.api.v1.envelope import json_response
from dragon_framework.errors import UnknownTaskError
from dragon_framework.schema import task_document


@route("/v1/tasks", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def tasks(request: AnyRequest) -> Response[bytes]:
    """Return every installed task: name, summary, parameters and output as JSON Schema, files."""
    service: Service = request.app.state.service
    if "tasks" not in service.pages:
        documents = [task_document(task) for task in service.registry.tasks.values()]
        service.pages["tasks"] = Kept(msgspec.json.encode(documents), "application/json")
    kept: Kept = service.pages["tasks"]
    return kept.response(request, {"Cache-Control": "no-cache"})


@route("/v1/tasks/{name:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def one_task(request: AnyRequest, name: str) -> Response[bytes]:
    """Return one installed task."""
    service: Service = request.app.state.service
    try:
        return json_response(msgspec.json.encode(task_document(service.registry.get(name))))
    except UnknownTaskError as error:
        raise bad_request("name", "path", str(error), 404) from None
