"""Fuzzing that is guided by coverage, with atheris (Linux): `python -m tests.fuzz TARGET [libFuzzer options]`.

Such as `events -runs=100000`, or `stream -max_total_time=240 folder`, where the folder keeps the inputs that are worth
it. An input that fails is written to `crash-...`, and `events crash-...` runs it once more.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from . import seeds
from .targets import TARGETS

#: An input that takes ten seconds, or needs a gigabyte, is a failure.
LIMITS = ("-timeout=10", "-rss_limit_mb=1024")


def main(arguments: list[str]) -> int:
    """Fuzz a target, or say which there are; the exit status is that of libFuzzer."""
    if not arguments or arguments[0] not in TARGETS:
        print(__doc__, *(f"{name:8} {target.about}" for name, target in TARGETS.items()), sep="\n")
        return 2
    if find_spec("atheris") is None:
        sys.exit("atheris is not installed: pip install atheris, on Linux.")
    name, *options = arguments
    target = TARGETS[name]
    with TemporaryDirectory() as folder:
        begin = seeds.write(Path(folder), target.seeds, target.words)
        if any(Path(option).is_file() for option in options):
            begin = []  # libFuzzer runs these alone, if there is no folder
        # In a process of its own, because libFuzzer ends it without cleaning up.
        command = [sys.executable, "-m", f"{__package__}.process", name, *LIMITS, *options, *begin]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
