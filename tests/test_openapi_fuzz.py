"""schemathesis asks a real service everything its OpenAPI document allows, and much that it does not.

The service has the few tasks whose schemas, together, are put together in every way that any
installed task's is: each further task multiplies the cases of three methods, and shows nothing new.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.service import Service
from dragon_framework.registry import load_registry
from dragon_framework.schema import parameters_schema

TASKS = ("audio.tts", "image.gif", "image.smartcrop", "video.upload.vimeo", "video.upload.youtube")
TOO_MANY = {"video.create"}
"""Tasks left aside: each of its 66 profiles is a case for each method."""
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)


@pytest.fixture(scope="module")
def dragon():
    """A service with these tasks: one that sleeps as long as it is told would keep streams open."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}
    environ["DRAGON_AUDIO_SPEECH"] = "espeak"  # flite takes minutes for thousands of digits
    environ["DRAGON_DISABLE"] = ",".join(sorted(load_registry().tasks.keys() - set(TASKS)))
    settings = {"api_block_seconds": 15, "api_stream_heartbeat_seconds": 1, "sources_timeout_seconds": 1}
    settings["worker_retries"] = 0  # a file that waits for retries is a 503, after `api_block_seconds`
    with Service(environ=environ, **settings) as service:
        yield service


def ways(schema):
    """Yield how each part of a JSON Schema is put together: its type, and the keywords that limit it."""
    if isinstance(schema, list):
        for part in schema:
            yield from ways(part)
    if not isinstance(schema, dict):
        return
    if schema.keys() & {"type", "enum", "anyOf", "oneOf"}:
        notes = {"title", "description", "default", "examples", "x-unit", "x-media-types"}
        yield frozenset(schema.keys() - notes) | {f"type {schema.get('type')}"}
    for part in schema.values():
        yield from ways(part)


def test_these_tasks_have_parameters_of_every_kind():
    all_ways = {name: set(ways(parameters_schema(task))) for name, task in load_registry().tasks.items()}

    missing = {
        name: own - set().union(*(all_ways[shown] for shown in TASKS))
        for name, own in all_ways.items()
        if name not in TOO_MANY
    }

    assert {name: own for name, own in missing.items() if own} == {}


@pytest.mark.timeout(640)
def test_no_server_error_and_no_undocumented_answer(dragon, tmp_path):
    program = Path(sys.executable).parent / "schemathesis"
    command = [program, "run", f"http://127.0.0.1:{dragon.port}/openapi.json", "--checks", CHECKS]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "20", "--request-timeout", "20"]
    command += [
        "--header",
        f"Authorization: Secret {dragon.secret}",
        "--suppress-health-check",
        "all",
        "--workers",
        "2",
    ]

    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}  # not to be measured
    report = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=600)

    assert report.returncode == 0, report.stdout[-20000:] + report.stderr[-2000:]
