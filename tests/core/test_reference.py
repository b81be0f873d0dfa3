"""The reference pages: made from the tasks, in the form of the v1 reference, and harmless."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from dragon_framework import Output, OutputFile, Parameters, TaskContext, TaskError, task
from dragon_framework.errors import UnknownTaskError
from dragon_framework.fields import Pixels, Secret, SourceUrl
from dragon_framework.hooks import specified_hooks
from dragon_framework.reference import index_html, reference_pages, task_html, write_reference
from dragon_framework.reference.markdown import MARK
from dragon_framework.registry import PluginRecord, Registry, load_registry
from dragon_framework.settings import Settings
from dragon_framework.shapes import fields_of

REPOSITORY = Path(__file__).parents[2]
HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1)) **b** `<i>`"


class AcmeError(TaskError):
    """The ruler is broken."""

    code = "acme_ruler_broken"


class Part(Struct, frozen=True):
    length: Annotated[Pixels, Meta(description="How long.")]


class RulerParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the image.")]
    width: Annotated[Pixels | None, Meta(description="Width of the ruler.")] = None
    format: Annotated[Literal["png", "gif"], Meta(description="Its format.")] = "png"
    parts: Annotated[list[Part], Meta(description="Its parts.")] = []  # noqa: RUF012  # msgspec copies it
    token: Annotated[Secret, Meta(description="A token.")] = "hunter2"


class RulerOutput(Output, frozen=True, kw_only=True):
    length: Annotated[Pixels | None, Meta(description="What was measured.")] = None


@task("acme.ruler", files=[OutputFile("output", "URL of the drawing.", ("image/png",), optional=True)])
def ruler(parameters: RulerParameters, ctx: TaskContext) -> RulerOutput:
    """Measure something."""
    raise AcmeError


class HostileParameters(Parameters, frozen=True, kw_only=True):
    a: Annotated[Literal["<b>", '"'], Meta(description=HOSTILE)] = "<b>"


@task("acme.hostile", files=[OutputFile("output", HOSTILE)])
def hostile(parameters: HostileParameters, ctx: TaskContext) -> RulerOutput:
    """<script>alert(1)</script> [x](javascript:alert(1)).

    <img src=x onerror=alert(1)>

    - <script>
    - [a page](https://example.com/?a=1&b=2)

    ```
    </code></pre><script>
    ```

        <script>
    """
    return RulerOutput()


@pytest.fixture
def registry() -> Registry:
    record = PluginRecord(distribution="acme", version="<1>", tasks=("acme.hostile", "acme.ruler"))
    return Registry([ruler, hostile], [record])


class Page(HTMLParser):
    """Tags and attributes of a page; fails if they do not nest."""

    VOID = frozenset({"meta", "link"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_page_has_the_form_of_the_v1_reference(registry):
    page = reference_pages(registry)["acme.ruler.md"]

    assert page.split("\n\n")[1:] == [
        "# acme.ruler",
        "Measure something.",
        '```json\n{\n  "task_name": "acme.ruler",\n  "url": "http://foo.com/file"\n}\n```',
        "## Parameters",
        (
            "- **url** (string) – URL of the image. (required)\n"
            "- **width** (integer) – Width of the ruler. (1 to 65535 px)\n"
            "- **format** (string) – Its format. (choices: 'png', 'gif') (default: 'png')\n"
            "- **parts** (list of objects) – Its parts. (default: [])\n"
            "  - **length** (integer) – How long. (1 to 65535 px) (required)\n"
            "- **token** (string) – A token. (a credential: never shown)"
        ),
        "## Output Values",
        "- **length** (integer) – What was measured. (1 to 65535 px) (null if unknown)",
        "## Output Files",
        "- **output** – URL of the drawing. (image/png) (may be left out)",
        "## Limits",
        "One run may take 300 s, 2 GiB of memory, and 4 GiB of output files. It waits in the queue `acme`.",
        "## Errors",
        "Those of [every task](errors.md).",
        "| code | meaning | may pass |\n| --- | --- | --- |\n| `acme_ruler_broken` | The ruler is broken. | no |",
        "Provided by the package `acme`.\n",
    ]


def test_writing_again_removes_pages_of_tasks_that_are_gone_and_nothing_else(registry, tmp_path):
    (tmp_path / "notes.md").write_text("mine")
    write_reference(registry, tmp_path)

    written = write_reference(Registry([ruler]), tmp_path)

    assert sorted(tmp_path.iterdir()) == sorted([*written, tmp_path / "notes.md"])
    assert not (tmp_path / "acme.hostile.md").exists()


def test_without_tasks_the_pages_say_how_to_get_some():
    assert "pip install dragon-image" in reference_pages(Registry([]))["index.md"]
    assert "pip install dragon-image" in index_html(Registry([]))


@pytest.mark.parametrize("make", [index_html, lambda registry: task_html(registry, "acme.hostile")])
def test_texts_of_plugins_cannot_become_markup(registry, make):
    page = Page(make(registry))

    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "img", "i", "b"})
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("href", "/").startswith(("/", "data:,", "https://example.com/?a=1&b=2"))


def test_the_html_page_says_what_the_markdown_page_says(registry):
    text = task_html(registry, "acme.ruler")
    page = Page(text)

    anchors = [attributes["id"] for tag, attributes in page.tags if tag == "dt"]
    assert anchors == ["url", "width", "format", "parts", "parts.length", "token", "length", "output"]
    for words in ("1 to 65535 px", "choices: &#x27;png&#x27;", "acme_ruler_broken", "300 s", "/?task=acme.ruler"):
        assert words in text
    assert "hunter2" not in text


def test_pages_need_nothing_from_the_network(registry):
    for text in (index_html(registry), task_html(registry, "acme.ruler")):
        loaded = [attributes for tag, attributes in Page(text).tags if tag == "link" or "src" in attributes]

        assert all(attributes["href"].startswith(("/static/", "data:,")) for attributes in loaded)
    style = (REPOSITORY / "dragon_framework/api/static/reference.css").read_text()
    assert "url(" not in style
    assert "@import" not in style


def test_an_unknown_task_has_no_page(registry):
    with pytest.raises(UnknownTaskError):
        task_html(registry, "<script>")


def test_every_setting_is_on_the_page_with_its_variable_and_a_sentence():
    page = reference_pages(Registry([]))["settings.md"]

    names = set(re.findall(r"`(DRAGON_[A-Z_]+)` \| [^|]*\| [^|\s]", page))
    expected = set()
    for field in fields_of(Settings):
        if field.shape.struct is not None:
            expected |= {f"DRAGON_{field.name}_{inner.name}".upper() for inner in fields_of(field.shape.struct)}
        elif field.name != "tables":
            expected.add(f"DRAGON_{field.name}".upper())
    assert names == expected


def test_every_hook_is_on_the_page():
    page = reference_pages(Registry([]))["hooks.md"]

    assert re.findall(r"^## (\w+)$", page, re.MULTILINE) == list(specified_hooks())


def test_the_committed_pages_are_up_to_date():
    """Write them again with `dragon reference --out docs/reference`."""
    ours = {path.parent.name for path in (REPOSITORY / "plugins").glob("*/pyproject.toml")}
    registry = load_registry()
    others = [record.distribution for record in registry.plugins if record.distribution not in ours]
    pages = reference_pages(load_registry(others))

    found = {path.name: path.read_text() for path in (REPOSITORY / "docs/reference").glob("*.md")}
    committed = {name: text for name, text in found.items() if text.startswith(MARK)}  # others are the plugins' own

    assert committed.keys() == pages.keys()
    assert committed == pages
