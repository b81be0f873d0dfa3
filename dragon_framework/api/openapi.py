"""The OpenAPI 3.1 document of a service: its methods, and the schemas of its installed tasks."""

from typing import Any

from dragon_framework import __version__
from dragon_framework.api.openapi_admin import ADMIN_ROUTES, admin_schemas
from dragon_framework.api.openapi_schemas import SCHEMAS
from dragon_framework.registry import Registry
from dragon_framework.schema import openapi_components

Json = dict[str, Any]

KEY_PATTERN = "^[A-Z2-7]{26}$"

_CREDENTIALS: Json = {
    "secret": {"type": "string", "description": "Secret of the account, where the header is not used."},
    "api_key": {"type": "string", "description": "Api key of the account, with a Referer on its list."},
}
_BLOCK: Json = {
    "type": "boolean",
    "default": False,
    "description": "Wait until all tasks are final, for some minutes at most, instead of answering at once.",
}
_SHARE: Json = {
    "type": "boolean",
    "default": False,
    "description": "Let equal cacheable tasks of the account serve that are under way or have succeeded.",
}
_PRIORITY: Json = {
    "enum": ["low", "normal", "high"],
    "default": "normal",
    "description": "What goes first among the waiting tasks of one account; accounts take turns whatever it is.",
}
_DETAILS: Json = {
    "type": "boolean",
    "default": False,
    "description": "Add each task's name, parameters and what workers did with it; for the account that created it "
    "(credentials needed).",
}
_SECURITY: list[Json] = [{"secret": []}, {"apiKey": []}, {}]  # {}: in the body or the query


