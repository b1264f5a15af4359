"""`python -m tests.benchmarks`: how long things take, next to a floor and to peers, and what has to be reached.

orjson and httpx-aiohttp (the extra `aiohttp` of the official SDK) take part where they are installed.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

from . import (
    container,
    dependencies,
    endurance,
    fake,
    further,
    growth,
    large,
    peers,
    pictures,
    startup,
    table,
    targets,
    traffic,
    wsgi,
)
from .measure import Case, run
from .serving import served


def every_case(address: str, stack: contextlib.ExitStack, *, plots: bool) -> list[Case]:
    """All there are; what they hold is closed with `stack`."""
    blocking = [peer(address) for peer in peers.SYNC]
    return [
        *startup.cases(address),
        *further.cases(address),
        *traffic.sync_cases(blocking),
        *large.cases(address, blocking),
        *container.cases(),
        *dependencies.cases(stack),
        *wsgi.cases(),
        *fake.cases(),
        *traffic.async_cases(address, stack),
        *(growth.cases(address, stack) if plots else ()),
    ]


def main() -> None:
    """Measure, and print the figures and the targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds")
    parser.add_argument("--case", action="append", metavar="NAME", help="only the cases whose name starts with it")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="also measure growth, and draw it into SVG files")
    parser.add_argument("--endurance", action="store_true", help="instead, memory over a million calls")
    options = parser.parse_args()
    if options.endurance:
        sys.exit(endurance.report(0.1 if options.quick else 1))
    with served() as address, contextlib.ExitStack() as stack:
        every = every_case(address, stack, plots=bool(options.plots))
        chosen = [case for case in every if not options.case or case.name.startswith(tuple(options.case))]
        if not chosen:
            parser.error(f"no such case; there are {', '.join(case.name for case in every)}")
        results: targets.Results = {}
        print(table.HEADING)
        for case in chosen:
            results[case.name] = run(case, quick=options.quick)
            print("\n".join(table.rows(results[case.name])), flush=True)
    print("", targets.HEADING, *targets.rows(results), sep="\n", flush=True)
    if not options.case:
        calls = endurance.LOOPBACK_CALLS // (10 if options.quick else 1)
        print(targets.memory_row(endurance.loopback_course(calls)))
    if options.plots:
        pictures.draw(results, options.plots)


main()
