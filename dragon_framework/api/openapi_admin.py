"""What the OpenAPI document says of the routes for operators: made from the types that they answer with."""

import inspect
import re
from typing import Any

import msgspec
from msgspec import Struct

from dragon_framework.api.admin.acting import MOST_KEYS
from dragon_framework.api.admin.answers import CallbackPage, Done, Overview, TaskFacts, TaskPage
from dragon_framework.api.admin.looking import MOST_TASKS, STATUSES
from dragon_framework.status.history import KEPT_HOURS

Json = dict[str, Any]

_PREFIX = "Operator"
"""So that no schema of a plugin has the same name."""
_TEMPLATE = f"#/components/schemas/{_PREFIX}{{name}}"
_FIELD = re.compile(r"^ {4}(\w+): ", re.MULTILINE)


class AdminRoute(Struct, frozen=True):
    """One route.

    Args:
        url: Its path.
        summary: What it does.
        answer: What it answers with.
        schema: The same, as JSON Schema.
        path: Parameters in the path, with what they are.
        query: Parameters in the query, as JSON Schemas.
        body: Fields of the body, all required; then it is a POST.
    """

    url: str
    summary: str
    answer: str
    schema: Json
    path: dict[str, str] = {}
    query: dict[str, Json] = {}
    body: dict[str, Json] = {}


def _one(name: str) -> Json:
    return {"$ref": _TEMPLATE.format(name=name)}


_LIMIT: Json = {
    "type": "integer",
    "minimum": 1,
    "maximum": MOST_TASKS,
    "default": 50,
    "description": "Most of them in the answer.",
}
_KEYS: Json = {
    "description": "Keys of tasks, of any account.",
    "oneOf": [
        {"type": "string"},
        {"type": "array", "minItems": 1, "maxItems": MOST_KEYS, "items": {"type": "string"}},
    ],
}
_ALL_DONE: Json = {"type": "array", "items": _one("Done")}


def _text(description: str) -> Json:
    return {"type": "string", "description": description}


ADMIN_ROUTES = (
    AdminRoute(
        "/v1/admin/overview",
        "Return what the service does and did. For operators.",
        "Queues, workers, and the numbers of the last hours.",
        _one("Overview"),
        query={
            "hours": {
                "type": "integer",
                "minimum": 1,
                "maximum": KEPT_HOURS - 1,
                "default": 24,
                "description": "How many hours of the past, the one that is under way among them.",
            }
        },
    ),
    AdminRoute(
        "/v1/admin/tasks",
        "List tasks of all accounts. For operators.",
        "A part of the list.",
        _one("TaskPage"),
        query={
            "status": {
                "enum": list(STATUSES),
                "default": STATUSES[0],
                "description": "Which tasks; `error` are those that nobody cancelled, `ended` all that are over.",
            },
            "task_name": _text("Only tasks of this name."),
            "account": _text("Only tasks of this account."),
            "code": _text("Only tasks that ended with this error."),
            "limit": _LIMIT,
            "after": {
                "type": "string",
                "pattern": "^([0-9]{1,16}|[1-9][0-9]{0,15}-[0-9]{1,16})$",
                "description": "Where to go on.",
            },
        },
    ),
    AdminRoute(
        "/v1/admin/tasks/{key}",
        "Return everything that is kept of a task. For operators.",
        "The task, without credentials.",
        _one("TaskFacts"),
        path={"key": "Key of a task."},
    ),
    AdminRoute(
        "/v1/admin/callbacks",
        "List callbacks that are to be sent and that failed. For operators.",
        "The callbacks.",
        _one("CallbackPage"),
        query={"limit": _LIMIT},
    ),
    AdminRoute(
        "/v1/admin/cancel",
        "Cancel tasks of any account. For operators.",
        "What became of each.",
        _ALL_DONE,
        body={"tasks": _KEYS},
    ),
    AdminRoute(
        "/v1/admin/retry",
        "Create failed tasks anew, for the accounts that created them. For operators.",
        "What became of each.",
        _ALL_DONE,
        body={"tasks": _KEYS},
    ),
    AdminRoute(
        "/v1/admin/callbacks/replay",
        "Send the callbacks of tasks of any account again. For operators.",
        "What became of each.",
        _ALL_DONE,
        body={"tasks": _KEYS},
    ),
)


def admin_schemas() -> dict[str, Json]:
    """Return the schemas of what the routes answer with; fields are described as in the docstrings."""
    _, components = msgspec.json.schema_components(
        (Overview, TaskPage, TaskFacts, CallbackPage, Done), ref_template=_TEMPLATE
    )
    return {f"{_PREFIX}{name}": _described(schema) for name, schema in components.items()}


def _described(schema: Json) -> Json:
    summary, _, rest = inspect.cleandoc(schema.get("description", "")).partition("\n\nArgs:\n")
    words = _FIELD.split(rest)
    texts = {name: " ".join(text.split()) for name, text in zip(words[1::2], words[2::2], strict=True)}
    properties = {
        name: about | ({"description": texts[name]} if name in texts else {})
        for name, about in schema.get("properties", {}).items()
    }
    return schema | {"description": summary, "properties": properties}
