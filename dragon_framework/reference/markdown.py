"""The reference as Markdown pages, in the form and order of chapter 2 of the v1 reference."""

import inspect
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from dragon_framework.hooks import specified_hooks
from dragon_framework.reference.contract import contract_page
from dragon_framework.reference.facts import (
    ErrorRow,
    Row,
    curl_of,
    error_rows,
    families,
    file_rows,
    has_default,
    limits_of,
    own_errors,
    rows_of,
    value,
)
from dragon_framework.reference.site import LOCAL, MARK, ORIGIN, api_text
from dragon_framework.registry import Registry
from dragon_framework.settings import Settings
from dragon_framework.shapes import FieldShape, fields_of
from dragon_framework.tasks import Task


def write_reference(registry: Registry, directory: Path | str) -> list[Path]:
    """Write the reference pages, and return their paths.

    Pages that an earlier call wrote and that are no longer made are removed; other
    files are left alone.

    Args:
        registry: The tasks to describe.
        directory: Where to write; made if it does not exist.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    pages = reference_pages(registry)
    for old in directory.glob("*.md"):
        if old.name not in pages and old.read_text(encoding="utf-8").startswith(MARK):
            old.unlink()
    for name, text in pages.items():
        (directory / name).write_text(text, encoding="utf-8")
    return [directory / name for name in pages]


def reference_pages(registry: Registry) -> dict[str, str]:
    """Return the text of each page, by file name."""
    pages = {"index.md": _index(registry)}
    pages |= {f"{task.name}.md": _task(task, registry) for task in registry.tasks.values()}
    pages["api.md"] = api_text().replace(ORIGIN, LOCAL).replace("(#errors)", "(errors.md)")
    pages["errors.md"] = _errors()
    pages |= {f"{name}.md": reference_page(registry, name) for name in ("settings", "hooks", "contract")}
    return {name: f"{MARK}\n\n{text.strip()}\n" for name, text in pages.items()}


def reference_page(registry: Registry, name: str) -> str:
    """Return the text of a page that is about no task: settings, hooks, contract.

    Raises:
        KeyError: If *name* is none of them.
    """
    if name == "settings":
        return _settings(registry)
    return {"hooks": _hooks, "contract": _contract}[name]()


def _contract() -> str:
    return contract_page(_docstring)


def _index(registry: Registry) -> str:
    lines = ["# Tasks reference", "", "How tasks are created and followed is told in the [API reference](api.md).", ""]
    if not registry.tasks:
        lines += ["No task is installed. `pip install dragon-image` adds image.info and image.thumb.", ""]
    for family, tasks in families(registry).items():
        lines += [f"## {family}", "", "| task | |", "| --- | --- |"]
        lines += [f"| [{task.name}]({task.name}.md) | {_cell(task.summary)} |" for task in tasks]
        lines.append("")
    lines += [
        "## The service",
        "",
        "- [API](api.md): methods, authentication, statuses, streams",
        "- [Errors](errors.md): the codes a failed task's status carries",
        "- [Settings](settings.md): flags, environment variables and the configuration file",
        "- [Hooks](hooks.md): how a plugin learns of what happens, or has a say in it",
        "- [The plugin contract](contract.md): what a task plugin stands on",
    ]
    return "\n".join(lines)


def _task(task: Task, registry: Registry) -> str:
    parts = [f"# {task.name}", task.summary]
    if task.description:
        parts.append(task.description)
    if any(field.shape.without_null().secret and field.required for field in fields_of(task.parameters)):
        parts.append("<!-- not run: it needs credentials of somebody else's service -->")
    parts.append(f"```sh\n{curl_of(task)}\n```")
    if rows := rows_of(task.parameters, given=True):
        parts += ["## Parameters", _list(rows)]
    if rows := rows_of(task.output, given=False):
        parts += ["## Output Values", _list(rows)]
    if files := file_rows(task):
        parts += ["## Output Files", _list(files)]
    limits = limits_of(task)
    if task.cacheable:
        limits += " Equal definitions may share one result."
    parts += ["## Limits", f"{limits} It waits in the queue `{task.queue}`."]
    parts += ["## Errors", "Those of [every task](errors.md)."]
    if own := own_errors(task):
        parts.append(_error_table(own))
    if (record := registry.provider(task.name)) is not None:
        parts.append(f"Provided by the package `{record.distribution}`.")
    return "\n\n".join(parts)


def _list(rows: Iterable[Row], indent: str = "") -> str:
    lines: list[str] = []
    for row in rows:
        kind = f" ({row.type})" if row.type else ""
        remarks = "".join(f" ({_escaped(remark)})" for remark in row.remarks)
        text = f"{_cell(row.description)}{remarks}".strip()
        lines.append(f"{indent}- **{row.name}**{kind} – {text}".rstrip())  # as in the v1 reference
        if row.inner:
            lines.append(_list(row.inner, f"{indent}  "))
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _escaped(text: str) -> str:
    for sign in "\\*_<|":
        text = text.replace(sign, f"\\{sign}")
    return text


_ERRORS = """
# Errors

