"""Tasks that behave badly in every way, for the tests of the worker."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from dragon_framework import Output, OutputFile, Parameters, PartContext, PartResult, TaskContext, task
from dragon_framework.errors import TaskError
from dragon_framework.fields import Secret


class Nothing(Parameters, frozen=True, kw_only=True):
    """No parameters."""


class Text(Parameters, frozen=True, kw_only=True):
    text: Annotated[str, Meta(description="Any text.")] = ""


class Name(Parameters, frozen=True, kw_only=True):
    path: Annotated[str, Meta(description="File to write to.")] = ""
    seconds: Annotated[float, Meta(ge=0, le=600, description="How long to take.")] = 60.0


class Answer(Output, frozen=True, kw_only=True):
    text: Annotated[str, Meta(description="Some text.")] = ""
    pid: Annotated[int, Meta(description="A process id.", ge=0, le=2**31)] = 0


@task("acme.echo")
def acme_echo(parameters: Text, ctx: TaskContext) -> Answer:
    """Return the text, and the process that ran."""
    return Answer(text=parameters.text, pid=os.getpid())


@task("other.echo")
def other_echo(parameters: Text, ctx: TaskContext) -> Answer:
    """Return the text, from another queue."""
    return Answer(text=parameters.text)


@task("acme.write", files=(OutputFile("early"), OutputFile("late")))
def acme_write(parameters: Text, ctx: TaskContext) -> Answer:
    """Show progress and a partial result, write two files."""
    ctx.progress(7)
    early = ctx.output("early", ".txt")
    early.write_text("e" + parameters.text)
    ctx.partial(text="half", early=early)
    time.sleep(0.05)
    ctx.output("late", ".txt").write_text("l" + parameters.text)
    return Answer(text="whole")


@task("acme.write_and_fail", files=(OutputFile("early"), OutputFile("late")))
def acme_write_and_fail(parameters: Name, ctx: TaskContext) -> Answer:
    """Hand a file over, wait for a file *path*.go, and fail."""
    early = ctx.output("early", ".txt")
    early.write_text("early")
    ctx.partial(early=early)
    Path(parameters.path).touch()
    while not Path(f"{parameters.path}.go").exists():
        time.sleep(0.01)
    raise TeapotError


@task("acme.exit")
def acme_exit(parameters: Nothing, ctx: TaskContext) -> Answer:
    """End the process."""
    os._exit(41)


@task("acme.segfault")
def acme_segfault(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Read address 0."""
    import ctypes

    ctypes.string_at(0)
    return Answer()


