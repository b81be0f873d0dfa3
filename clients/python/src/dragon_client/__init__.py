"""A client of the Dragon media task service."""

from dragon_client.async_client import AsyncClient
from dragon_client.client import Client
from dragon_client.errors import ApiError, ClientError, ConnectionLost, TaskError
from dragon_client.status import ErrorFacts, Events, Status

__all__ = [
    "ApiError",
    "AsyncClient",
    "Client",
    "ClientError",
    "ConnectionLost",
    "ErrorFacts",
    "Events",
    "Status",
    "TaskError",
]
