"""The reference as the service shows it at `/docs`: plain HTML, no script, readable without the network.

Everything from plugins is escaped; of their Markdown, paragraphs, lists, code and links
to http and https are shown as such. The style sheet is `/static/reference.css`.
"""

import re
from collections.abc import Iterable, Iterator
from html import escape

import msgspec

from dragon_framework.reference.facts import (
    ErrorRow,
    Row,
    error_rows,
    example_of,
    families,
    file_remarks,
    limits_of,
    own_errors,
    rows_of,
)
from dragon_framework.registry import Registry
from dragon_framework.tasks import Task


def index_html(registry: Registry) -> str:
    """Return the page that lists every task, and the errors a status can carry."""
    parts = ["<h1>Tasks reference</h1>"]
    if not registry.tasks:
        parts.append(
            "<p>No task is installed. <code>pip install dragon-image</code> adds image.info and image.thumb.</p>"
        )
    for family, tasks in families(registry).items():
        rows = "".join(
            f'<tr><th scope="row"><a href="/docs/{escape(task.name)}">{escape(task.name)}</a></th>'
            f"<td>{_inline(task.summary)}</td></tr>"
            for task in tasks
        )
        parts.append(f'<h2 id="{escape(family)}">{escape(family)}</h2><table>{rows}</table>')
    parts += ['<h2 id="errors">Errors</h2>', "<p>The status of a failed task carries one of these codes.</p>"]
    parts.append(_error_table(error_rows()))
    return _page("Tasks reference", "\n".join(parts), registry, "")


def task_html(registry: Registry, name: str) -> str:
    """Return the page of one task.

    Raises:
        UnknownTaskError: If no installed plugin provides it.
    """
    task = registry.get(name)
    example = msgspec.json.format(msgspec.json.encode(example_of(task)), indent=2).decode()
    parts = [
        f"<h1>{escape(task.name)}</h1>",
        f'<p class="summary">{_inline(task.summary)}</p>',
        *_blocks(task.description),
        f'<p><a class="try" href="/?task={escape(task.name)}">Try it in the playground</a></p>',
        f"<pre><code>{escape(example)}</code></pre>",
    ]
    if rows := rows_of(task.parameters, given=True):
        parts += ["<h2>Parameters</h2>", _list(rows)]
    if rows := rows_of(task.output, given=False):
        parts += ["<h2>Output Values</h2>", _list(rows)]
    if task.files:
        files = [
            Row(name=file.name, type="", description=file.description or "URL of the file.", remarks=file_remarks(file))
            for file in task.files
        ]
        parts += ["<h2>Output Files</h2>", _list(files)]
    parts += ["<h2>Limits</h2>", f"<p>{escape(limits_of(task))}</p>"]
    parts += ["<h2>Errors</h2>", '<p>Those of <a href="/docs#errors">every task</a>.</p>']
    if own := own_errors(task):
        parts.append(_error_table(own))
    if (record := registry.provider(task.name)) is not None:
        parts.append(f'<p class="quiet">Provided by {escape(record.distribution)} {escape(record.version)}.</p>')
    return _page(task.name, "\n".join(parts), registry, task.name)


def _page(title: str, body: str, registry: Registry, current: str) -> str:
    links = "".join(
        f"<li>{escape(family)}<ul>{''.join(_link(task, current) for task in tasks)}</ul></li>"
        for family, tasks in families(registry).items()
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)} - Dragon</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/reference.css">
</head>
<body>
<header><a class="home" href="/">Dragon</a>
<nav aria-label="Pages"><a href="/">Playground</a> <a href="/docs">Reference</a>
<a href="/openapi.json">OpenAPI</a></nav></header>
<div class="columns">
<nav class="tasks" aria-label="Tasks"><ul>{links}</ul></nav>
<main>
{body}
</main>
</div>
</body>
</html>
"""


def _link(task: Task, current: str) -> str:
    here = ' aria-current="page"' if task.name == current else ""
    return f'<li><a href="/docs/{escape(task.name)}"{here}>{escape(task.name)}</a></li>'


def _list(rows: Iterable[Row], prefix: str = "") -> str:
    return f"<dl>{''.join(_row(row, prefix) for row in rows)}</dl>"


def _row(row: Row, prefix: str) -> str:
    anchor = escape(f"{prefix}{row.name}")
    kind = f' <span class="type">{escape(row.type)}</span>' if row.type else ""
    required = ' <strong class="required">required</strong>' if "required" in row.remarks else ""
    remarks = "".join(
        f'<span class="remark">{escape(remark)}</span> ' for remark in row.remarks if remark != "required"
    )
    inner = _list(row.inner, f"{prefix}{row.name}.") if row.inner else ""
    return (
        f'<dt id="{anchor}"><code>{escape(row.name)}</code>{kind}{required}</dt>'
        f"<dd>{_inline(row.description)}{f'<div>{remarks.strip()}</div>' if remarks else ''}{inner}</dd>"
    )


def _error_table(rows: Iterable[ErrorRow]) -> str:
    lines = "".join(
        f'<tr><th scope="row"><code>{escape(row.code)}</code></th>'
        f"<td>{_inline(row.meaning)}</td><td>{escape(row.transient)}</td></tr>"
        for row in rows
    )
    head = '<thead><tr><th scope="col">code</th><th scope="col">meaning</th><th scope="col">may pass</th></tr></thead>'
    return f"<table>{head}<tbody>{lines}</tbody></table>"


def _blocks(text: str) -> Iterator[str]:
    """Yield the paragraphs, lists and code blocks of a plugin's Markdown as HTML."""
    for number, part in enumerate(re.split(r"^```[^\n]*\n?", text, flags=re.MULTILINE)):
        if number % 2:
            yield f"<pre><code>{escape(part.rstrip())}</code></pre>"
            continue
        for block in re.split(r"\n\s*\n", part):
            lines = block.strip("\n").splitlines()
            if not lines:
                continue
            if all(line.startswith("    ") for line in lines):
                code = "\n".join(line[4:] for line in lines)
                yield f"<pre><code>{escape(code)}</code></pre>"
            elif lines[0].lstrip().startswith(("- ", "* ")):
                items = re.split(r"^\s*[-*] ", block.strip(), flags=re.MULTILINE)[1:]
                yield f"<ul>{''.join(f'<li>{_inline(item)}</li>' for item in items)}</ul>"
            else:
                yield f"<p>{_inline(block)}</p>"


def _inline(text: str) -> str:
    """Return a line of Markdown as HTML: code, bold, links to http and https; the rest is text."""
    pieces = re.split(r"`([^`]+)`", " ".join(text.split()))
    return "".join(
        f"<code>{escape(piece)}</code>" if number % 2 else _words(piece) for number, piece in enumerate(pieces)
    )


def _words(text: str) -> str:
    safe = escape(text)
    safe = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", safe)
    return re.sub(r"\[([^\]]+)\]\((https?://[^\s()]+)\)", r'<a href="\2" rel="noopener">\1</a>', safe)