@task("acme.sysexit")
def acme_sysexit(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Call `sys.exit`."""
    sys.exit(3)


@task("acme.raise_defect")
def acme_raise_defect(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Raise an error with a secret in it."""
    raise ZeroDivisionError("/etc/secret")


@task("acme.raise_full_disk")
def acme_raise_full_disk(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Write to a disk that is always full (full(4))."""
    with Path("/dev/full").open("wb") as file:
        file.write(b"x")
    return Answer()


@task("acme.raise_unspeakable")
def acme_raise_unspeakable(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Raise a defect whose text UTF-8 cannot hold, as a name of a file may be."""
    raise ZeroDivisionError("\udcff")


class GarbledError(TaskError):
    """The name is no text."""

    code = "garbled"

    def __str__(self) -> str:
        return "\udcff"


@task("acme.raise_garbled")
def acme_raise_garbled(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Raise an error that is to be shown and cannot be."""
    raise GarbledError


class TeapotError(TaskError):
    """The teapot is empty."""

    code = "teapot"
    transient = True

    def __str__(self) -> str:
        return "short and stout"


@task("acme.raise_declared")
def acme_raise_declared(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Raise an error that is shown."""
    raise TeapotError


@task("acme.wrong_type")
def acme_wrong_type(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Return something else than was declared."""
    return {"text": 1}  # type: ignore[return-value]


@task("acme.hang", seconds=0.5)
def acme_hang(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Ignore every polite request."""
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(10)


@task("acme.chatty_hang", seconds=0.5)
def acme_chatty_hang(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Say all the time that it goes on."""
    while True:
        ctx.progress(1)
        time.sleep(0.01)


@task("acme.memory", memory_bytes=150 * 2**20)
def acme_memory(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Take more memory than allowed, while showing progress."""
    held = []
    while True:
        held.append(b"x" * (2 * 2**20))
        ctx.progress(len(held))
        time.sleep(0.005)


@task("acme.flood", files=(OutputFile("flood", optional=True),), output_bytes=10_000)
def acme_flood(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Write more than allowed."""
    with ctx.output("flood", ".bin").open("wb") as file:
        while True:
            file.write(b"x" * 5000)
            file.flush()
            time.sleep(0.01)


PROGRAM = [sys.executable, "-c", "import time; time.sleep(300)"]


@task("acme.leave_program")
def acme_leave_program(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Return while a program of its still runs."""
    return Answer(pid=subprocess.Popen(PROGRAM).pid)


def detached(path: Path) -> int:
    """Start a program by a double fork, in a session of its own; return its process id."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            path.write_text(str(os.getpid()))
            os.execv(sys.executable, PROGRAM)
        os._exit(0)
    while not (path.exists() and path.read_text()):
        time.sleep(0.01)
    return int(path.read_text())


@task("acme.leave_daemon")
def acme_leave_daemon(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Return while a detached program of its still runs."""
    return Answer(pid=detached(ctx.temporary_directory / "pid"))


@task("acme.hang_with_daemon", seconds=1.0)
def acme_hang_with_daemon(parameters: Name, ctx: TaskContext) -> Answer:
    """Hang, with a detached program and one in the group."""
    subprocess.Popen(PROGRAM)
    detached(Path(parameters.path))
    time.sleep(parameters.seconds)
    return Answer()


@task("acme.leave_thread")
def acme_leave_thread(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Return while a thread of its still reports progress."""

    def talk() -> None:
        while True:
            ctx.progress("from the past")
            time.sleep(0.001)

    threading.Thread(target=talk, daemon=True).start()
    return Answer(pid=os.getpid())


@task("acme.lose_home")
def acme_lose_home(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Leave the process in a directory that is about to vanish."""
    os.chdir(ctx.temporary_directory)
    return Answer(pid=os.getpid())


@task("acme.where")
def acme_where(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Return the directory the process is in."""
    return Answer(text=str(Path.cwd()), pid=os.getpid())


@task("acme.note")
def acme_note(parameters: Name, ctx: TaskContext) -> Answer:
    """Note each start as a line in a file, then take a while."""
    with Path(parameters.path).open("a") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(parameters.seconds)
    return Answer(text="slept")


@task("acme.until_file")
def acme_until_file(parameters: Name, ctx: TaskContext) -> Answer:
    """Note each start, then wait for a file."""
    with Path(parameters.path).open("a") as file:
        file.write(f"{os.getpid()}\n")
    while not Path(f"{parameters.path}.go").exists():
        time.sleep(0.01)
    return Answer(text="gone")


@task("acme.kill_worker")
def acme_kill_worker(parameters: Name, ctx: TaskContext) -> Answer:
    """Kill the worker that runs it."""
    import signal

    with Path(parameters.path).open("a") as file:
        file.write("started\n")
    nursery = os.getppid()
    status = Path(f"/proc/{nursery}/status").read_text()
    worker = int(status.partition("PPid:")[2].split()[0])
    os.kill(worker, signal.SIGKILL)
    time.sleep(60)
    return Answer()


@task("acme.polite")
def acme_polite(parameters: Name, ctx: TaskContext) -> Answer:
    """Wait to be cancelled, and note it."""
    Path(parameters.path).write_text("started")
    while not ctx.cancelled:
        time.sleep(0.01)
    Path(parameters.path).write_text("cancelled")
    ctx.check()
    return Answer()


@task("acme.passing_fault")
def acme_passing_fault(parameters: Name, ctx: TaskContext) -> Answer:
    """Note the try in a file; fail in a way that passes, until there is a file *path*.go."""
    with Path(parameters.path).open("a") as file:
        file.write(f"{time.time()}\n")
    if not Path(f"{parameters.path}.go").exists():
        raise TeapotError
    return Answer(text="full again")


@task("acme.retried", retry_on=(ConnectionError,))
def acme_retried(parameters: Name, ctx: TaskContext) -> Answer:
    """Fail with an error that the declaration calls transient."""
    with Path(parameters.path).open("a") as file:
        file.write(f"{time.time()}\n")
    raise ConnectionResetError


class Token(Parameters, frozen=True, kw_only=True):
    token: Annotated[Secret, Meta(description="A credential.")]
    path: Annotated[str, Meta(description="File to wait for.")] = ""


@task("acme.count_runs", keeps_state=True)
def acme_count_runs(parameters: Name, ctx: TaskContext) -> Answer:
    """Count the runs of this task in its state, note it in a file, then wait for a file *path*.go."""
    runs = ctx.state.load().get("runs", 0) + 1
    ctx.state.save({"runs": runs, "handle": "canary-handle-8d20"})
    with Path(parameters.path).open("a") as file:
        file.write(f"{runs}\n")
    while not Path(f"{parameters.path}.go").exists():
        time.sleep(0.01)
    return Answer(text=f"run {ctx.state.load()['runs']}")


@task("acme.fail_first", keeps_state=True)
def acme_fail_first(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Fail in a way that passes, unless it is told that it has done so."""
    if not ctx.state.load():
        ctx.state.save({"failed": True})
        raise TeapotError
    return Answer(text="full again")


@task("acme.save_much", keeps_state=True)
def acme_save_much(parameters: Nothing, ctx: TaskContext) -> Answer:
    """Save more than is kept; return why not."""
    try:
        ctx.state.save({"much": "x" * 65_536})
    except ValueError as error:
        return Answer(text=str(error))
    return Answer()


class TellingError(TaskError):
    """It tells what it should not."""

    code = "telling"


@task("acme.tell", keeps_state=True)
def acme_tell(parameters: Token, ctx: TaskContext) -> Answer:
    """Tell the credential, and one that was got for it, in progress, log and error."""
    import logging

    ctx.conceal("derived-secret-41")
    ctx.progress({"with": parameters.token, "to": ["derived-secret-41"]})
    try:
        raise ZeroDivisionError(parameters.token)
    except ZeroDivisionError:
        logging.getLogger("acme").exception("a library says %s", parameters.token)
    time.sleep(0.05)
    raise TellingError(f"https://acme.test/?access={parameters.token} and derived-secret-41")


@task("acme.break_telling")
def acme_break_telling(parameters: Token, ctx: TaskContext) -> Answer:
    """Break, with the credential in the trace."""
    raise ZeroDivisionError(parameters.token)


class Squared(Output, frozen=True, kw_only=True):
    sum: Annotated[int, Meta(description="Sum of the squares.")]
    pids: Annotated[list[int], Meta(description="Which process did each part.")]
    notes: Annotated[list[str], Meta(description="What each part wrote.")]


class Squares(Parameters, frozen=True, kw_only=True):
    count: Annotated[int, Meta(ge=0, le=1000, description="How many parts.")] = 6
    seconds: Annotated[float, Meta(ge=0, le=600, description="How long each part takes elsewhere.")] = 0.0
    gate: Annotated[str, Meta(description="A file that parts wait for here.")] = ""
    patient: Annotated[bool, Meta(description="Whether to leave all but the first part to others.")] = False
    fails: Annotated[str, Meta(description="How parts fail elsewhere: `raise` or `exit`; empty: not.")] = ""
    log: Annotated[str, Meta(description="Where to note each beginning.")] = ""
    token: Annotated[Secret | None, Meta(description="A credential.")] = None


class Square(Parameters, frozen=True, kw_only=True):
    number: int
    owner: int
    seconds: float
    gate: str
    fails: str
    log: str
    token: str | None


def square(value: Square, ctx: PartContext) -> dict[str, int]:
    """Square a number, after a while."""
    here = os.getpid() == value.owner
    if value.log:
        with Path(value.log).open("a") as log:
            log.write(f"{'own' if here else 'other'} {value.number} {os.getpid()}\n")
    if value.fails and not here:
        if value.fails == "raise":
            raise ValueError(f"not here, {value.token}")
        os._exit(3)
    end = time.monotonic() + (0 if here else value.seconds)
    while time.monotonic() < end or (here and value.gate and not Path(value.gate).exists()):
        time.sleep(0.01)
    factor = int(ctx.files["factor"].read_text())
    ctx.output("note.txt").write_text(f"{value.number} by {factor}")
    return {"square": factor * value.number**2, "pid": os.getpid()}


@task("acme.squares", part=square)
def acme_squares(parameters: Squares, ctx: TaskContext) -> Squared:
    """Add squares, each a part."""
    factor = ctx.temporary_directory / "factor"
    factor.write_text("2")
    values = [
        Square(
            number=number,
            owner=os.getpid(),
            seconds=parameters.seconds,
            gate=parameters.gate,
            fails=parameters.fails,
            log=parameters.log,
            token=parameters.token,
        )
        for number in range(parameters.count)
    ]
    done: dict[int, PartResult] = {}
    with ctx.spread(values, {"factor": factor}) as spread:
        if parameters.patient:
            first = spread.take()
            note = ctx.temporary_directory / "note.txt"
            note.write_text(f"{first} by 2")
            done[first] = PartResult(first, {"square": 2 * first**2, "pid": os.getpid()}, {"note.txt": note})
            while spread.outstanding:
                ctx.check()
                done |= {result.number: result for result in spread.arrived()}
                time.sleep(0.01)
        done |= {result.number: result for result in spread.results()}
    order = [done[number] for number in sorted(done)]
    return Squared(
        sum=sum(result.value["square"] for result in order),
        pids=[result.value["pid"] for result in order],
        notes=[result.files["note.txt"].read_text() for result in order],
    )
