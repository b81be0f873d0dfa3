"""`dragon top`: what the service is doing now, in the terminal."""

import argparse
import contextlib
import shutil
import sys
from collections.abc import Mapping
from typing import Any

from dragon_framework.cli.flags import add_settings, settings_of
from dragon_framework.cli.printing import print_json
from dragon_framework.errors import DragonError

CLEAR = "\x1b[H\x1b[J"
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
MOST_RUNNING = 200
"""Most running tasks that `--json` lists, oldest first."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--once", action="store_true", help="Show it once and exit.")
    parser.add_argument("--json", action="store_true", help="As JSON, one document a line; with --once, for scripts.")
    parser.add_argument("--seconds", metavar="S", type=_seconds, default=2.0, help="Between two looks. Default: 2.")
    add_settings(parser, "data_dir", "redis")


def top(arguments: argparse.Namespace) -> int:
    """Show queues, workers, running tasks and rates, until Ctrl-C.

    It reads Redis: that of --redis, or of the `dragon serve` that runs on the data
    directory. Rates are those since the last look; workers tell of themselves every two
    seconds.
    """
    import asyncio

    from dragon_framework.cli.redis_address import with_redis

    return asyncio.run(_watch(arguments, with_redis(settings_of(arguments)).redis))


async def _watch(arguments: argparse.Namespace, redis_url: str) -> int:
    import asyncio

    import msgspec
    from redis import RedisError

    from dragon_framework.status.connection import connect_async
    from dragon_framework.status.overview import look

    drawn = sys.stdout.isatty() and not arguments.json and not arguments.once
    before: dict[str, Any] | None = None
    async with contextlib.aclosing(connect_async(redis_url)) as client:
        try:
            if drawn:
                print(HIDE, end="")
            while True:
                try:
                    seen = msgspec.to_builtins(await look(client, MOST_RUNNING))
                except RedisError as error:
                    raise DragonError(f"Redis does not answer: {error}") from error
                seen["rates"] = rates(before, seen)
                if arguments.json:
                    print_json(seen, compact=True)
                else:
                    size = shutil.get_terminal_size()
                    lines = screen(seen)
                    if drawn:
                        lines = [line[: size.columns] for line in lines[: size.lines - 1]]
                    print((CLEAR if drawn else "") + "\n".join(lines), flush=True)
                if arguments.once:
                    return 0
                before = seen
                await asyncio.sleep(arguments.seconds)
        finally:
            if drawn:
                print(SHOW, end="", flush=True)


def rates(before: Mapping[str, Any] | None, seen: Mapping[str, Any]) -> dict[str, float]:
    """Return finished tasks a second, by status, between two looks; empty at the first."""
    if before is None or seen["time"] <= before["time"]:
        return {}
    seconds = seen["time"] - before["time"]
    earlier = before["totals"]
    return {status: round((count - earlier.get(status, 0)) / seconds, 2) for status, count in seen["totals"].items()}


def screen(seen: Mapping[str, Any]) -> list[str]:
    """Return the lines of one look."""
    workers, queues, running = seen["workers"], seen["queues"], seen["running"]
    places = sum(worker["slots"] for worker in workers)
    busy = sum(worker["busy"] for worker in workers)
    rates = ", ".join(f"{status} {rate:g}/s" for status, rate in sorted(seen["rates"].items()))
    totals = ", ".join(f"{status} {count}" for status, count in sorted(seen["totals"].items()))
    deaths = ", ".join(f"{reason} {count}" for reason, count in sorted(seen["deaths"].items()))
    lines = [
        f"{len(workers)} workers, {busy} of {places} places busy; callbacks waiting: {seen['callbacks']['waiting']}",
        f"tasks: {totals or 'none yet'}" + (f"   now: {rates}" if rates else ""),
        f"task processes that died: {deaths or 'none'}",
        "",
        f"{'QUEUE':<20} {'WAITING':>9} {'RUNNING':>9} {'OLDEST':>9}",
        *(
            f"{name:<20} {of['waiting']:>9} {of['running']:>9} {_age(of['oldest_seconds']):>9}"
            for name, of in sorted(queues.items())
        ),
        "",
        f"{'WORKER':<28} {'BUSY':>9} {'MEMORY':>9}  QUEUES",
    ]
    for worker in workers:
        name, memory = f"{worker['host']}:{worker['pid']}", f"{worker['resident_bytes'] / 2**20:.0f} MiB"
        slots = f"{worker['busy']}/{worker['slots']}"
        lines.append(f"{name:<28} {slots:>9} {memory:>9}  {', '.join(worker['queues'])}")
    lines += ["", f"{'TASK':<28} {'AGE':>9}  {'NAME':<20} WORKER"]
    lines += [
        f"{task['key']:<28} {_age(task['seconds']):>9}  {task['task_name']:<20} {task['worker']}" for task in running
    ]
    return lines


def _age(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"expected seconds from 0.1 to 3600, got {text!r}")
    return seconds
