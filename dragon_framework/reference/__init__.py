"""The reference, made from the tasks themselves: nobody writes these pages by hand.

`write_reference` makes Markdown pages in the form and order of chapter 2 of the v1
reference; `index_html` and `task_html` are the pages the service shows at `/docs`. Stands
on `registry`, `hooks`, `settings` and `shapes`.
"""

from dragon_framework.reference.html import index_html, task_html
from dragon_framework.reference.markdown import reference_pages, write_reference

__all__ = ["index_html", "reference_pages", "task_html", "write_reference"]
