"""Set up an environment of its own and run every check: `python3 tests/run.py [pytest arguments]`.

It needs Python 3.11 or newer with pip, and nothing else. The versions are those of requirements.lock.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv-tests"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCK = ROOT / "requirements.lock"


def run(*command: str | Path, folder: Path = ROOT) -> None:
    where = "" if folder == ROOT else f"(in {folder.relative_to(ROOT)})"
    print("$", *(str(part).removeprefix(f"{ROOT}/") for part in command), where, flush=True)
    result = subprocess.run([str(part) for part in command], cwd=folder, check=False)
    if result.returncode:
        sys.exit(result.returncode)


def set_up() -> None:
    """Install the locked versions and this package, unless that has been done for the same lock file."""
    stamp = ENVIRONMENT / "installed"
    wanted = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    venv.create(ENVIRONMENT, with_pip=True, clear=True)
    pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    run(*pip, "--require-hashes", "--requirement", LOCK)
    run(*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT)
    stamp.write_text(wanted)


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this may have an older one
        sys.exit("together-di needs Python 3.11 or newer.")
    set_up()
    run(PYTHON, "-m", "ruff", "check", ".")
    run(PYTHON, "-m", "ruff", "format", "--check", ".")
    run(PYTHON, "-m", "mypy")
    run(PYTHON, "-m", "pyright", "--pythonpath", PYTHON)
    if sys.argv[1:]:
        run(PYTHON, "-m", "pytest", *sys.argv[1:])
        return
    run(PYTHON, "-m", "pytest", "--numprocesses=2")
    # Each as its users would: it has a configuration of its own, and Django takes one in a process.
    for project in sorted(ROOT.glob("example_projects/*/pyproject.toml")):
        run(PYTHON, "-m", "mypy", folder=project.parent)
        run(PYTHON, "-m", "pytest", folder=project.parent)


if __name__ == "__main__":
    main()
