"""The Litestar application: routes, CORS, and every error in the form of the API version asked."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Response
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from redis.exceptions import RedisError

from dragon_framework.api import admin, outputs, pages, v1
from dragon_framework.api.problems import Problem, RequestError, bad_request, unavailable
from dragon_framework.api.requests import AnyRequest
from dragon_framework.api.service import Service, log
from dragon_framework.api.v1.envelope import error_response

_PREFLIGHT = b"access-control-request-method"
_CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Content-Range, Location, Retry-After"),
]
_CORS_PREFLIGHT = [
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Idempotency-Key, Range, If-None-Match"),
    (b"access-control-max-age", b"7200"),
]

_SLASHES = re.compile(r"//+")


def make_app(service: Service) -> ASGIApp:
    """Return the application that serves the v1 API, the pages, and the routes of plugins."""

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        yield
        await service.store.close()

    handlers: list[Any] = [*v1.HANDLERS, *admin.HANDLERS, outputs.stored_file, *pages.HANDLERS]

    def build(extra: list[Any]) -> Litestar:
        return Litestar(
            [*handlers, *extra],
            state=State({"service": service}),
            exception_handlers={Exception: _on_exception},
            openapi_config=None,
            lifespan=[lifespan],
            logging_config=None,
            request_max_body_size=None,  # each handler has a limit of its own
        )

    app = build([])
    extra: list[Any] = []
    for routes in service.hooks.call("dragon_routes"):
        try:
            app = build([*extra, *routes])
            extra += routes
        except Exception as error:  # noqa: BLE001
            # A plugin's routes that clash, or are none, must not take down the service, or the routes of others.
            log.error("plugin_routes_refused", reason=str(error), routes=repr(routes)[:200])
    return _entrance(app, service.requests)


def _entrance(app: ASGIApp, answered: dict[tuple[int, str], int]) -> ASGIApp:
    """Mend doubled slashes in paths (api-notes 1.7), let any page call (CORS), and count answers.

    Credentials are never cookies, so every origin may read every answer.
    """

    async def enter(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        if "//" in scope["path"]:
            scope["path"] = _SLASHES.sub("/", scope["path"])

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                status = message["status"]
                what = (status, scope.get("path_template") or "other")  # set once a route is found
                answered[what] = answered.get(what, 0) + 1
                message["headers"] = [*message["headers"], *_CORS]
            await send(message)

        if scope["method"] == "OPTIONS" and any(name == _PREFLIGHT for name, _ in scope["headers"]):
            await answer({"type": "http.response.start", "status": 204, "headers": _CORS_PREFLIGHT})
            await answer({"type": "http.response.body", "body": b"", "more_body": False})
            return
        await app(scope, receive, answer)

    return enter


def _on_exception(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Answer any error in the form of the API; log what is a defect."""
    if isinstance(error, RequestError):
        return error_response(error)
    if isinstance(error, RedisError | ConnectionError):
        log.error("redis_unreachable", reason=str(error))
        return error_response(unavailable("the service cannot reach its store; try again later", 5))
    path = request.scope["path"]
    if isinstance(error, NotFoundException):
        return error_response(bad_request("path", "path", f"there is nothing at {path[:100]}; see /docs", 404))
    if isinstance(error, MethodNotAllowedException):
        text = f"{request.method} is not a method of {path[:100]}"
        return error_response(RequestError(405, [Problem("method", "path", text)], dict(error.headers or {})))
    if isinstance(error, HTTPException) and error.status_code < 500:
        return error_response(bad_request("request", "body", error.detail or "the request is wrong", error.status_code))
    log.error("request_failed", method=request.method, path=path, exc_info=error)
    problem = Problem("service", "service", "the service failed inside; its log has the details")
    return error_response(RequestError(500, [problem]))