def document(registry: Registry) -> Json:
    """Return the OpenAPI document of a service with the tasks of *registry*."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Dragon",
            "version": __version__,
            "description": "A media task service. The reference of the installed tasks is at `/docs`.",
        },
        "paths": _v1_paths() | _admin_paths() | _other_paths(),
        "components": {
            "schemas": openapi_components(registry) | admin_schemas() | SCHEMAS,
            "securitySchemes": {
                "secret": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Secret S`, for servers.",
                },
                "apiKey": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Api-Key K`, for pages whose host is on the account's list of referrers.",
                },
            },
        },
    }


def _v1_paths() -> dict[str, Json]:
    tasks: Json = {
        "description": "One task definition or a list of them.",
        "oneOf": [_ref("TaskDefinition"), {"type": "array", "minItems": 1, "items": _ref("TaskDefinition")}],
    }
    create = {"tasks": tasks, "priority": _PRIORITY, "share": _SHARE, **_CREDENTIALS}
    create_body, stream_body = _body({"block": _BLOCK, **create}, ["tasks"]), _body(create, ["tasks"])
    file_priority = _PRIORITY | {"default": "high"}
    file_body = _body({"task": _ref("TaskDefinition"), "priority": file_priority, **_CREDENTIALS}, ["task"])
    keys: Json = {
        "description": "Keys of tasks.",
        "oneOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "string"}}],
    }
    keys_body = _body({"tasks": keys, "block": _BLOCK, "details": _DETAILS, **_CREDENTIALS}, ["tasks"])
    keys_query = [
        {
            "name": "tasks",
            "in": "query",
            "required": True,
            "description": "Keys of tasks, one for each repetition.",
            "schema": {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": KEY_PATTERN}},
        },
    ]
    status_query = [*keys_query, _query("block", _BLOCK), _query("details", _DETAILS)]
    idempotency: Json = {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Makes a repeated request safe: the second one gets the tasks of the first.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[A-Za-z0-9_-]+$"},
    }
    deliveries = _answer("The callbacks that are known.", {"type": "array", "items": _ref("Delivery")})
    statuses, stream = _json("TaskStatuses", "Statuses, in the order that was asked for."), _stream()
    none_known = _json("TaskStatuses", "None of the tasks is there: never created, or expired.")
    create_errors = _errors(400, 401, 413, 503)
    status_stream_get = _operation(
        "Stream the statuses of tasks.", {"200": stream, "404": none_known} | _errors(400, 503)
    )
    status_stream_post = _operation(
        "Stream the statuses of tasks.", {"200": stream, "404": none_known} | _errors(400, 413, 503)
    )
    paths: dict[str, Json] = {
        "/v1/create": {
            "post": _operation("Queue tasks.", {"200": statuses} | create_errors)
            | {"requestBody": create_body, "security": _SECURITY, "parameters": [idempotency]},
        },
        "/v1/create_stream": {
            "post": _operation("Queue tasks and stream their statuses.", {"200": stream} | create_errors)
            | {"requestBody": stream_body, "security": _SECURITY, "parameters": [idempotency]},
        },
        "/v1/status": {
            "get": _operation(
                "Return the statuses of tasks.", {"200": statuses, "404": none_known} | _errors(400, 401, 503)
            )
            | {"parameters": status_query},
            "post": _operation(
                "Return the statuses of tasks.", {"200": statuses, "404": none_known} | _errors(400, 401, 413, 503)
            )
            | {"requestBody": keys_body},
        },
        "/v1/cancel": {
            "post": _operation(
                "Cancel tasks that are queued or executing.",
                {"200": statuses, "404": none_known} | _errors(400, 401, 413, 503),
            )
            | {"requestBody": _body({"tasks": keys, **_CREDENTIALS}, ["tasks"]), "security": _SECURITY},
        },
        "/v1/callbacks": {
            "get": _operation(
                "Return how the callbacks of tasks are doing.", {"200": deliveries} | _errors(400, 401, 404, 503)
            )
            | {"parameters": keys_query, "security": _SECURITY},
            "post": _operation(
                "Return how the callbacks of tasks are doing.", {"200": deliveries} | _errors(400, 401, 404, 413, 503)
            )
            | {"requestBody": _body({"tasks": keys, **_CREDENTIALS}, ["tasks"]), "security": _SECURITY},
        },
        "/v1/callbacks/replay": {
            "post": _operation(
                "Send the callbacks of tasks again.", {"200": deliveries} | _errors(400, 401, 404, 413, 503)
            )
            | {"requestBody": _body({"tasks": keys, **_CREDENTIALS}, ["tasks"]), "security": _SECURITY},
        },
        "/v1/inputs/{filename}": {
            "post": _operation(
                "Keep the body as a file that tasks can read.",
                {"201": _json("Input", "The file's URL.", {"Location": "The file's URL."})}
                | _errors(400, 401, 413, 415, 503),
            )
            | {
                "parameters": [_path("filename", "Name of the file; its ending says what it is.")],
                "requestBody": {
                    "required": True,
                    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
                },
                "security": _SECURITY,
            },
        },
        "/v1/tasks": {
            "get": _operation(
                "List the installed tasks.",
                {"200": _answer("The tasks.", {"type": "array", "items": _ref("TaskDocument")})},
            ),
        },
        "/v1/tasks/{name}": {
            "get": _operation(
                "Describe one installed task.", {"200": _json("TaskDocument", "The task.")} | _errors(404)
            )
            | {"parameters": [_path("name", "Name of a task.")]},
        },
    }
    for path in ("/v1/status_stream", "/v1/stream"):
        paths[path] = {
            "get": status_stream_get | {"parameters": keys_query},
            "post": status_stream_post | {"requestBody": _body({"tasks": keys}, ["tasks"])},
        }
    file_name = _path("filename", "Which output file, for tasks with several; else any name.")
    redirect: Json = {
        "302": _no_body("The file is at `Location`.", {"Location": "URL of the file."}),
        "400": _either("RequestErrors", "TaskStatus", "The request is wrong, or the task failed."),
    }
    no_file = _either("FileMessage", "TaskStatus", "There is no such file.")
    for path, parameters in (("/v1/create_file", []), ("/v1/create_file/{filename}", [file_name])):
        answers = redirect | {"404": no_file} | _errors(401, 503)
        paths[path] = {
            "get": _operation("Run a task given in the query, and redirect to its file.", answers)
            | {
                "parameters": [
                    *parameters,
                    _query("task_name", {"type": "string", "description": "Name of the task."}, required=True),
                    {
                        "name": "parameters",
                        "in": "query",
                        "description": "Parameters of the task, each under its own name.",
                        "style": "form",
                        "explode": True,
                        "schema": {"type": "object", "additionalProperties": {"type": "string"}},
                    },
                    *(_query(name, schema) for name, schema in _CREDENTIALS.items()),
                ],
                "security": _SECURITY,
            },
            "post": _operation("Run a task, and redirect to its file.", answers | _errors(413))
            | {"parameters": parameters, "requestBody": file_body, "security": _SECURITY},
        }
    for path, parameters in (("/v1/file", []), ("/v1/file/{filename}", [file_name])):
        key = _query("task", {"type": "string", "description": "Key of the task."}, required=True)
        paths[path] = {
            "get": _operation("Wait for a task and redirect to its file.", redirect | {"404": no_file} | _errors(503))
            | {"parameters": [*parameters, key]},
        }
    return paths


def _admin_paths() -> dict[str, Json]:
    """Return the routes for operators; their secret goes in the header."""
    paths: dict[str, Json] = {}
    for route in ADMIN_ROUTES:
        answer = _answer(route.answer, route.schema)
        errors = _errors(400, 401, 403, 503, *((413,) if route.body else ()), *((404,) if route.path else ()))
        operation = _operation(route.summary, {"200": answer} | errors) | {"security": [{"secret": []}]}
        parameters = [
            *(_path(name, text) for name, text in route.path.items()),
            *(_query(name, schema) for name, schema in route.query.items()),
        ]
        if parameters:
            operation["parameters"] = parameters
        if route.body:
            operation["requestBody"] = _body(route.body, list(route.body))
        paths[route.url] = {"post" if route.body else "get": operation}
    return paths


def _other_paths() -> dict[str, Json]:
    return {
        "/storage/{key}/{filename}": {
            "get": _operation(
                "Return a file: an output, or an uploaded input.",
                {
                    "200": {"description": "The file.", "content": {"*/*": {"schema": {}}}},
                    "206": {"description": "A part of the file.", "content": {"*/*": {"schema": {}}}},
                    "302": _no_body("The file is at `Location`.", {"Location": "URL of the file, for an hour."}),
                    "304": {"description": "The file is as it was."},
                }
                | _errors(404, 416, 503),
            )
            | {"parameters": [_path("key", "Key of the task."), _path("filename", "Name of the file.")]},
        },
        "/health": {
            "get": _operation(
                "Say whether the service can take tasks.",
                {"200": _answer("It can.", {"type": "object", "properties": {"status": {"const": "ok"}}})}
                | _errors(503),
            ),
        },
        "/metrics": {
            "get": _operation(
                "Return counters and gauges for Prometheus.",
                {"200": {"description": "Metrics.", "content": {"text/plain": {"schema": {"type": "string"}}}}}
                | _errors(503),
            ),
        },
    }


def _operation(summary: str, responses: dict[str, Json]) -> Json:
    return {"summary": summary, "responses": dict(sorted(responses.items()))}


def _errors(*statuses: int) -> dict[str, Json]:
    words = {
        400: "The request is wrong.",
        401: "Wrong credentials, or a limit of the account is reached.",
        403: "The account is no operator's.",
        404: "It is not there.",
        413: "The body is too large.",
        415: "The body is of the wrong kind.",
        429: "Too many wrong credentials from this address: try again after `Retry-After` seconds.",
        416: "No byte of the file is in the range.",
        503: "Not now: try again after `Retry-After` seconds.",
    }
    told = (*statuses, 429) if 401 in statuses else statuses  # whatever asks for credentials
    return {str(status): _json("RequestErrors", words[status]) for status in told}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(name: str, description: str, headers: dict[str, str] | None = None) -> Json:
    return _answer(description, _ref(name), headers)


def _answer(description: str, schema: Json, headers: dict[str, str] | None = None) -> Json:
    return _no_body(description, headers) | {"content": {"application/json": {"schema": schema}}}


def _either(one: str, other: str, description: str) -> Json:
    return _answer(description, {"anyOf": [_ref(one), _ref(other)]})


def _no_body(description: str, headers: dict[str, str] | None = None) -> Json:
    named = {name: {"description": text, "schema": {"type": "string"}} for name, text in (headers or {}).items()}
    return {"description": description} | ({"headers": named} if named else {})


def _stream() -> Json:
    text = (
        "One JSON value on each line: first the list of all statuses, then an object for each change, until all are "
        "final; blank lines in between keep the connection open. As server-sent events if asked for by `Accept`."
    )
    schema = {"schema": {"type": "string"}}
    return {"description": text, "content": {"application/x-ndjson": schema, "text/event-stream": schema}}


def _body(properties: Json, required: list[str]) -> Json:
    schema = {"type": "object", "properties": properties, "required": required}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _query(name: str, schema: Json, *, required: bool = False) -> Json:
    about = {key: value for key, value in schema.items() if key != "description"}
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": schema.get("description", ""),
        "schema": about,
    }


def _path(name: str, description: str) -> Json:
    schema = {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}
