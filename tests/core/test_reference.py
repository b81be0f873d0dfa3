"""The reference pages: made from the tasks, in the form of the v1 reference, and harmless."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from dragon_framework import Output, OutputFile, Parameters, TaskContext, TaskError, task
from dragon_framework.api.openapi import document
from dragon_framework.errors import UnknownTaskError
from dragon_framework.fields import Pixels, Secret, SourceUrl
from dragon_framework.hooks import specified_hooks
from dragon_framework.reference import (
    OTHERS,
    Site,
    index_html,
    openapi_html,
    other_html,
    reference_pages,
    task_html,
    with_origin,
    write_html,
    write_reference,
)
from dragon_framework.reference.site import MARK, api_text
from dragon_framework.registry import PluginRecord, Registry, load_registry
from dragon_framework.settings import Settings
from dragon_framework.shapes import fields_of

REPOSITORY = Path(__file__).parents[2]
STATIC = REPOSITORY / "dragon_framework/api/static"
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

    VOID = frozenset({"meta", "link", "input"})

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
        (
            "```sh\nURL=$(curl -s $DRAGON/v1/inputs/file "
            '-H "Authorization: Secret $SECRET" --data-binary @file'
            ' | sed \'s/.*"url":"\\([^"]*\\)".*/\\1/\')\n'
            'curl -s $DRAGON/v1/create -H "Authorization: Secret $SECRET" -d \'{\n  "block": true,\n'
            '  "tasks": {\n    "task_name": "acme.ruler",\n    "url": "\'$URL\'"\n  }\n}\'\n```'
        ),
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


@pytest.fixture(params=["index", "task", "openapi", "file"])
def hostile_page(request, registry):
    """Each kind of page that shows what a hostile plugin says."""
    return {
        "index": lambda: index_html(registry),
        "task": lambda: task_html(registry, "acme.hostile"),
        "openapi": lambda: openapi_html(document(registry), registry, Site()),
        "file": lambda: task_html(registry, "acme.hostile", Site(files=True, service="https://dragon.example")),
    }[request.param]()


def test_texts_of_plugins_cannot_become_markup(hostile_page):
    page = Page(hostile_page)

    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    assert [attributes["src"].removeprefix("/static/") for attributes in scripts] == ["reference.js"]
    assert {tag for tag, _ in page.tags}.isdisjoint({"img", "i", "b"})
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert not attributes.get("href", "/").startswith(("javascript:", "data:text"))
        assert "style" not in attributes  # the content security policy has no 'unsafe-inline'


def test_the_html_page_says_what_the_markdown_page_says(registry):
    text = task_html(registry, "acme.ruler")
    page = Page(text)

    anchors = [attributes["id"] for tag, attributes in page.tags if tag == "tr" and "id" in attributes]
    assert anchors == ["url", "width", "format", "parts", "parts.length", "token", "output-length", "file-output"]
    for words in ("1 to 65535 px", "choices: &#x27;png&#x27;", "acme_ruler_broken", "300 s", "/#task=acme.ruler"):
        assert words in text
    assert "hunter2" not in text


def test_an_id_is_on_a_page_once(registry):
    texts = [index_html(registry), task_html(registry, "acme.ruler"), other_html(registry, "settings")]
    texts += [other_html(registry, "contract"), openapi_html(document(registry), registry, Site())]
    for text in texts:
        ids = [attributes["id"] for _, attributes in Page(text).tags if "id" in attributes]

        assert sorted(ids) == sorted(set(ids))


def test_the_playground_is_filled_with_what_the_example_has_but_files_and_credentials():
    class FilledParameters(Parameters, frozen=True, kw_only=True):
        url: Annotated[SourceUrl, Meta(description="A file.")]
        key: Annotated[Secret, Meta(description="A key.")]
        text: Annotated[str, Meta(description="A text.", examples=["a & b"])]
        sizes: Annotated[list[Pixels], Meta(description="Sizes.", examples=[[1, 2]])]

    @task("acme.filled")
    def filled(parameters: FilledParameters, ctx: TaskContext) -> RulerOutput:
        """Fill."""
        return RulerOutput()

    (href,) = re.findall(r'class="try" href="([^"]+)"', task_html(Registry([filled]), "acme.filled"))

    assert href == "/#task=acme.filled&amp;text=a+%26+b&amp;sizes=1&amp;sizes=2"


def test_pages_need_nothing_from_the_network(registry):
    texts = [
        index_html(registry),
        task_html(registry, "acme.ruler"),
        openapi_html(document(registry), registry, Site()),
    ]
    for text in texts:
        loaded = [attributes for tag, attributes in Page(text).tags if tag == "link" or "src" in attributes]

        assert all(
            (attributes.get("href") or attributes["src"]).startswith(("/static/", "data:,")) for attributes in loaded
        )
    for name in ("reference.css", "reference.js"):
        assert not re.search(
            r"url\(|@import|https?://|^import |innerHTML|eval\(", (STATIC / name).read_text(), re.MULTILINE
        )


def links_of(text):
    return [attributes["href"] for tag, attributes in Page(text).tags if tag == "a"]


def test_every_link_of_the_files_leads_to_a_file_and_an_anchor_that_are_there(registry, tmp_path):
    write_html(registry, tmp_path, document(registry), STATIC, "https://dragon.example/")

    pages = {path.name: Page(path.read_text()) for path in tmp_path.glob("*.html")}
    assert pages.keys() == {f"{name}.html" for name in ("index", "acme.ruler", "acme.hostile", *OTHERS)}
    anchors = {
        name: {attributes["id"] for _, attributes in page.tags if "id" in attributes} for name, page in pages.items()
    }
    for name in pages:
        for href in links_of((tmp_path / name).read_text()):
            if href.startswith(("http://", "https://")):
                continue
            file, _, anchor = href.partition("#")
            assert (tmp_path / (file or name)).is_file(), href
            assert not anchor or anchor in anchors[file or name], (name, href)
    assert "{origin}" not in (tmp_path / "index.html").read_text()
    assert "https://dragon.example/v1" not in (tmp_path / "acme.ruler.html").read_text()
    assert 'href="https://dragon.example/#task=acme.ruler"' in (tmp_path / "acme.ruler.html").read_text()


def test_writing_html_again_removes_pages_of_tasks_that_are_gone_and_nothing_else(registry, tmp_path):
    (tmp_path / "mine.html").write_text("<p>mine</p>")
    write_html(registry, tmp_path, document(registry), STATIC)

    write_html(Registry([ruler]), tmp_path, document(Registry([ruler])), STATIC)

    assert (tmp_path / "mine.html").exists()
    assert not (tmp_path / "acme.hostile.html").exists()


def test_the_chapter_on_the_api_has_every_method_of_the_document_and_their_parameters(registry):
    """The other names of a method, and credentials, which have a section, are left out."""
    told = {}
    for section in re.split(r"^### ", api_text(), flags=re.MULTILINE)[1:]:
        words, _, text = section.partition("\n")
        told[words] = set(re.findall(r"\*\*([\w-]+)\*\*", text))
    others = {"/v1/stream", "/v1/create_file", "/v1/file"}

    for path, item in document(registry)["paths"].items():
        if path in others:
            continue
        for method, operation in item.items():
            words = f"{method.upper()} {path}"
            if words == "POST /v1/callbacks":
                continue  # told at GET
            assert words in told
            names = {one["name"] for one in operation.get("parameters", ())}
            for content in operation.get("requestBody", {}).get("content", {}).values():
                names |= set(content["schema"].get("properties", ()))
            if "parameters" in names or path.startswith("/storage"):
                continue  # the query holds those of the task; a path that nobody makes up
            assert names - {"secret", "api_key", "name"} <= told[words], words


def test_the_address_of_the_service_in_the_examples_cannot_become_markup(registry):
    text = with_origin(index_html(registry), 'http://"><script>')

    assert "{origin}" not in text
    assert "<script>" not in text


def test_the_openapi_page_shows_every_operation_and_schema_with_its_fields(registry):
    described = document(registry)
    text = openapi_html(described, registry, Site())
    ids = {attributes["id"] for _, attributes in Page(text).tags if "id" in attributes}

    for path, item in described["paths"].items():
        for method in item:
            assert f">{method.upper()}</span> <code>{path}</code>" in text
    for name, schema in described["components"]["schemas"].items():
        assert f"schema-{name}" in ids
        shown = text.partition(f'id="schema-{name}"')[2].partition("<details class")[0]
        for field in schema.get("properties", ()):
            assert f"<code>{field}</code>" in shown, (name, field)
    for href in links_of(text):
        assert not href.startswith("#") or href[1:] in ids | {"content"}


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
