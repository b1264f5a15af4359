"""The recipes of docs/distributed.md, followed to the letter, while their processes are killed.

Afterwards each prompt has one answer. Only what had been under way at a kill was asked twice, and under the same key.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from .upstream import Upstream, recorded, who_asks

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "distributed.md").read_text()
FILES = dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", DOCUMENT, re.DOTALL))
#: Fewer than the prompts, so that some are yet to be read when a process is killed.
AT_ONCE = 40
PROMPTS = [f"prompt-{number}" for number in range(300)]

#: Seconds until a step is given up: never reached unless a test fails.
PATIENCE = 120

#: Ray would listen on the machine's address.
RAY = (
    "import ask_ray, ray; "
    "ray.init(num_cpus=2, include_dashboard=False, object_store_memory=100 * 2**20, _node_ip_address='127.0.0.1', "
    "log_to_driver=False); ask_ray.main(); ray.shutdown()"
)
COMMANDS = {
    "ask": ["ask.py"],
    "dask": ["ask_dask.py"],
    "ray": ["-c", RAY],
    "celery": ["ask_celery.py"],
}
NEEDS = {"ask": "json", "dask": "distributed", "ray": "ray", "celery": "celery"}

#: In place of Redis.
FOLDER_BROKER = """
from kombu.transport import TRANSPORT_ALIASES
TRANSPORT_ALIASES["folder"] = "tests.docs.folder_broker:Transport"
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="It asks Linux which process has a connection")


class Run:
    """One recipe in a folder of its own, with its prompts."""

    def __init__(self, recipe: str, folder: Path) -> None:
        self.recipe = recipe
        self.folder = folder
        self.answers = folder / "answers.jsonl"
        for name, content in FILES.items():
            (folder / name).write_text(re.sub(r"AT_ONCE = \d+", f"AT_ONCE = {AT_ONCE}", content))
        with (folder / "prompts.jsonl").open("w") as prompts:
            for name in PROMPTS:
                body = {"model": "m", "messages": [{"role": "user", "content": name}]}
                prompts.write(json.dumps({"custom_id": name, "body": body}) + "\n")
        (folder / "celeryconfig.py").write_text(in_a_folder(FILES["celeryconfig.py"], folder))

    def start(self, url: str, *command: str) -> subprocess.Popen[str]:
        """Start a process in a group of its own."""
        variables = {
            "TOGETHER_API_KEY": "key-of-the-workers",
            "TOGETHER_BASE_URL": url,
            "PYTHONPATH": os.pathsep.join([str(self.folder), str(ROOT), *filter(None, sys.path)]),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_AUTH_MODE": "disabled",
        }
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=self.folder,
            env=os.environ | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    @contextmanager
    def started(self, url: str) -> Generator[subprocess.Popen[str]]:
        """The program."""
        with ended(self.start(url, *COMMANDS[self.recipe])) as program, self.workers(url):
            yield program

    @contextmanager
    def workers(self, url: str) -> Generator[None]:
        """What the recipe starts beside the program."""
        if self.recipe != "celery":
            yield
            return
        command = ["-m", "celery", "--app", "tasks", "worker", "--pool", "prefork", "--concurrency", "4"]
        with ended(self.start(url, *command), signal.SIGTERM):
            yield


@contextmanager
def ended(process: subprocess.Popen[str], politely: int | None = None) -> Generator[subprocess.Popen[str]]:
    """A process that is not there any more afterwards, nor what it has started."""
    try:
        yield process
    finally:
        if politely is not None:
            process.send_signal(politely)
            with suppress(subprocess.TimeoutExpired):
                print(*process.communicate(timeout=PATIENCE))
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        print(*process.communicate())  # shown if the test fails


def in_a_folder(config: str, folder: Path) -> str:
    for name in ("queue", "control", "results"):
        (folder / name).mkdir()
    options: dict[str, object] = {name: str(folder / "queue") for name in ("data_folder_in", "data_folder_out")}
    options |= {"control_folder": str(folder / "control"), "polling_interval": 0.01}
    config = config.replace('broker_url = "redis://localhost"', 'broker_url = "folder://"')
    config = config.replace('result_backend = "redis://localhost"', f'result_backend = "file://{folder / "results"}"')
    assert "redis" not in config
    # Celery waits 10 s for the result of a killed process, in case it was sent just before.
    config += f"worker_lost_wait = 0.1\nbroker_transport_options = {options!r}\n"
    return f"{config}{FOLDER_BROKER}"


