"""schemathesis asks a real service everything its OpenAPI document allows, and much that it does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.service import Service

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)


@pytest.fixture(scope="module")
def dragon():
    """A service with the tasks of this repository: one that sleeps as long as it is told would keep streams open."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}
    environ["DRAGON_AUDIO_SPEECH"] = "espeak"  # flite takes minutes for thousands of digits
    environ["DRAGON_DISABLE"] = "video.create"  # each of its 66 profiles is a case for each route, and none is news
    settings = {"api_block_seconds": 15, "api_stream_heartbeat_seconds": 1, "sources_timeout_seconds": 1}
    settings["worker_retries"] = 0  # a file that waits for retries is a 503, after `api_block_seconds`
    with Service(environ=environ, **settings) as service:
        yield service


@pytest.mark.timeout(400)
def test_no_server_error_and_no_undocumented_answer(dragon, tmp_path):
    program = Path(sys.executable).parent / "schemathesis"
    command = [program, "run", f"http://127.0.0.1:{dragon.port}/openapi.json", "--checks", CHECKS]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "40", "--request-timeout", "20"]
    command += [
        "--header",
        f"Authorization: Secret {dragon.secret}",
        "--suppress-health-check",
        "all",
        "--workers",
        "2",
    ]

    report = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    assert report.returncode == 0, report.stdout[-20000:] + report.stderr[-2000:]
