"""The project in processes of its own: commands, workers, the shell, and the end of each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ...core.support.http_server import PATIENCE, HTTPServer, answer
from ...core.support.sides import KEY, completion
from .servers import environment

GOOD = answer(completion("Good"))
ASK = "chat.completions.create(model='m', messages=[{'role': 'user', 'content': 'Hi'}])"
STRICT = (sys.executable, "-X", "dev", "-W", "error::ResourceWarning")


def run(directory: Path, *arguments: str, code: int = 0, **together: Any) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*STRICT, *arguments],
        env=environment(directory, **together),
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 3,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done


@pytest.mark.parametrize("command", [["check"], ["migrate"], ["collectstatic", "--no-input"]])
def test_a_command_that_calls_nothing_works_without_a_key(command: list[str], tmp_path: Path) -> None:
    assert "Traceback" not in run(tmp_path, "-m", "django", *command).stderr


def test_check_warns_of_the_missing_key(tmp_path: Path) -> None:
    assert "together_di.W001" in run(tmp_path, "-m", "django", "check").stderr


def test_a_deployment_can_insist_on_the_key(tmp_path: Path) -> None:
    command = ("check", "--deploy", "--tag", "together_di", "--fail-level", "WARNING")
    assert "together_di.W001" in run(tmp_path, "-m", "django", *command, code=1).stderr


def test_a_mistake_in_the_settings_stops_check_and_not_the_command_that_explains_it(tmp_path: Path) -> None:
    assert "together_di.E001" in run(tmp_path, "-m", "django", "check", code=1, API_KEY=KEY, TIMOUT=3).stderr
    done = run(tmp_path, "-m", "django", "together", "config", code=1, API_KEY=KEY, TIMOUT=3)
    assert "did you mean 'TIMEOUT'" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("module", ["wsgi", "asgi"])
def test_a_server_logs_each_mistake_in_the_settings_when_it_starts(module: str, tmp_path: Path) -> None:
    logged = run(tmp_path, "-c", f"import {module}", TIMOUT=3, MAX_RETRIES="many").stderr.splitlines()
    assert ['["TIMOUT"]' in logged[0], '["MAX_RETRIES"]' in logged[1], len(logged)] == [True, True, 2]


@pytest.mark.parametrize("module", ["wsgi", "asgi"])
def test_a_server_starts_without_a_key_and_a_word(module: str, tmp_path: Path) -> None:
    assert run(tmp_path, "-c", f"import {module}").stderr == ""


def test_a_command_does_not_log_what_its_checks_say(tmp_path: Path) -> None:
    program = tmp_path / "manage.py"
    program.write_text("import sys, django.core.management as it; it.execute_from_command_line(sys.argv)")
    said = run(tmp_path, str(program), "check", code=1, API_KEY=KEY, TIMOUT=3).stderr
    assert said.count("TIMOUT") == 1


def test_the_shell_has_the_clients(tmp_path: Path) -> None:
    code = f"from together_di_django import get_together; print(get_together().{ASK}.choices[0].message.content)"
    with HTTPServer(default=GOOD) as server:
        done = run(tmp_path, "-m", "django", "shell", "-c", code, API_KEY=KEY, BASE_URL=server.url)
    assert "Good" in done.stdout


def test_a_process_that_ends_closes_its_connections_and_says_nothing(tmp_path: Path) -> None:
    program = (
        "import asyncio, django; django.setup()\n"
        "from together_di_django import get_async_together, get_together\n"
        f"async def main(): await get_async_together().{ASK}\n"
        f"get_together().{ASK}; asyncio.run(main()); asyncio.run(main())\n"
    )
    with HTTPServer(default=GOOD) as server:
        done = run(tmp_path, "-c", program, API_KEY=KEY, BASE_URL=server.url)
        assert len(server.requests) == 3
    assert done.stderr == ""


def test_workers_that_are_forked_after_the_set_up_each_have_a_connection(tmp_path: Path) -> None:
    # As Celery's and gunicorn's are; the clients exist before the fork.
    program = (
        "import multiprocessing, django; django.setup()\n"
        "from together_di_django import get_together\n"
        f"def work(_): return get_together().{ASK}.choices[0].message.content\n"
        "work(0)\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool: print(pool.map(work, range(8), chunksize=4))\n"
        "work(0)\n"
    )
    with HTTPServer(default=GOOD) as server:
        done = run(tmp_path, "-c", program, API_KEY=KEY, BASE_URL=server.url, MAX_RETRIES=0)
        connections = [request.connection for request in server.requests]
    assert done.stdout == f"{['Good'] * 8}\n"
    assert connections[0] == connections[-1] == 1
    assert connections.count(1) == 2


def test_importing_reads_no_settings_and_opens_nothing(tmp_path: Path) -> None:
    program = (
        "import sys, os; del os.environ['DJANGO_SETTINGS_MODULE']\n"
        "import together_di_django, together_di_django.asgi, together_di_django.apps\n"
        "from django.conf import settings\n"
        "print(settings.configured, 'dependency_injector' in sys.modules)"
    )
    assert run(tmp_path, "-c", program).stdout == "False False\n"


def test_without_django_the_error_says_what_to_install(tmp_path: Path) -> None:
    program = "import sys; sys.modules['django'] = None; import together_di_django"
    assert 'pip install "together-di[django]"' in run(tmp_path, "-c", program, code=1).stderr


def test_use_while_the_settings_are_read_is_told_by_django(tmp_path: Path) -> None:
    program = "from together_di_django import get_together; get_together()"
    assert "AppRegistryNotReady" in run(tmp_path, "-c", program, code=1).stderr
