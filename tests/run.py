"""Set up an environment of its own and run every check: `python3 tests/run.py [pytest arguments]`.

It needs Python 3.11 or newer with pip, and nothing else. The versions are those of requirements.lock, and for the
adapters also those of requirements-oldest.lock.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
OLDEST = ROOT / "requirements-oldest.lock"

#: What the oldest frameworks themselves warn of, in the versions of Starlette and anyio that belong to them.
OLD_WARNINGS = ("ignore:The 'app' shortcut:DeprecationWarning", "ignore:Unclosed <Memory:ResourceWarning")


def run(*command: str | Path, folder: Path = ROOT) -> None:
    where = "" if folder == ROOT else f"(in {folder.relative_to(ROOT)})"
    print("$", *(str(part).removeprefix(f"{ROOT}/") for part in command), where, flush=True)
    result = subprocess.run([str(part) for part in command], cwd=folder, check=False)
    if result.returncode:
        sys.exit(result.returncode)


def set_up(name: str, lock: Path) -> Path:
    """The Python of an environment with the locked versions and this package, made unless it is there."""
    environment = ROOT / name
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = environment / "installed"
    wanted = hashlib.sha256(lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(environment, with_pip=True, clear=True)
        pip = (python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
        run(*pip, "--require-hashes", "--requirement", lock)
        run(*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT)
        stamp.write_text(wanted)
    return python


def check_everything(python: Path) -> None:
    """Style, types and tests with the newest versions."""
    run(python, "-m", "ruff", "check", ".")
    run(python, "-m", "ruff", "format", "--check", ".")
    run(python, "-m", "mypy")
    run(python, "-m", "pyright", "--pythonpath", python)
    # By file, because the examples of a page or a docstring build on each other.
    run(python, "-m", "pytest", "--numprocesses=2", "--dist=loadfile")
    # Each as its users would: it has a configuration of its own, and Django takes one in a process.
    for project in sorted(ROOT.glob("example_projects/*/pyproject.toml")):
        run(python, "-m", "mypy", folder=project.parent)
        run(python, "-m", "pytest", "-p", "no:asyncio", folder=project.parent)


def check_oldest(python: Path) -> None:
    """The adapters with the oldest frameworks that they support, and with the lowest versions of everything else."""
    warnings = [option for warning in OLD_WARNINGS for option in ("-W", warning)]
    run(python, "-m", "pytest", "tests/integrations", *warnings)


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this may have an older one
        sys.exit("together-di needs Python 3.11 or newer.")
    if sys.argv[1:] in (["-h"], ["--help"]):
        sys.exit(__doc__)
    python = set_up(".venv-tests", LOCK)
    if sys.argv[1:]:
        run(python, "-m", "pytest", *sys.argv[1:])
        return
    check_everything(python)
    check_oldest(set_up(".venv-oldest", OLDEST))


if __name__ == "__main__":
    main()
