"""A further client of a process that has one: the time from building it to its first answer, and the memory it keeps.

`python -m tests.benchmarks.further NAME ADDRESS` prints the memory in bytes; it has to be measured in a process of its
own, in which no other contender has left free memory behind.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import together

from together_di import Together

from .measure import FLOOR, OURS, Case, Contender, timed
from .peers import CHAT, KEY, chat_url

Client = httpx.Client | Together | together.Together

#: Clients held open at once, for an average.
HELD = 40


def _plain(address: str) -> httpx.Client:
    client = httpx.Client()
    client.post(chat_url(address, "call"), json=CHAT).json()
    return client


def _ours(address: str) -> Together:
    client = Together(api_key=KEY, base_url=f"{address}/call")
    client.chat.completions.create(**CHAT)
    return client


def _official(address: str) -> together.Together:
    client = together.Together(api_key=KEY, base_url=f"{address}/call/v1")
    client.chat.completions.create(**CHAT)
    return client


OPENERS: dict[str, Callable[[str], Client]] = {FLOOR: _plain, OURS: _ours, "together": _official}


def cases(address: str) -> list[Case]:
    """Time and, where the system tells it, memory."""
    found = [Case("further-client", "s", [Contender(name, _time(name, address)) for name in OPENERS])]
    if _resident_file.exists():
        found.append(
            Case("further-client-memory", "B", [Contender(name, _memory(name, address)) for name in OPENERS], rounds=10)
        )
    return found


def _time(name: str, address: str) -> Callable[[], float]:
    return timed(lambda: OPENERS[name](address).close(), 4)


def _memory(name: str, address: str) -> Callable[[], float]:
    command = [sys.executable, "-m", __spec__.name, name, address]
    return lambda: float(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)


_resident_file = Path("/proc/self/statm")


def _resident() -> int:
    gc.collect()
    return int(_resident_file.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _main(name: str, address: str) -> None:
    held = [OPENERS[name](address)]
    before = _resident()
    held += [OPENERS[name](address) for _ in range(HELD)]
    print((_resident() - before) / HELD)
    for client in held:
        client.close()


if __name__ == "__main__":
    _main(*sys.argv[1:])