The status of a failed task carries in `result` a sentence, or an object that names each wrong field, and in `error` a
code that stays the same, and whether the same task may succeed later:

```json
{"status": "error", "result": {"parameters": {"url": ["this field is required"]}},
 "error": {"code": "invalid_parameters", "transient": false}}
```

{table}

What is wrong with the parameters as a whole, not with one of them, stands under `*`.
"""

_SETTINGS = """
# Settings

The later wins: the default, the configuration file (TOML, named by `--config` or `DRAGON_CONFIG`), the environment, the
command line. A list in an environment variable is separated by commas or spaces.
"""


def _errors() -> str:
    return _ERRORS.replace("{table}", _error_table(error_rows()))


def _error_table(rows: Iterable[ErrorRow]) -> str:
    lines = ["| code | meaning | may pass |", "| --- | --- | --- |"]
    lines += [f"| `{row.code}` | {_cell(row.meaning)} | {row.transient} |" for row in rows]
    return "\n".join(lines)


def _settings(registry: Registry) -> str:
    parts = [_SETTINGS.strip()]
    own = [field for field in fields_of(Settings) if field.shape.struct is None and field.name != "tables"]
    parts.append(_settings_table(own, ""))
    for section in fields_of(Settings):
        if section.shape.struct is not None:
            parts += [f"## [{section.name}]", (section.shape.struct.__doc__ or "").strip()]
            parts.append(_settings_table(fields_of(section.shape.struct), section.name))
    described: set[type[Struct]] = set()
    for task in registry.tasks.values():
        if task.settings is not None and task.settings not in described:
            described.add(task.settings)
            parts += [f"## [{task.section}]", (task.settings.__doc__ or f"For {task.name}.").strip()]
            parts.append(_settings_table(fields_of(task.settings), task.section))
    return "\n\n".join(parts)


def _settings_table(fields: Iterable[FieldShape], section: str) -> str:
    lines = ["| setting | environment | default | |", "| --- | --- | --- | --- |"]
    for field in fields:
        variable = "_".join(("DRAGON", section, field.name) if section else ("DRAGON", field.name)).upper()
        told = has_default(field) and field.default not in ("", [], ())
        default = f"`{value(field.default)}`" if told else ""
        lines.append(f"| `{field.name}` | `{variable}` | {_cell(default)} | {_cell(field.description)} |")
    return "\n".join(lines)


def _hooks() -> str:
    from dragon_framework import hooks

    parts = ["# Hooks", inspect.cleandoc(hooks.__doc__ or "").removeprefix("Hooks: ").replace("how a", "How a", 1)]
    parts[-1] = parts[-1].removesuffix(" Stands on `discovery`.")
    for name, function in specified_hooks().items():
        arguments = [argument for argument in inspect.signature(function).parameters if argument != "self"]
        parts += [f"## {name}", f"```python\n{name}({', '.join(arguments)})\n```", _docstring(function.__doc__ or "")]
    return "\n\n".join(parts)


def _docstring(text: str) -> str:
    """Return a docstring in Google's form as Markdown: `Args:` becomes a list."""
    lines: list[str] = []
    in_list = False
    for line in inspect.cleandoc(text).splitlines():
        if line in {"Args:", "Returns:", "Raises:"}:
            lines += [{"Args:": "Arguments:", "Returns:": "Answer:", "Raises:": "Raises:"}[line], ""]
            in_list = line != "Returns:"
        elif in_list and line.startswith("    ") and not line.startswith("     "):
            name, _, rest = line.strip().partition(":")
            lines.append(f"- `{name}`:{rest}")
        else:
            lines.append(line.strip() if not in_list else f"  {line.strip()}".rstrip())
    return "\n".join(lines)
