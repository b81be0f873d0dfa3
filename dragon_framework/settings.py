"""Every setting of the service: frozen structs with defaults, read once at start.

Sources, the later wins: the defaults here, the TOML file, the environment
(`DRAGON_*`), the command line. `--redis URL`, `DRAGON_REDIS=URL` and `redis = "URL"` are
the same setting; a setting of a section is `DRAGON_SOURCES_MAX_BYTES` or `[sources]
max_bytes`. A plugin's settings are read from its family's table in the same way.

A number outside the sections carries its unit in its name. This module stands on
`errors` alone.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from dragon_framework.errors import SettingsError

QUEUE_TASKS = 200_000
WEEK_SECONDS = 7 * 24 * 3600  # "about one week", v1 reference 1.6

S = TypeVar("S", bound=Struct)

Positive = Annotated[int, Meta(ge=1, le=2**53)]
PositiveSeconds = Annotated[float, Meta(gt=0, le=1e9)]


class SourcesSettings(Struct, frozen=True, kw_only=True):
    """How files that clients name are fetched."""

    max_bytes: Annotated[Positive, Meta(description="Most bytes of one source.")] = 4 * 2**30
    timeout_seconds: Annotated[
        PositiveSeconds, Meta(description="Longest time for one source, redirects included.")
    ] = 600.0
    connect_timeout_seconds: Annotated[PositiveSeconds, Meta(description="Longest time to connect.")] = 10.0
    stall_seconds: Annotated[Positive, Meta(description="Give up after so long below 1 kB/s.")] = 30
    max_redirects: Annotated[int, Meta(ge=0, le=50, description="Most redirects that are followed.")] = 5
    cache_bytes: Annotated[int, Meta(ge=0, description="Size of the disk cache of sources; 0 turns it off.")] = (
        2 * 2**30
    )
    max_data_url_bytes: Annotated[Positive, Meta(description="Most bytes of a `data:` URL, decoded.")] = 1_500_000


class ApiSettings(Struct, frozen=True, kw_only=True):
    """What the HTTP service accepts, and how long it waits."""

    max_body_bytes: Annotated[Positive, Meta(description="Largest body of a request that creates or asks.")] = 8 * 2**20
    max_upload_bytes: Annotated[Positive, Meta(description="Largest input file uploaded by a client.")] = 2 * 2**30
    max_tasks: Annotated[Positive, Meta(description="Most task definitions, or keys, in one request.")] = 5000
    queue_tasks: Annotated[
        Positive, Meta(description="Most tasks in one queue, waiting and running; a request that passes it gets a 503.")
    ] = QUEUE_TASKS
    block_seconds: Annotated[
        PositiveSeconds, Meta(description="Longest wait of `block` and of files; then the current statuses.")
    ] = 300.0
    stream_heartbeat_seconds: Annotated[PositiveSeconds, Meta(description="A blank line in idle streams.")] = 15.0
    shutdown_seconds: Annotated[PositiveSeconds, Meta(description="How long open requests may end on SIGTERM.")] = 10.0
    failed_credentials: Annotated[
        int, Meta(ge=0, le=2**31, description="Wrong credentials of one address in a minute, then 429; 0: no limit.")
    ] = 100
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(description="Addresses and networks of proxies whose `X-Forwarded-For` and `-Proto` are believed."),
    ] = ()
    shared_seconds: Annotated[
        float, Meta(ge=0, description="How long create_file hands out the result of an equal cacheable task; 0: never.")
    ] = 3600.0


class WorkerSettings(Struct, frozen=True, kw_only=True):
    """How tasks are run."""

    heartbeat_seconds: Annotated[PositiveSeconds, Meta(description="A worker silent for so long is dead.")] = 15.0
    max_deliveries: Annotated[Positive, Meta(description="How often a task is started when workers die on it.")] = 3
    retries: Annotated[
        int,
        Meta(
            ge=0, le=100, description="How often a task is run again after a transient fault, such as a source's 503."
        ),
    ] = 3
    retry_seconds: Annotated[
        PositiveSeconds, Meta(description="Wait before the first of these; each further wait is three times as long.")
    ] = 1.0
    tasks_per_process: Annotated[Positive, Meta(description="A task process is replaced after so many tasks.")] = 1000
    shutdown_seconds: Annotated[
        PositiveSeconds, Meta(description="How long running tasks may end on SIGTERM before they are handed back.")
    ] = 30.0
    progress_interval_seconds: Annotated[
        PositiveSeconds, Meta(description="Shortest time between two progress updates of a task.")
    ] = 0.1
    help: Annotated[
        Literal["machines", "all", "none"],
        Meta(
            description="Whose tasks an idle worker does parts of: those of workers on other `machines`, which have "
            "processors of their own; of `all` other workers; or `none`."
        ),
    ] = "machines"


class CallbackSettings(Struct, frozen=True, kw_only=True):
    """How final statuses are sent to the `url_callback` of tasks."""

    attempts: Annotated[
        int, Meta(ge=1, le=100, description="How often a callback is tried before it counts as failed.")
    ] = 8
    retry_seconds: Annotated[
        PositiveSeconds,
        Meta(description="Wait before the second try; each further wait is four times as long, and at most 6 hours."),
    ] = 5.0
    timeout_seconds: Annotated[PositiveSeconds, Meta(description="How long a receiver may take to answer.")] = 15.0
    concurrency: Annotated[
        int, Meta(ge=1, le=256, description="Callbacks a worker process sends at once; a quarter of them to one host.")
    ] = 16


class Settings(Struct, frozen=True, kw_only=True):
    """The whole service."""

    host: Annotated[str, Meta(description="Address the service listens on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port the service listens on.")] = 8000
    public_url: Annotated[str, Meta(description="URL clients reach the service by; empty: as they asked for it.")] = ""
    data_dir: Annotated[str, Meta(description="Where outputs, cache and the embedded server keep their files.")] = (
        "./.dragon"
    )
    redis: Annotated[
        str, Meta(description="URL of a Redis or Valkey server; empty: the embedded one of `dragon serve`.")
    ] = ""
    secret_key: Annotated[
        str,
        Meta(
            description="Key that seals credentials among parameters: 32 random bytes as base64, the same on all "
            "machines; empty: `DATA_DIR/secrets.key`, made when it is needed."
        ),
    ] = ""
    storage: Annotated[str, Meta(description="URL of the output storage; empty: `DATA_DIR/storage`.")] = ""
    workers: Annotated[int, Meta(ge=0, le=1024, description="Worker processes of `dragon serve`.")] = 1
    concurrency: Annotated[
        int, Meta(ge=0, le=1024, description="Tasks a worker process runs at once; 0: one for each CPU, at least 2.")
    ] = 0
    queues: Annotated[tuple[str, ...], Meta(description="Queues a worker serves; empty: all.")] = ()
    allow_source: Annotated[
        tuple[str, ...], Meta(description="Networks (CIDR) sources may be on although they are private.")
    ] = ()
    disable: Annotated[tuple[str, ...], Meta(description="Distributions or tasks that are not loaded.")] = ()
    plugins: Annotated[
        tuple[str, ...], Meta(description="Distributions or tasks that are loaded, and no others; empty: all.")
    ] = ()
    plugin_dir: Annotated[
        str, Meta(description="Directory whose Python files are plugins, without being installed.")
    ] = ""
    retention_seconds: Annotated[PositiveSeconds, Meta(description="Life of statuses and outputs.")] = WEEK_SECONDS
    storage_bytes: Annotated[
        int,
        Meta(
            ge=0,
            description="Most bytes of outputs and uploaded inputs: looked at each minute, the oldest go first, those "
            "of the last minute stay; 0: no limit.",
        ),
    ] = 0
    log_format: Annotated[str, Meta(pattern="^(console|json|auto)$", description="console, json, or auto.")] = "auto"
    log_level: Annotated[
        str, Meta(pattern="^(debug|info|warning|error)$", description="debug, info, warning or error.")
    ] = "info"
    sources: SourcesSettings = SourcesSettings()
    api: ApiSettings = ApiSettings()
    worker: WorkerSettings = WorkerSettings()
    callbacks: CallbackSettings = CallbackSettings()
    tables: dict[str, dict[str, Any]] = {}
    """Tables of the configuration file that belong to plugins, by family."""

    @property
    def slots(self) -> int:
        """How many tasks a worker process runs at once."""
        return self.concurrency or max(2, os.cpu_count() or 2)

    @property
    def data_path(self) -> Path:
        """The data directory, absolute."""
        return Path(self.data_dir).expanduser().resolve()


_SECTIONS = ("sources", "api", "worker", "callbacks")


def load_settings(
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    config_file: str | Path | None = None,
) -> Settings:
    """Return the settings of this process.

    Args:
        flags: Settings given on the command line; None means not given.
        environ: The environment; the real one by default.
        config_file: A TOML file; `DRAGON_CONFIG` by default.

    Raises:
        SettingsError: If a value is unusable or a name unknown; it names the source.
    """
    environ = os.environ if environ is None else environ
    config_file = config_file or environ.get("DRAGON_CONFIG") or None
    table: dict[str, Any] = _read_toml(Path(config_file)) if config_file else {}
    where = str(config_file or "")

    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        name = field.name
        if name == "tables":
            continue
        if name in _SECTIONS:
            values[name] = read_section(field.type, name, environ, table.pop(name, {}), where)
            continue
        if (flag := (flags or {}).get(name)) is not None:
            values[name] = _convert(flag, field.type, f"--{name.replace('_', '-')}")
        elif (variable := f"DRAGON_{name.upper()}") in environ:
            values[name] = _convert(_split(environ[variable], field.type), field.type, variable)
        elif name in table:
            values[name] = _convert(table[name], field.type, f"{where}: {name}")
        table.pop(name, None)
    for name, value in table.items():
        if not isinstance(value, dict):
            raise SettingsError(f"{where}: {name}", "no such setting")
    return Settings(**values, tables=table)


def read_section(
    struct: type[S], section: str, environ: Mapping[str, str], table: Mapping[str, Any], where: str = "configuration"
) -> S:
    """Return *struct* filled from `DRAGON_<SECTION>_<FIELD>` variables, then from *table*.

    Raises:
        SettingsError: If a value is unusable, or *table* has a name that *struct* lacks.
    """
    fields = {field.name: field for field in msgspec.structs.fields(struct)}
    if not isinstance(table, Mapping):
        raise SettingsError(f"{where}: {section}", f"expected a table, got {table!r}")
    for name in table:
        if name not in fields:
            known = ", ".join(sorted(fields))
            raise SettingsError(f"{where}: [{section}] {name}", f"no such setting; there are: {known}")
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if (variable := f"DRAGON_{section}_{name}".upper()) in environ:
            values[name] = _convert(_split(environ[variable], field.type), field.type, variable)
        elif name in table:
            values[name] = _convert(table[name], field.type, f"{where}: [{section}] {name}")
    return struct(**values)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(str(path), error.strerror or "cannot be read") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(str(path), f"not valid TOML: {error}") from error


def _split(text: str, expected: Any) -> Any:
    kind = msgspec.inspect.type_info(expected)
    while isinstance(kind, msgspec.inspect.Metadata):
        kind = kind.type
    if isinstance(kind, msgspec.inspect.VarTupleType | msgspec.inspect.ListType):
        return [part for part in text.replace(",", " ").split() if part]
    return text


def _convert(value: Any, expected: Any, name: str) -> Any:
    try:
        return msgspec.convert(value, expected, strict=False)
    except msgspec.ValidationError as error:
        # msgspec ends in the type of what was given; the value says more.
        problem = str(error).partition(", got ")[0].replace("`", "")
        raise SettingsError(name, f"{problem[:1].lower()}{problem[1:]}, got {value!r}") from None
