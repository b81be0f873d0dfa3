"""What people look at: playground, reference, dashboard, and their files; and `/health`, `/metrics`, `/openapi.json`.

Everything comes with the package: nothing is loaded from another place.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from litestar import HttpMethod, Response, route
from redis.exceptions import RedisError

from dragon_framework.api.kept import Kept
from dragon_framework.api.metrics import metrics_text
from dragon_framework.api.openapi import document
from dragon_framework.api.problems import bad_request, unavailable
from dragon_framework.api.requests import AnyRequest, base_url
from dragon_framework.api.service import Service
from dragon_framework.errors import UnknownTaskError
from dragon_framework.media_types import media_type_of
from dragon_framework.reference import (
    ORIGIN,
    OTHERS,
    Site,
    index_html,
    openapi_html,
    other_html,
    task_html,
    with_origin,
)

STATIC = Path(__file__).parent / "static"
HTML = "text/html"  # litestar adds the charset
TEXT_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": HTML}

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src * data: blob:; media-src * data: blob:; object-src 'none'; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
"""Pictures and films of results may lie anywhere; scripts and styles only here."""

DASHBOARD_HEADERS = PAGE_HEADERS | {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}
"""It shows texts alone, and nothing from elsewhere."""


@route("/", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def playground(request: AnyRequest) -> Response[bytes]:
    """Show the playground: a form for each installed task."""
    return _page(request, "index.html", HTML)


@route("/admin", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def dashboard(request: AnyRequest) -> Response[bytes]:
    """Show the dashboard; it holds nothing, and asks `/v1/admin` with the operator's secret."""
    return _page(request, "admin.html", HTML, DASHBOARD_HEADERS)


@route("/static/{name:path}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def static_file(request: AnyRequest, name: str) -> Response[bytes]:
    """Send a file of the pages."""
    name = name.removeprefix("/")
    if name not in _static_names(request.app.state.service):
        raise bad_request("name", "path", f"there is no file {name[:60]!r} here", 404)
    suffix = Path(name).suffix
    return _page(request, name, TEXT_TYPES.get(suffix) or media_type_of(name))


@route("/docs", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def reference_index(request: AnyRequest) -> Response[bytes]:
    """Show the reference: the API, every installed task, and the errors."""
    return _reference(request, "")


@route("/docs/{name:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def reference_page(request: AnyRequest, name: str) -> Response[bytes]:
    """Show the reference of one task, or another page of it."""
    return _reference(request, name)


@route("/openapi.json", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def openapi(request: AnyRequest) -> Response[bytes]:
    """Return the OpenAPI document of this service, with the schemas of its tasks."""
    service: Service = request.app.state.service
    if "openapi" not in service.pages:
        service.pages["openapi"] = msgspec.json.encode(document(service.registry))
    return Response(service.pages["openapi"], media_type="application/json")


@route("/health", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def health(request: AnyRequest) -> Response[bytes]:
    """Say that the service can take tasks: it reaches Redis."""
    service: Service = request.app.state.service
    try:
        await service.store.ping()
    except (RedisError, OSError):
        raise unavailable("Redis does not answer", 5) from None
    return Response(b'{"status":"ok"}', media_type="application/json", headers={"Cache-Control": "no-store"})


@route("/metrics", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def metrics(request: AnyRequest) -> Response[str]:
    """Return the counters and gauges of the service, for Prometheus (text format 0.0.4)."""
    service: Service = request.app.state.service
    try:
        text = await metrics_text(service)
    except (RedisError, OSError):
        raise unavailable("Redis does not answer", 5) from None
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


HANDLERS = [playground, dashboard, static_file, reference_index, reference_page, openapi, health, metrics]


def _reference(request: AnyRequest, name: str) -> Response[bytes]:
    """Return a page of the reference, with the service's URL as this client knows it in the examples.

    Of a page with that URL in it, the one for the last client is kept packed: nearly always all have the same.
    """
    service: Service = request.app.state.service
    origin = base_url(request, service.settings.public_url)
    place = f"docs/{name}"
    if place not in service.pages:
        service.pages[place] = _made(service, name)
    made: str = service.pages[place]
    packed, known = f"{place} packed", service.pages.get(f"{place} origin")
    if packed not in service.pages or (known != origin and ORIGIN in made):
        service.pages[packed] = Kept(with_origin(made, origin).encode(), HTML)
        service.pages[f"{place} origin"] = origin
    kept: Kept = service.pages[packed]
    return kept.response(request, PAGE_HEADERS)


def _made(service: Service, name: str) -> str:
    if not name:
        return index_html(service.registry)
    if name == "openapi":
        return openapi_html(document(service.registry), service.registry, Site())
    if name in OTHERS:
        return other_html(service.registry, name)
    try:
        return task_html(service.registry, name)
    except UnknownTaskError as error:
        raise bad_request("name", "path", str(error), 404) from None


def _static_names(service: Service) -> frozenset[str]:
    if "static" not in service.pages:
        service.pages["static"] = frozenset(
            path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()
        )
    names: frozenset[str] = service.pages["static"]
    return names


def _page(
    request: AnyRequest, name: str, media_type: str, headers: Mapping[str, str] = PAGE_HEADERS
) -> Response[bytes]:
    service: Service = request.app.state.service
    place = f"static/{name}"
    if place not in service.pages:
        service.pages[place] = Kept((STATIC / name).read_bytes(), media_type)
    kept: Kept = service.pages[place]
    return kept.response(request, headers)
