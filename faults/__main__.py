"""`python -m faults [--seconds S] [--seed N]`: run, print the table; exit status 1 if anything was wrong."""

import argparse
import asyncio
import os
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from faults.rounds import run
from faults.table import table

LONG_SECONDS = 1800.0


def main(arguments: list[str]) -> int:
    """Run as the arguments say; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__.partition(": ")[2])
    parser.add_argument("--seconds", type=float, default=LONG_SECONDS, metavar="S", help="how long; default: 1800")
    parser.add_argument("--seed", type=int, help="decides what comes when; default: by chance, and printed")
    parser.add_argument("--fsync", choices=["everysec", "always"], default="everysec", help="of Valkey's file")
    parser.add_argument("--only", default="", metavar="TEXT", help="only faults with this in their name")
    parser.add_argument("--keep", action="store_true", help="keep the logs even if all is well")
    options = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    print(f"python -m faults --seconds {options.seconds:g} --seed {seed} --fsync {options.fsync}", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends it wants no part of it left, either
    directory = Path(tempfile.mkdtemp(prefix="dragon-faults-"))
    wrong = True
    try:
        report = asyncio.run(run(options.seconds, seed, directory, fsync=options.fsync, only=options.only))
        wrong = bool(report.findings)
    finally:
        if wrong or options.keep:
            print(f"the logs are in {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)
    print(f"\n{report.tasks:,} tasks in {report.seconds:.0f} s, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}\n")
    print(table(report))
    for remark in report.remarks:
        print(f"\n{remark}")
    for finding in report.findings[:100]:
        print(f"{finding.what}: {finding.text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
