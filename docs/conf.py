"""How `make docs` makes the site: Sphinx, MyST for Markdown, Furo for the look.

The source directory is the repository, so that links between pages are those that a
reader of the repository follows; READMEs of plugins and clients are pages, too. Nothing
is loaded from another place, and search works without a server. What is wrong (a link
that leads nowhere, a page that is in no part of the navigation) ends the build.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent

NAVIGATION = {
    "Tutorials": ["docs/tutorial/first-result", "docs/tutorial/first-task", "docs/tutorial/first-plugin"],
    "How to: for clients": [
        "docs/how-to/playground",
        "docs/how-to/python-client",
        "docs/how-to/javascript-client",
        "docs/how-to/wait-and-stream",
        "docs/how-to/browser-credentials",
        "docs/how-to/signed-urls",
        "docs/how-to/callbacks",
        "docs/how-to/films",
        "docs/how-to/uploads",
    ],
    "How to: for operators": [
        "docs/how-to/accounts",
        "docs/how-to/local-sources",
        "docs/how-to/s3-storage",
        "docs/how-to/families",
        "docs/how-to/cluster",
    ],
    "How to: for authors of plugins": ["docs/how-to/cookbook", "docs/how-to/test-a-task", "examples/README"],
    "How to: more": ["docs/how-to/*"],
    "Reference": [
        "docs/reference/index",
        "docs/reference/api",
        "docs/reference/audio.*",
        "docs/reference/html.*",
        "docs/reference/image.*",
        "docs/reference/video.*",
        "docs/reference/sxml",
        "docs/reference/errors",
        "docs/reference/settings",
        "docs/reference/contract",
        "docs/reference/hooks",
    ],
    "Explanation": [
        "docs/explanation/architecture",
        "docs/explanation/life-of-a-task",
        "docs/reliability",
        "docs/explanation/promise",
        "SECURITY",
        "docs/explanation/*",
    ],
    "Operations": [
        "docs/operations/index",
        "docs/operations/install",
        "docs/operations/watch",
        "docs/operations/dashboard",
        "docs/operations/failures",
        "docs/operations/grow",
        "docs/operations/*",
    ],
    "Films": ["docs/films/*"],
    "Packages": ["README", "plugins/*/README", "clients/*/README"],
    "Project": ["CONTRIBUTING", "CHANGELOG"],
}
"""Every page is named here, by itself or by a pattern (what no other line names), or the build fails."""

project = "Dragon"
project_copyright = "the Dragon contributors"
author = "the Dragon contributors"

extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = [
    "docs/**/*.md",
    "docs/*.md",
    "plugins/*/README.md",
    "clients/*/README.md",
    "examples/README.md",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
]
exclude_patterns = ["docs/examples", ".*", "build", "dist", "site", "dragon_framework", "tests", "**/src", "**/tests"]

myst_heading_anchors = 4
myst_links_external_new_tab = False

html_theme = "furo"
html_title = "Dragon"
html_copy_source = False
html_show_sphinx = False
html_use_index = False
html_permalinks_icon = "#"
pygments_style = "friendly"
pygments_dark_style = "github-dark"


def setup(app: Sphinx) -> None:
    """Add the navigation to the front page, and a page that leads to it at the root of the site."""
    app.connect("source-read", _read)
    app.connect("build-finished", _lead_in)


def _read(_: Sphinx, name: str, content: list[str]) -> None:
    if name == root_doc:
        for caption, pages in _navigation().items():
            names = "\n".join(f"/{page}" for page in pages)
            options = f":hidden:\n:titlesonly:\n:maxdepth: 1\n:caption: '{caption}'"
            content[0] += f"\n```{{toctree}}\n{options}\n\n{names}\n```\n"
    here = (ROOT / name).parent
    content[0] = re.sub(
        r"\[([^\]\n]+)\]\(([^)#:\s]+)\)",
        lambda found: found[1] if (here / found[2]).is_dir() else found[0],  # a directory is no page of the site
        content[0],
    )


def _navigation() -> dict[str, list[str]]:
    """Return the pages of each part, patterns replaced by what they find and no line names."""
    named = {page for pages in NAVIGATION.values() for page in pages} | {root_doc}
    found: dict[str, list[str]] = {}
    for caption, pages in NAVIGATION.items():
        for page in pages:
            paths = sorted(ROOT.glob(f"{page}.md"))
            names = [path.relative_to(ROOT).with_suffix("").as_posix() for path in paths]
            found.setdefault(caption, []).extend(name for name in names if name == page or name not in named)
    return {caption: pages for caption, pages in found.items() if pages}


def _lead_in(app: Sphinx, failure: Exception | None) -> None:
    if failure is None and app.builder.name == "html":
        page = (
            '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Dragon</title>\n'
            '<meta http-equiv="refresh" content="0; url=docs/index.html">\n<a href="docs/index.html">Dragon</a>\n'
        )
        (Path(app.outdir) / "index.html").write_text(page, encoding="utf-8")
