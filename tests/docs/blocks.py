"""The fenced code blocks of every page, and who sees to it that each does what the page says.

A block is run by `test_blocks`, or by the test named in `ELSEWHERE`, or it says itself
why it cannot be run, in a comment before it: `<!-- not run: it needs an account -->`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]

DATA = {"json", "toml", "yaml", "xml", "html"}
"""Languages that are read, not run."""

RUN = {"sh", "python", "js"}


@dataclass(frozen=True)
class Elsewhere:
    """A test that runs blocks of a page.

    Args:
        test: Its file; it must name the page.
        languages: The languages of the blocks it runs: all of them, so that a new one is run, too.
        number: Of how many, where the test picks them out and would not see a new one; None if it takes all.
    """

    test: str
    languages: tuple[str, ...]
    number: int | None = None


ELSEWHERE = {
    "README.md": Elsewhere("tests/test_readme.py", ("sh", "json")),
    "docs/tutorial/first-task.md": Elsewhere("tests/test_tutorial.py", ("sh", "text", "python")),
    "docs/tutorial/first-plugin.md": Elsewhere("tests/test_docs.py", ("sh", "toml", "python"), 4),
    "docs/how-to/cookbook.md": Elsewhere("tests/test_recipes.py", ("python",)),
    "docs/how-to/test-a-task.md": Elsewhere("tests/test_recipes.py", ("python",)),
    "docs/how-to/films.md": Elsewhere("tests/test_film_guide.py", ("xml", "sh", "python", "text")),
    "docs/films/index.md": Elsewhere("tests/test_gallery.py", ("xml",)),
    "docs/operations/install.md": Elsewhere("tests/test_operations.py", ("sh",), 1),
    "docs/reference/hooks.md": Elsewhere("tests/core/test_reference.py", ("python",)),  # signatures, from the code
    "docs/reference/contract.md": Elsewhere("tests/test_recipes.py", ("python",)),  # as above
    "plugins/dragon-html/README.md": Elsewhere("plugins/dragon-html/tests/test_readme.py", ("html", "sh", "json"), 3),
    "plugins/dragon-image/README.md": Elsewhere("plugins/dragon-image/tests/test_readme.py", ("sh", "json"), 6),
    "clients/python/README.md": Elsewhere("tests/clients/test_client.py", ("python",)),
    "clients/javascript/README.md": Elsewhere("tests/clients/test_javascript.py", ("js",), 1),
}


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Args:
        page: Path from the root of the repository.
        line: Line of its fence, from 1.
        language: First word of the info string.
        text: What is in it.
        reason: Why it is not run, if it says so.
    """

    page: str
    line: int
    language: str
    text: str
    reason: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line} ({self.language or 'no language'})"


def pages() -> list[Path]:
    """Return every page that people read."""
    patterns = ("*.md", "docs/**/*.md", "plugins/*/*.md", "clients/*/*.md", "examples/*.md")
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


def blocks_of(path: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    found, said = [], ""
    for token in MarkdownIt("commonmark").parse(path.read_text(encoding="utf-8")):
        if token.type == "html_block":
            said = token.content
        elif token.type == "fence":
            reason = re.search(r"<!-- not run: (.+?) -->", said)
            language = token.info.split()[0] if token.info.strip() else ""
            page = str(path.relative_to(ROOT))
            found.append(Block(page, token.map[0] + 1, language, token.content, reason[1] if reason else ""))
            said = ""
        elif not token.type.endswith("_close"):
            said = ""
    return found


def left_of(path: Path) -> list[Block]:
    """Return the blocks of a page that neither say why they are not run nor are run by a test of their own."""
    page = str(path.relative_to(ROOT))
    other = ELSEWHERE.get(page)
    return [
        block
        for block in blocks_of(path)
        if not block.reason and not (other is not None and block.language in other.languages)
    ]
