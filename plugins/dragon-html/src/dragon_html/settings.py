"""The settings of the web page tasks: `DRAGON_HTML_*`, or the table `[html]` of the configuration."""

from typing import Annotated

from msgspec import Meta, Struct


class HtmlSettings(Struct, frozen=True, kw_only=True):
    """What the web page tasks accept."""

    max_bytes: Annotated[int, Meta(ge=1, le=2**27, description="Most bytes of a page that is read.")] = 16 * 2**20
    """Real pages have 0.1 to 2 MB. One takes up to 28 times its bytes of memory; nothing but `<p>a`, 84 times."""
