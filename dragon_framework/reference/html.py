"""The reference as the service shows it at `/docs`, or as files: HTML that is whole without a script or a network.

In the order of the v1 reference: the API, then the tasks by family, each with a page of
its own. Everything from plugins goes through `rendering`, or is escaped. Pages have
`site.ORIGIN` where the service's URL belongs.
"""

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from dragon_framework.reference.facts import (
    SAMPLES,
    ErrorRow,
    Row,
    curl_of,
    error_rows,
    example_of,
    families,
    file_rows,
    limits_of,
    own_errors,
    rows_of,
)
from dragon_framework.reference.markdown import reference_page
from dragon_framework.reference.openapi import openapi_html
from dragon_framework.reference.rendering import block, inline
from dragon_framework.reference.site import LOCAL, MARK, OTHERS, Site, api_text, whole_page, with_origin
from dragon_framework.registry import Registry
from dragon_framework.shapes import fields_of
from dragon_framework.tasks import Task

SERVICE = Site()

_MANY = 12
"""More choices than that are folded."""


def index_html(registry: Registry, site: Site = SERVICE) -> str:
    """Return the page about the API, with the list of tasks and the errors a status can carry."""
    chapter = block(api_text().partition("\n")[2], site.link_to)
    parts = ["<h1>API reference</h1>", chapter, '<h2 id="tasks" class="chapter">Tasks reference</h2>']
    if not registry.tasks:
        parts.append(
            "<p>No task is installed. <code>pip install dragon-image</code> adds image.info and image.thumb.</p>"
        )
    for family, tasks in families(registry).items():
        rows = "".join(
            f'<tr data-name="{escape(task.name)}"><th scope="row"><a href="{escape(site.page(task.name))}">'
            f"{escape(task.name)}</a></th><td>{inline(task.summary)}</td></tr>"
            for task in tasks
        )
        parts.append(
            f'<h3 id="tasks-{escape(family)}">{escape(family)}</h3><table class="list" aria-label="{escape(family)}">'
            f"<tbody>{rows}</tbody></table>"
        )
    parts += ['<h2 id="errors" class="chapter">Error codes</h2>']
    parts += ["<p>The status of a failed task carries one of these codes.</p>", _error_table(error_rows())]
    return whole_page(site, registry, "Reference", "\n".join(parts), "")


def task_html(registry: Registry, name: str, site: Site = SERVICE) -> str:
    """Return the page of one task.

    Raises:
        UnknownTaskError: If no installed plugin provides it.
    """
    task = registry.get(name)
    parts = [
        f"<h1>{escape(task.name)}</h1>",
        f'<p class="summary">{inline(task.summary)}</p>',
        block(task.description, level=2, prefix="about-"),
    ]
    if site.playground:
        filled = escape(f"{site.playground}#{urlencode(_filled(task))}")
        parts.append(f'<p><a class="try" href="{filled}">Try it in the playground</a></p>')
    parts += ['<h2 id="parameters">Parameters</h2>']
    rows = rows_of(task.parameters, given=True)
    parts.append(_table(rows, "Parameters", "", given=True) if rows else "<p>It takes none.</p>")
    if rows := rows_of(task.output, given=False):
        parts += ['<h2 id="output-values">Output Values</h2>', _table(rows, "Output Values", "output-", given=False)]
    if rows := file_rows(task):
        parts += ['<h2 id="output-files">Output Files</h2>', _table(rows, "Output Files", "file-", given=False)]
    parts += ['<h2 id="example">Example</h2>', f"<pre><code>{escape(curl_of(task))}</code></pre>"]
    where = escape(site.page("", "general-notes"))
    parts.append(
        f'<p class="quiet"><code>$DRAGON</code> and <code>$SECRET</code> are <a href="{where}">set here</a>.</p>'
    )
    shared = " Equal definitions may share one result." if task.cacheable else ""
    parts += ['<h2 id="limits">Limits</h2>']
    parts.append(f"<p>{escape(limits_of(task))}{shared} It waits in the queue <code>{escape(task.queue)}</code>.</p>")
    where = escape(site.page("", "errors"))
    parts += ['<h2 id="errors">Errors</h2>', f'<p>Those of <a href="{where}">every task</a>.</p>']
    if own := own_errors(task):
        parts.append(_error_table(own))
    if (record := registry.provider(task.name)) is not None:
        parts.append(f'<p class="quiet">Provided by {escape(record.distribution)} {escape(record.version)}.</p>')
    return whole_page(site, registry, task.name, "\n".join(parts), task.name)


