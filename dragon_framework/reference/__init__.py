"""The reference, made from the tasks themselves: nobody writes these pages by hand.

`write_reference` makes Markdown pages in the form and order of the v1 reference,
`write_html` the same as HTML; `index_html`, `task_html`, `other_html` and `openapi_html`
are the pages that the service shows at `/docs`. Stands on `registry`, `hooks`,
`settings` and `shapes`.
"""

from dragon_framework.reference.html import index_html, other_html, task_html, write_html
from dragon_framework.reference.markdown import reference_pages, write_reference
from dragon_framework.reference.openapi import openapi_html
from dragon_framework.reference.site import ORIGIN, OTHERS, Site, with_origin

__all__ = [
    "ORIGIN",
    "OTHERS",
    "Site",
    "index_html",
    "openapi_html",
    "other_html",
    "reference_pages",
    "task_html",
    "with_origin",
    "write_html",
    "write_reference",
]
