"""Pools of processes, whichever way they are started: each process has connections of its own, and its own answers."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import textwrap
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

from .support.http_server import HTTPServer, Peer, answer
from .support.sides import KEY, completion

#: Seconds until a program is given up: never reached unless a test fails.
PATIENCE = 60

#: A question is `who asks: what`, and the answer repeats it.
PROGRAM = """
import asyncio, concurrent.futures, contextlib, multiprocessing, os, sys, threading
from functools import partial
from together_di import AsyncTogether, Together

WORDS = [f"word {number}" for number in range(12)]
client, async_client = Together(), AsyncTogether()

def ask(word, client=client):
    question = f"{os.getpid()}: {word}"
    answer = client.chat.completions.create(model="m", messages=[{"role": "user", "content": question}])
    return check(answer, question)

def ask_async(word, client=async_client):
    async def main():
        question = f"{os.getpid()}: {word}"
        answer = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": question}])
        return check(answer, question)
    return asyncio.run(main())

def check(answer, question):
    assert answer.choices[0].message.content == question, (answer, question)
    return question

def answer_in(queue, client, ask):
    queue.put(ask("in a process of its own", client))
"""

WAYS = {
    "pool": """
        def start(context):
            with context.Pool(3) as pool:
                answers = pool.map(ask, WORDS, chunksize=1)
                pool.close()
                pool.join()
                return answers
    """,
    "executor, client sent": """
        def start(context):
            with concurrent.futures.ProcessPoolExecutor(3, mp_context=context) as executor:
                return [*executor.map(partial(ask_async, client=async_client), WORDS)]
    """,
    "processes": """
        def start(context):
            queue = context.SimpleQueue()
            made = [(client, ask), (async_client, ask_async)]
            processes = [context.Process(target=answer_in, args=(queue, *one)) for one in made]
            [process.start() for process in processes]
            answers = [queue.get() for _ in processes]
            [process.join() for process in processes]
            assert [process.exitcode for process in processes] == [0, 0]
            return answers
    """,
}

#: The parent calls before and after, and says which questions its children were answered. If it is to be busy, it has
#: more connections than it needs, and other threads of it call without a pause in between.
MAIN = """
def leave_connections_idle(count):
    create = client.chat.completions.with_streaming_response.create
    messages = [{"role": "user", "content": f"{os.getpid()}: at once"}]
    with contextlib.ExitStack() as stack:
        answers = [stack.enter_context(create(model="m", messages=messages)) for _ in range(count)]
        [answer.read() for answer in answers]

def start_beside_threads(context):
    leave_connections_idle(8)
    stop = threading.Event()
    def work():
        while not stop.is_set():
            ask("busy")
    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    try:
        return start(context)
    finally:
        stop.set()
        [thread.join() for thread in threads]

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    ask("before")
    ask_async("before")
    answers = (start_beside_threads if "busy" in sys.argv else start)(context)
    ask("after")
    ask_async("after")
    print(os.getpid(), *answers, sep="\\n")
"""


class Done(NamedTuple):
    """What became of a program.

    Attributes:
        parent: The id of its first process.
        answered: The questions that its children got the answers of.
        connections: Who sent on each connection.
        asked_by: On which connections each process sent, in order.
    """

    parent: str
    answered: list[str]
    connections: dict[int, set[str]]
    asked_by: dict[str, list[int]]


def run(way: str, folder: Path, *arguments: str) -> Done:
    """Run the program as strictly as Python can, and its children with it."""

    def repeat(peer: Peer) -> None:
        ours = next(request for request in reversed(server.requests) if request.connection == peer.number)
        answer(completion(ours.json()["messages"][0]["content"]))(peer)

    path = folder / "program.py"
    path.write_text(PROGRAM + textwrap.dedent(way) + MAIN)
    # Python 3.12 warns of a fork beside threads: the very thing that is tried here.
    command = [sys.executable, "-X", "dev", "-W", "error", "-W", "ignore:This process:DeprecationWarning", str(path)]
    with HTTPServer(default=repeat) as server:
        environment = os.environ | {"TOGETHER_API_KEY": KEY, "TOGETHER_BASE_URL": server.url}
        done = subprocess.run(
            [*command, *arguments], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    # Asyncio's debug mode tells how long a step took, and machines differ.
    complaints = [line for line in done.stderr.splitlines() if not line.startswith("Executing <")]
    assert (done.returncode, complaints) == (0, [])
    parent, *answered = done.stdout.splitlines()
    connections: dict[int, set[str]] = defaultdict(set)
    asked_by: dict[str, list[int]] = defaultdict(list)
    for request in server.requests:
        who = request.json()["messages"][0]["content"].partition(":")[0]
        connections[request.connection].add(who)
        asked_by[who].append(request.connection)
    return Done(parent, answered, connections, asked_by)


@pytest.fixture(params=multiprocessing.get_all_start_methods())
def method(request: pytest.FixtureRequest) -> str:
    """A way to start a process."""
    name: str = request.param
    return name


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_each_process_has_connections_and_answers_of_its_own(method: str, way: str, tmp_path: Path) -> None:
    done = run(way, tmp_path, method)
    assert len(set(done.answered)) == (2 if "queue" in way else 12)
    assert done.parent not in {answer.partition(":")[0] for answer in done.answered}
    assert [who for who in done.connections.values() if len(who) > 1] == []
    # The parent's sync client goes on with its connection, and its async one has another in each run.
    first, second, third, fourth = done.asked_by[done.parent]
    assert (first == third, len({first, second, fourth})) == (True, 3)


def test_processes_that_start_while_other_threads_call_take_nothing_from_them(method: str, tmp_path: Path) -> None:
    done = run(WAYS["pool"], tmp_path, method, "busy")
    assert len(set(done.answered)) == 12
    assert [who for who in done.connections.values() if len(who) > 1] == []
