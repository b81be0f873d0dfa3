"""What is wrong with a request: raised anywhere below a handler, answered in one place.

Each API version renders a `RequestError` in its own form (`v1.envelope`).
"""

from collections.abc import Sequence

from msgspec import Struct


class Problem(Struct, frozen=True):
    """One thing that is wrong, in the words of the v1 reference (1.3).

    Args:
        name: What is wrong: a parameter, a header, or `tasks[2].task_name`.
        location: Where it is: `body`, `query`, `header`, `path`, `account` or `service`.
        description: A sentence that says what would help.
    """

    name: str
    location: str
    description: str


class RequestError(Exception):
    """A request that is not carried out.

    Args:
        http_status: 400 wrong, 401 not allowed, 403 not for this account, 404 not there, 413 too large, 415 of the
            wrong kind, 429 too often, 503 not now.
        problems: Everything that is wrong with it.
        headers: Response headers.
    """

    def __init__(self, http_status: int, problems: Sequence[Problem], headers: dict[str, str] | None = None) -> None:
        super().__init__(http_status, problems)
        self.http_status = http_status
        self.problems = list(problems)
        self.headers = headers or {}


def bad_request(name: str, location: str, description: str, http_status: int = 400) -> RequestError:
    """Return the error for one thing that is wrong."""
    return RequestError(http_status, [Problem(name, location, description)])


def unavailable(description: str, retry_seconds: int) -> RequestError:
    """Return the error for what may work later."""
    return RequestError(503, [Problem("service", "service", description)], {"Retry-After": str(retry_seconds)})
