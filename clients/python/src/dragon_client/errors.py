"""What can go wrong between a client, the service and a task.

ClientError
├── ConnectionLost   the service cannot be reached
├── ApiError         the service refuses a request
└── TaskError        a task ended as `error`
"""

from typing import Any

CODES = {
    400: "invalid_request",
    401: "unauthorized",
    404: "not_found",
    413: "too_large",
    429: "too_many_failures",
    503: "unavailable",
}


class ClientError(Exception):
    """Anything this package raises for what the service, a task or the network did; *code* is for programs."""

    code = "client_error"


class ConnectionLost(ClientError):
    """The service could not be reached, or broke off, and trying again did not help."""

    code = "connection_lost"


class ApiError(ClientError):
    """The service refuses a request.

    Args:
        http_status: The HTTP status, 300 to 599.
        problems: What is wrong: each has `name`, `location` and `description`; empty if the answer was not the API's.
        text: A sentence for people.
        retry_after: Seconds after which the service wants to be asked again, >= 0; None if it does not say.

    `code` is `unauthorized`, `limit_reached` (of the account), `not_found`, ..., or `http_` and the status.
    """

    def __init__(
        self, http_status: int, problems: list[dict[str, Any]], text: str, retry_after: float | None = None
    ) -> None:
        super().__init__(http_status, problems, text, retry_after)  # so that it can be pickled
        self.http_status = http_status
        self.problems = problems
        self.text = text
        self.retry_after = retry_after
        limited = any(problem.get("location") == "account" for problem in problems)
        self.code = "limit_reached" if limited else CODES.get(http_status, f"http_{http_status}")

    def __str__(self) -> str:
        return f"the service answers {self.http_status}: {self.text}"


class TaskError(ClientError):
    """A task ended as `error`.

    Args:
        key: The key of the task.
        code: The code of its error, such as `unreadable_source`.
        transient: Whether trying again may help.
        result: What the service says: a sentence, or `{"parameters": {"width": [...]}}`.
    """

    def __init__(self, key: str, code: str, transient: bool, result: Any) -> None:  # noqa: FBT001
        super().__init__(key, code, transient, result)
        self.key = key
        self.code = code
        self.transient = transient
        self.result = result

    def __str__(self) -> str:
        return f"the task {self.key} ended with {self.code}: {self.result}"