def other_html(registry: Registry, name: str, site: Site = SERVICE) -> str:
    """Return the page of settings, hooks or the contract, as Markdown has it.

    Raises:
        KeyError: If *name* is none of them.
    """
    text = reference_page(registry, name)
    return whole_page(site, registry, OTHERS[name], block(text, site.link_to), name)


def _filled(task: Task) -> list[tuple[str, str]]:
    """Return the playground's fragment: the task, and the values of its example that are no file and no credential.

    As the playground writes its own links: a list of simple values is a key for each, other values are JSON.
    """
    example = example_of(task)
    found = [("task", task.name)]
    for field in fields_of(task.parameters):
        sample = example.get(field.name)
        if sample is None or field.shape.without_null().secret:
            continue
        simple = (
            isinstance(sample, list) and len(sample) > 1 and not any(isinstance(one, list | dict) for one in sample)
        )
        for one in sample if simple else [sample]:
            text = one if isinstance(one, str) else msgspec.json.encode(one).decode()
            if SAMPLES not in text:
                found.append((field.name, text))
    return found


def _table(rows: Iterable[Row], label: str, prefix: str, *, given: bool) -> str:
    names = ("name", "type", "default", "description") if given else ("name", "type", "description")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    lines = "".join(_rows(rows, prefix, "", given=given))
    return f'<table class="fields" aria-label="{label}"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'


def _rows(rows: Iterable[Row], prefix: str, path: str, *, given: bool) -> Iterator[str]:
    for row in rows:
        name = f"{path}{row.name}"
        required = ' <strong class="required">required</strong>' if row.required else ""
        default = f"<code>{escape(row.default)}</code>" if row.default else ""
        limits = "".join(map(_remark, row.limits))
        yield f'<tr id="{escape(prefix + name)}">'
        yield f'<th scope="row"><code>{_path(path)}{escape(row.name)}</code>{required}</th>'
        yield f'<td class="type">{escape(row.type)}</td>'
        if given:
            yield f'<td class="default">{default}</td>'
        yield f"<td>{inline(row.description)}{f'<div>{limits}</div>' if limits else ''}</td></tr>"
        yield from _rows(row.inner, prefix, f"{name}.", given=given)


def _path(path: str) -> str:
    return f'<span class="path">{escape(path)}</span>' if path else ""


def _remark(remark: str) -> str:
    if remark.count(", ") >= _MANY and remark.startswith("choices: "):
        choices = remark.removeprefix("choices: ")
        return f"<details><summary>{choices.count(', ') + 1} choices</summary>{escape(choices)}</details> "
    return f'<span class="remark">{escape(remark)}</span> '


def _error_table(rows: Iterable[ErrorRow]) -> str:
    lines = "".join(
        f'<tr><th scope="row"><code>{escape(row.code)}</code></th>'
        f"<td>{inline(row.meaning)}</td><td>{escape(row.transient)}</td></tr>"
        for row in rows
    )
    head = '<thead><tr><th scope="col">code</th><th scope="col">meaning</th><th scope="col">may pass</th></tr></thead>'
    return f'<table class="codes">{head}<tbody>{lines}</tbody></table>'


def write_html(
    registry: Registry, directory: Path | str, document: Mapping[str, Any], static: Path, service: str = ""
) -> list[Path]:
    """Write the reference as files of HTML, with style and script beside them, and return the paths.

    Args:
        registry: The tasks to describe.
        directory: Where to write; made if it does not exist.
        document: The OpenAPI document.
        static: Directory of `reference.css` and `reference.js`.
        service: URL of a service, for the examples and for links to its playground; empty if there is none.
    """
    directory, site = Path(directory), Site(files=True, service=service)
    directory.mkdir(parents=True, exist_ok=True)
    pages = {"index": index_html(registry, site), "openapi": openapi_html(document, registry, site)}
    pages |= {name: other_html(registry, name, site) for name in OTHERS if name != "openapi"}
    pages |= {name: task_html(registry, name, site) for name in registry.tasks}
    texts = {f"{name}.html": with_origin(page, service.rstrip("/") or LOCAL) for name, page in pages.items()}
    texts |= {name: (static / name).read_text(encoding="utf-8") for name in ("reference.css", "reference.js")}
    texts["openapi.json"] = msgspec.json.encode(document).decode()
    for old in directory.glob("*.html"):
        if old.name not in texts and MARK in old.read_text(encoding="utf-8"):
            old.unlink()
    for name, text in texts.items():
        (directory / name).write_text(text, encoding="utf-8")
    return [directory / name for name in texts]
