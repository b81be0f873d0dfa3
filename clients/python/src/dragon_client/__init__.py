"""A client of the Dragon media task service."""

from dragon_client.client import Client, Status
from dragon_client.errors import ApiError, ClientError, ConnectionLost

__all__ = ["ApiError", "Client", "ClientError", "ConnectionLost", "Status"]
