"""`python -m tests.benchmarks`: how long things take, next to plain httpx and to the official SDK."""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

from . import container, dependencies, fake, further, startup, traffic
from .measure import Case, run
from .table import HEADING, row


@contextlib.contextmanager
def served() -> Generator[str, None, None]:
    """The address of a loopback server in its own process."""
    program = Path(__file__).with_name("server.py")
    server = subprocess.Popen([sys.executable, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.communicate()


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds")
    parser.add_argument("--case", action="append", metavar="NAME", help="only the cases whose name starts with it")
    options = parser.parse_args()
    with served() as address, contextlib.ExitStack() as stack:
        every: list[Case] = [
            *startup.cases(address),
            *traffic.sync_cases(address),
            *traffic.async_cases(address, stack),
            *traffic.aiohttp_cases(address, stack),
            *further.cases(address),
            *container.cases(),
            *dependencies.cases(stack),
            *fake.cases(),
        ]
        chosen = [case for case in every if not options.case or case.name.startswith(tuple(options.case))]
        if not chosen:
            parser.error(f"no such case; there are {', '.join(case.name for case in every)}")
        print(HEADING)
        for case in chosen:
            print(row(run(case, quick=options.quick)), flush=True)


main()
