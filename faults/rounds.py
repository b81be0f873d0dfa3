"""Rounds: a load, some faults, one after another or at random, then all the checks.

In: a number of seconds and a seed. Out: one `Row` for each fault, and what was found.
"""

import asyncio
import random
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from faults.arena import Arena
from faults.checks import Finding, check
from faults.kinds import Kind, Missed, all_kinds
from faults.ledger import Entry, Strike

CLIENTS = 12
CALM_SECONDS = 1.0
"""Load without a fault at the begin of a round."""

END_SECONDS = 150.0
"""How long the tasks of a round may take to end when the last fault is over."""

SHORT_SECONDS = 600.0
"""Below it not every fault can have its round: some of each sort share one."""

CHECK_SECONDS = 6.0
"""What the checks of a round take, about."""


@dataclass(frozen=True)
class Round:
    """Some faults that are injected under one load.

    Args:
        name: What it is about.
        kinds: Its faults.
        weight: Its share of the time.
        s3: Whether outputs go to S3.
        mixed: Whether faults come at random, over each other; else one after another.
    """

    name: str
    kinds: tuple[Kind, ...]
    weight: float
    s3: bool = False
    mixed: bool = False


@dataclass
class Row:
    """One line of the table: a fault, and what came of it."""

    kind: str
    injected: int = 0
    hit: int = 0
    again: int = 0
    counts: dict[str, int] = field(default_factory=dict)


@dataclass
class Report:
    """All that came of a run."""

    rows: dict[str, Row] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    tasks: int = 0
    seconds: float = 0.0


def plan(seconds: float, dice: random.Random, only: str = "") -> list[Round]:
    """Return the rounds of a run of so many seconds, those with S3 last.

    Args:
        seconds: How long the run is.
        dice: Decides the order of a short run.
        only: Part of a name: all faults with it, and no others.

    Raises:
        ValueError: If no fault has it.
    """
    groups = all_kinds()
    everything = [kind for kinds in groups.values() for kind in kinds]
    here = tuple(kind for kind in everything if not kind.s3)
    if only:
        chosen = [kind for kind in everything if only in kind.name]
        if not chosen:
            raise ValueError(
                f"no fault has {only!r} in its name; there are: {', '.join(one.name for one in everything)}"
            )
        return [Round(only, tuple(chosen), 1.0, s3=any(kind.s3 for kind in chosen))]
    if seconds < SHORT_SECONDS:
        sorts: dict[str, list[Kind]] = {}
        for name, kinds in groups.items():
            quick = [kind for kind in kinds if "17 s" not in kind.name]
            sorts.setdefault(name.partition(":")[0], []).extend(dice.sample(quick, len(quick)))
        s3 = sorts.pop("S3")
        in_turn = [kind for some in zip_longest(*sorts.values()) for kind in some if kind is not None]
        return [Round("some of everything", tuple(in_turn), 4.0), Round("S3", tuple(s3), 1.0, s3=True)]
    rounds = [
        Round(name, tuple(kinds), 0.6 if "hand back" in name or name == "disks" else 1.0, s3=bool(kinds[0].s3))
        for name, kinds in groups.items()
    ]
    # Valkey 9.1.2 does not survive its own death while its disk is full: that is no fault of ours to try.
    here, everywhere = (tuple(one for one in kinds if "Valkey full" not in one.name) for kinds in (here, everything))
    rounds += [Round("everything at once", here, 3.0, mixed=True)]
    rounds += [Round("everything at once, with S3", everywhere, 2.0, s3=True, mixed=True)]
    return sorted(rounds, key=lambda one: one.s3)


async def run(seconds: float, seed: int, directory: Path, *, fsync: str = "everysec", only: str = "") -> Report:
    """Run for about so many seconds, and return what came of it."""
    dice = random.Random(seed)
    report = Report()
    begin = time.monotonic()
    rounds = plan(seconds, dice, only)
    for s3 in (False, True):
        mine = [one for one in rounds if one.s3 == s3]
        if not mine:
            continue
        place = directory / ("s3" if s3 else "local")
        try:
            async with Arena(place, dice, s3=s3, clients=CLIENTS, fsync=fsync) as arena:
                for one in mine:
                    weights = sum(each.weight for each in rounds[rounds.index(one) :])
                    left = seconds - (time.monotonic() - begin)
                    share = left * one.weight / weights - CHECK_SECONDS
                    await _round(arena, one, max(share, 8.0), report)
                await _end(arena, report)
        except RuntimeError as error:  # a part that does not start again: what was found before is shown, too
            report.findings.append(Finding("wrong", str(error)))
            print(f"  {error}", file=sys.stderr, flush=True)
    report.seconds = time.monotonic() - begin
    return report


