"""What the OpenAPI document says of the service's own objects: statuses, errors, inputs, callbacks."""

from typing import Any

Json = dict[str, Any]

_DATE: Json = {"type": "string", "format": "date-time"}

_ERROR: Json = {
    "type": "object",
    "description": "What went wrong, for programs.",
    "required": ["code", "transient"],
    "properties": {
        "code": {"type": "string", "description": "Stable; listed at /docs#errors."},
        "transient": {"type": "boolean", "description": "Whether the same task may succeed later."},
    },
}

_DELIVERY: Json = {
    "type": "object",
    "description": "One delivery of the task to a worker.",
    "required": ["worker", "outcome"],
    "properties": {
        "worker": {"type": "string", "description": "Id of the worker process."},
        "began": _DATE,
        "ended": _DATE,
        "outcome": {"enum": ["success", "error", "retry", "handed_back", "worker_lost"]},
        "code": {"type": "string", "description": "Why it is tried again."},
        "seconds": {"type": "object", "description": "`run` (fetching among it) and `store`."},
        "memory_bytes": {
            "type": "integer",
            "description": "Most memory of the task and its programs, looked at every 0.1 s; none for shorter runs.",
        },
        "bytes_fetched": {"type": "integer", "description": "What came over the network."},
        "parts": {
            "type": "object",
            "description": "Of a task that offered parts of its work: how many its `own` process did, and how many "
            "`others`.",
        },
        "fetched": {
            "type": "array",
            "items": {"type": "object"},
            "description": "Sources: `url` without user and query; `from`: network, ranges (what is read of it), "
            "cache, storage, data; `bytes` and `seconds` where it was copied whole.",
        },
        "commands": {
            "type": "array",
            "items": {"type": "string"},
            "description": "ffmpeg's command lines, paths cut to their last part.",
        },
    },
}

SCHEMAS: dict[str, Json] = {
    "TaskStatus": {
        "type": "object",
        "description": "How a task is doing.",
        "required": ["status", "key", "events"],
        "properties": {
            "status": {"enum": ["queued", "executing", "success", "error"]},
            "key": {"type": "string", "description": "Identifies the task; who holds it may read status and files."},
            "progress": {"description": "How far the task is; its type depends on the task, null when it is over."},
            "events": {
                "type": "object",
                "properties": {"queued": _DATE, "started": _DATE, "completed": _DATE},
            },
            "result": {
                "description": "Output values and URLs of files; of a failed task a sentence, or the wrong fields."
            },
            "error": _ERROR,
            "retry": {
                "type": "object",
                "description": "While a task is queued again after a fault that may pass.",
                "required": ["number", "seconds", "error", "result"],
                "properties": {
                    "number": {"type": "integer", "minimum": 1, "description": "1 for the first time."},
                    "seconds": {"type": "number", "description": "How long it waits after the last try."},
                    "error": _ERROR,
                    "result": {"description": "What the last try ended with, in words."},
                },
            },
            "details": {
                "type": "object",
                "properties": {
                    "task_name": {"type": "string"},
                    "parameters": {"type": "object", "description": "Secrets are masked."},
                    "queued_seconds": {"type": "number", "description": "How long it waited before it first began."},
                    "deliveries": {
                        "type": "array",
                        "description": "What workers did with it, oldest first; the last ten.",
                        "items": _DELIVERY,
                    },
                },
            },
        },
    },
    "TaskStatuses": {"type": "array", "items": {"$ref": "#/components/schemas/TaskStatus"}},
    "RequestErrors": {
        "type": "object",
        "description": "What is wrong with the request.",
        "required": ["status", "errors"],
        "properties": {
            "status": {"const": "error"},
            "errors": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["name", "location", "description"],
                    "properties": {
                        "name": {"type": "string"},
                        "location": {"enum": ["body", "query", "header", "path", "account", "service"]},
                        "description": {"type": "string"},
                    },
                },
            },
        },
    },
    "FileMessage": {
        "type": "object",
        "required": ["status", "message"],
        "properties": {
            "status": {"const": "error"},
            "message": {"type": "string"},
            "key": {"type": "string"},
        },
    },
    "TaskDocument": {
        "type": "object",
        "required": ["name", "summary", "parameters", "output", "files"],
        "properties": {
            "name": {"type": "string"},
            "summary": {"type": "string"},
            "parameters": {"type": "object", "description": "JSON Schema of the parameters."},
            "output": {"type": "object", "description": "JSON Schema of the result."},
            "files": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["name", "description"],
                    "properties": {"name": {"type": "string"}, "description": {"type": "string"}},
                },
            },
        },
    },
    "Input": {
        "type": "object",
        "required": ["url", "size", "content_type"],
        "properties": {
            "url": {"type": "string", "format": "uri", "description": "What a task's parameters name."},
            "size": {"type": "integer", "minimum": 1, "description": "Bytes."},
            "content_type": {"type": "string"},
        },
    },
    "Delivery": {
        "type": "object",
        "description": "How the callback of a task is doing.",
        "required": ["key", "url", "state", "attempts", "due"],
        "properties": {
            "key": {"type": "string", "description": "The task."},
            "url": {"type": "string", "description": "Where it goes, without its query."},
            "state": {"enum": ["pending", "delivered", "failed", "cancelled"]},
            "attempts": {
                "type": "array",
                "description": "The last ones, the oldest first.",
                "items": {
                    "type": "object",
                    "required": ["time", "seconds"],
                    "properties": {
                        "time": _DATE,
                        "seconds": {"type": "number", "description": "How long it took."},
                        "answer": {"type": "integer", "description": "HTTP status of the receiver."},
                        "problem": {"type": "string", "description": "What was wrong."},
                    },
                },
            },
            "due": {"type": ["number", "null"], "description": "Unix time of the next attempt."},
        },
    },
}