@pytest.fixture(params=COMMANDS)
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    if importlib.util.find_spec(NEEDS[request.param]) is None:
        pytest.skip(f"{NEEDS[request.param]} is not installed")
    return Run(request.param, tmp_path)


def check(run: Run, api: Upstream, deaths: int) -> None:
    """Nothing is lost, and nothing that was recorded was asked again."""
    answers = [json.loads(line) for line in run.answers.read_text().splitlines()]
    assert sorted(answer["custom_id"] for answer in answers) == sorted(PROMPTS)
    assert all(said(answer["answer"]) == f"re {answer['custom_id']}" for answer in answers)
    assert api.authorizations == {"Bearer key-of-the-workers"}
    assert len(api.deaths) == deaths
    asked_again = {prompt for prompt, keys in api.keys.items() if len(keys) > 1}
    assert asked_again, "Nobody was killed in the middle of a call"
    assert len(asked_again) <= deaths * AT_ONCE
    assert not api.in_vain
    assert all(len(set(keys)) == 1 for keys in api.keys.values())
    assert len({keys[0] for keys in api.keys.values()}) == len(PROMPTS)


def said(answer: dict[str, list[dict[str, dict[str, str]]]]) -> str:
    return answer["choices"][0]["message"]["content"]


def test_workers_that_are_killed_lose_nothing(run: Run) -> None:
    if run.recipe == "ask":
        pytest.skip("It has no workers")
    with Upstream(run.answers, {60: who_asks, 150: who_asks}) as api:
        with run.started(api.url) as program:
            output, _ = program.communicate(timeout=PATIENCE)
        assert "300 answered" in output.splitlines(), output
        check(run, api, deaths=2)


def test_the_program_is_killed_and_goes_on_when_it_is_started_again(run: Run) -> None:
    victim: list[int] = []
    with Upstream(run.answers, {120: lambda port: victim[0]}) as api:
        with run.workers(api.url):
            with ended(run.start(api.url, *COMMANDS[run.recipe])) as program:
                victim.append(program.pid)
                program.communicate(timeout=PATIENCE)
            assert program.returncode == -signal.SIGKILL
            assert 0 < len(recorded(run.answers)) < len(PROMPTS)
            with ended(run.start(api.url, *COMMANDS[run.recipe])) as program:
                output, _ = program.communicate(timeout=PATIENCE)
        assert "300 answered" in output.splitlines(), output
        check(run, api, deaths=1)


def test_what_the_api_refuses_is_told_and_asked_again_by_the_next_run(run: Run) -> None:
    with Upstream(run.answers, {}) as api, run.workers(api.url):
        api.refused.add("prompt-7")
        with ended(run.start(api.url, *COMMANDS[run.recipe])) as program:
            output, _ = program.communicate(timeout=PATIENCE)
        assert "299 answered" in output.splitlines(), output
        assert re.search("^prompt-7 .*400 Bad Request: Not prompt-7", output, re.MULTILINE | re.DOTALL), output
        api.refused.clear()
        with ended(run.start(api.url, *COMMANDS[run.recipe])) as program:
            output, _ = program.communicate(timeout=PATIENCE)
        assert "300 answered" in output.splitlines(), output
        assert sum(len(keys) for keys in api.keys.values()) == len(PROMPTS) + 1


def test_the_test_of_the_celery_recipe_passes(tmp_path: Path) -> None:
    pytest.importorskip("celery")
    run = Run("celery", tmp_path)
    with ended(
        run.start("http://127.0.0.1:9", "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_tasks.py")
    ) as test:
        output, _ = test.communicate(timeout=PATIENCE)
    assert "1 passed" in output, output


def test_every_file_of_the_guide_is_used() -> None:
    used = {"ask.py", "ask_dask.py", "ask_ray.py", "ask_celery.py", "celeryconfig.py", "tasks.py", "test_tasks.py"}
    assert FILES.keys() == used
