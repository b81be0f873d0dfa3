"""A whole service for tests: API, worker and Valkey as processes of their own, and a client of it.

    def test_it_is_served(client, serve_file, tmp_path):
        done = client.run("acme.gzip", url=serve_file(tmp_path / "a.txt"))

        assert done.status == "success"
        assert gzip.decompress(done.file("output")) == b"..."

What the tests can import, the service can: it is started with their `sys.path`. Sources on
this machine are allowed. Stands on the command line, and the standard library.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

START_SECONDS = 60.0
STOP_SECONDS = 20.0
WAIT_SECONDS = 60.0


class LiveService:
    """A service that runs while the `with` block does, in a directory that is gone afterwards.

    Args:
        settings: Settings of the service, such as `{"worker_retries": 0}`.

    Attributes:
        url: Where it listens.
        secret: Secret of its development account.
    """

    def __init__(self, settings: Mapping[str, object] | None = None) -> None:
        self.url = ""
        self.secret = ""
        self._settings = {"log_level": "warning", "allow_source": "127.0.0.0/8"} | dict(settings or {})
        self._directory = tempfile.TemporaryDirectory(prefix="dragon-live-", ignore_cleanup_errors=True)
        self._said = ""
        self._news = threading.Condition()
        self._ended = False
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "LiveService":
        environ = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}
        environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        environ |= {f"DRAGON_{name}".upper(): str(value) for name, value in self._settings.items()}
        command = "import sys; from dragon_framework.cli import main; sys.exit(main())"
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", command, "serve", "--port", "0", "--data-dir", self._directory.name],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, daemon=True, name="dragon-live").start()
        deadline = time.monotonic() + START_SECONDS
        with self._news:
            while not (found := re.search(r"(?s)listening on (\S+).*^secret: (\S+)$", self._said, re.MULTILINE)):
                if self._ended or not self._news.wait(deadline - time.monotonic()):
                    said = self._said
                    self.__exit__(None, None, None)
                    raise RuntimeError(f"the service did not start; it said:\n{said}")
        self.url, self.secret = found[1], found[2]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._process
        if process is not None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._directory.cleanup()

    @property
    def said(self) -> str:
        """What it has written to its log so far."""
        return self._said

    def _listen(self) -> None:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                with self._news:
                    self._said += line.decode(errors="replace")
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()


class Answer:
    """The status of a task, as the service told it.

    Attributes:
        key: The task's key.
        status: `queued`, `executing`, `success` or `error`.
        result: Its output values and the URLs of its files, or what went wrong.
        progress: The last progress, if it told one.
        whole: The status whole, as JSON holds it.
    """

    def __init__(self, client: "ServiceClient", whole: dict[str, Any]) -> None:
        self.key: str = whole["key"]
        self.status: str = whole["status"]
        self.result: Any = whole.get("result")
        self.progress: Any = whole.get("progress")
        self.whole = whole
        self._client = client

    def file(self, name: str) -> bytes:
        """Return an output file."""
        return self._client.get(self.result[name])

    def __repr__(self) -> str:
        return f"<Answer {self.whole!r}>"


class ServiceClient:
    """A client of a running service, with the secret of its development account."""

    def __init__(self, url: str, secret: str) -> None:
        self.url = url
        self._headers = {"Authorization": f"Secret {secret}", "Content-Type": "application/json"}

    def run(self, task_name: str, /, **parameters: Any) -> Answer:
        """Create a task and return its final status; it waits up to 60 s.

        Raises:
            TimeoutError: If it has none by then.
        """
        answer = self.create(task_name, block=True, **parameters)
        return answer if answer.status in {"success", "error"} else self.wait(answer.key)

    def create(self, task_name: str, /, *, block: bool = False, **parameters: Any) -> Answer:
        """Create a task and return its status: at once, or the final one with *block*."""
        body = {"tasks": {"task_name": task_name, **parameters}, "block": block}
        return Answer(self, self.request("/v1/create", body)[0])

    def status(self, key: str) -> Answer:
        """Return the status of a task as it is now."""
        return Answer(self, self.request(f"/v1/status?{urlencode({'tasks': key})}")[0])

    def wait(self, key: str, *statuses: str, seconds: float = WAIT_SECONDS) -> Answer:
        """Return the status of a task once it is one of *statuses*; a final one by default.

        Raises:
            TimeoutError: If that takes longer than *seconds*.
        """
        wanted = set(statuses) or {"success", "error"}
        deadline = time.monotonic() + seconds
        while (answer := self.status(key)).status not in wanted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the task is still {answer.status} after {seconds:g} s: {answer.whole}")
            time.sleep(0.02)
        return answer

    def cancel(self, key: str) -> None:
        """Cancel a task."""
        self.request("/v1/cancel", {"tasks": [key]})

    def get(self, url: str) -> bytes:
        """Return what is at *url*, or at a path of the service."""
        headers = self._headers if url.startswith("/") else {}
        request = Request(self.url + url if url.startswith("/") else url, headers=headers)  # noqa: S310  # ours
        with urlopen(request, timeout=WAIT_SECONDS) as answer:  # noqa: S310  # a URL that the service gave
            data: bytes = answer.read()
        return data

    def request(self, path: str, body: Any = None) -> Any:
        """Return the answer to a request as JSON holds it: POST with a *body*, else GET.

        Raises:
            RuntimeError: With what the service said, if its answer is 400 or above.
        """
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, data, self._headers)  # noqa: S310  # the service of this test
        try:
            with urlopen(request, timeout=WAIT_SECONDS) as answer:  # noqa: S310  # as above
                return json.load(answer)
        except HTTPError as error:
            with error:
                raise RuntimeError(f"{error.code} at {path}: {error.read(2000).decode(errors='replace')}") from error