async def _round(arena: Arena, this: Round, seconds: float, report: Report) -> None:
    ledger = arena.ledger
    known, strikes = set(ledger.entries), len(ledger.strikes)
    arena.clients.start()
    await asyncio.sleep(CALM_SECONDS)
    end = time.monotonic() + seconds
    if this.mixed:
        await asyncio.gather(*(_at_random(arena, this.kinds, end) for _ in range(2)))
    else:
        await _in_turn(arena, this.kinds, end)
    await arena.until_ready()
    try:
        async with asyncio.timeout(END_SECONDS):
            await arena.clients.stop()
    except TimeoutError:
        await arena.clients.give_up()
        report.remarks.append(f"{this.name}: tasks did not end within {END_SECONDS:.0f} s")
    entries = [entry for key, entry in ledger.entries.items() if key not in known]
    codes = frozenset[str]().union(*(kind.codes for kind in this.kinds))
    findings = await check(arena, entries, codes)
    findings += [Finding("wrong", problem) for problem in ledger.problems]
    ledger.problems.clear()
    _count(this, ledger.strikes[strikes:], ledger.starts, findings, report)
    report.tasks += len(entries)
    report.findings += findings
    _say(this, entries, len(ledger.strikes) - strikes, findings)


async def _in_turn(arena: Arena, kinds: Iterable[Kind], end: float) -> None:
    kinds = list(kinds)
    while True:
        for kind in kinds:
            if time.monotonic() >= end:
                return
            try:
                await kind.inject(arena, kind.name)
            except Missed:
                continue
            await asyncio.sleep(0.1)
            await arena.until_ready()
            await asyncio.sleep(arena.dice.uniform(0.3, 1.2))


async def _at_random(arena: Arena, kinds: tuple[Kind, ...], end: float) -> None:
    while time.monotonic() < end:
        kind = arena.dice.choice(kinds)
        try:
            await kind.inject(arena, kind.name)
        except Missed:
            continue
        await asyncio.sleep(arena.dice.uniform(0.2, 2.5))


async def _end(arena: Arena, report: Report) -> None:
    """End the service in an orderly way: then nothing of it runs, and no run's files are left."""
    report.findings += [Finding("wrong", text) for text in await arena.stop()]
    from faults.parts import marked

    await asyncio.sleep(1.0)
    left = marked(arena.mark)
    report.findings += [Finding("orphaned", f"process {pid} after the end: {text}") for pid, text in left.items()]
    for worker in arena.workers:
        runs = list((worker.directory / "runs").glob("*"))
        report.findings += [Finding("orphaned", f"{run.name} in the runs of {worker.name}") for run in runs]
    if not arena.valkey_disk.small and not arena.s3:
        report.remarks.append("full disks were left out: only root may mount a small tmpfs")


def _count(this: Round, strikes: list[Strike], starts: dict[str, int], findings: list[Finding], report: Report) -> None:
    last: dict[str, str] = {}
    for strike in strikes:
        row = report.rows.setdefault(strike.kind, Row(strike.kind))
        row.injected += 1
        row.hit += len(strike.keys)
        row.again += sum(0 < count < starts[key] for key, count in strike.starts.items())
        last.update(dict.fromkeys(strike.keys, strike.kind))
    for finding in findings:
        kind = last.get(finding.key, f"{this.name}, no single fault")
        row = report.rows.setdefault(kind, Row(kind))
        row.counts[finding.what] = row.counts.get(finding.what, 0) + 1


def _say(this: Round, entries: list[Entry], strikes: int, findings: list[Finding]) -> None:
    print(
        f"  {this.name}: {len(entries)} tasks, {strikes} faults, {len(findings)} findings", file=sys.stderr, flush=True
    )
    for finding in findings[:12]:
        print(f"    {finding.what}: {finding.text}", file=sys.stderr, flush=True)
