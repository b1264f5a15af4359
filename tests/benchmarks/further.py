"""A further client of a process that has one: the time to build it, to its first answer, and the memory it keeps then.

`python -m tests.benchmarks.further NAME ADDRESS` prints the memory in bytes; it has to be measured in a process of its
own, in which no other contender has left free memory behind.
"""

from __future__ import annotations

import functools
import gc
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import openai
import together

from together_di import Together

from .measure import FLOOR, OURS, Case, Contender, timed
from .peers import CHAT, KEY, OFFICIAL, chat_url

#: Clients held open at once, for an average.
HELD = 40
#: Clients built in a row, one for each tenant: what is out of the processor's caches costs the first one several times.
BUILT = 20


#: How each builds a client.
BUILDERS: dict[str, Callable[[str], Any]] = {
    FLOOR: lambda _: httpx.Client(),
    OURS: lambda address: Together(api_key=KEY, base_url=f"{address}/call"),
    OFFICIAL: lambda address: together.Together(api_key=KEY, base_url=f"{address}/call/v1"),
    "openai": lambda address: openai.OpenAI(api_key=KEY, base_url=f"{address}/call/v1"),
}


def _opened(name: str, address: str) -> Any:
    """A client that has had its first answer."""
    client = BUILDERS[name](address)
    if name == FLOOR:
        client.post(chat_url(address, "call"), json=CHAT).json()
    else:
        client.chat.completions.create(**CHAT)
    return client


def cases(address: str) -> list[Case]:
    """Time and, where the system tells it, memory."""
    built = {name: timed(_closed(BUILDERS[name], address), BUILT) for name in BUILDERS}
    answered = {name: timed(_closed(functools.partial(_opened, name), address), 4) for name in BUILDERS}
    found = [
        Case("further-client", "s", [Contender(name, cost) for name, cost in built.items()]),
        Case("further-client-answer", "s", [Contender(name, cost) for name, cost in answered.items()]),
    ]
    if _resident_file.exists():
        memory = [Contender(name, _memory(name, address)) for name in BUILDERS]
        found.append(Case("further-client-memory", "B", memory, rounds=5))
    return found


def _closed(opened: Callable[[str], Any], address: str) -> Callable[[], None]:
    return lambda: opened(address).close()


def _memory(name: str, address: str) -> Callable[[], float]:
    command = [sys.executable, "-m", __spec__.name, name, address]
    return lambda: float(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)


_resident_file = Path("/proc/self/statm")


def _resident() -> int:
    gc.collect()
    return int(_resident_file.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _main(name: str, address: str) -> None:
    held = [_opened(name, address)]
    before = _resident()
    held += [_opened(name, address) for _ in range(HELD)]
    print((_resident() - before) / HELD)
    for client in held:
        client.close()


if __name__ == "__main__":
    _main(*sys.argv[1:])
