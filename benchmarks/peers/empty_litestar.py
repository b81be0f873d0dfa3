"""An empty POST handler under Litestar: what the framework and the server cost by themselves."""

from litestar import Litestar, post


@post("/v1/create", status_code=200)
async def create() -> None:
    """Answer nothing to anything."""


app = Litestar([create], openapi_config=None)
