"""What can go wrong between a client and the service."""

from typing import Any


class ClientError(Exception):
    """Anything this package raises for what the service or the network did."""


class ConnectionLost(ClientError):
    """The service could not be reached, or broke off, and trying again did not help."""


class ApiError(ClientError):
    """The service refuses a request.

    Args:
        http_status: The HTTP status, 400 to 599.
        problems: What is wrong: each has `name`, `location` and `description`; empty if the answer was not the API's.
        text: A sentence for people.
    """

    def __init__(self, http_status: int, problems: list[dict[str, Any]], text: str) -> None:
        super().__init__(f"the service answers {http_status}: {text}")
        self.http_status = http_status
        self.problems = problems
