"""What happens in a fresh process: an import, and the way to the first answer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

from .measure import FLOOR, OURS, Case, Contender

IMPORTS = {
    FLOOR: "import httpx, pydantic",
    OURS: "from together_di import Together",
    "together": "from together import Together",
    "openai": "from openai import OpenAI",
}
_MESSAGE = "messages=[{'role': 'user', 'content': 'Hi'}]"
_CREATE = (
    f"Together(api_key='k', base_url=%r).chat.completions.create(model='m', {_MESSAGE}).choices[0].message.content"
)
FIRST_ANSWERS = {
    FLOOR: "import httpx, pydantic; httpx.Client().post(%r + '/v1/chat/completions', json={}).json()",
    OURS: f"from together_di import Together; {_CREATE}",
    "together": f"from together import Together; {_CREATE}".replace("%r", "%r + '/v1'"),
    "openai": f"from openai import OpenAI; Open{_CREATE}".replace("Together(", "AI(").replace("%r", "%r + '/v1'"),
}
#: What is imported where it is installed though it is not needed: by the SDKs of others, and by httpcore.
_EXTRAS = ("httpx_aiohttp", "trio")
_WITHOUT = f"import sys; sys.modules.update(dict.fromkeys({_EXTRAS}))"


def in_fresh_process(statement: str) -> Callable[[], float]:
    """The cost of `statement` in seconds, run in a new interpreter whose own start does not count."""
    program = (
        f"{_WITHOUT}\nimport time\nstarted = time.perf_counter()\n{statement}\nprint(time.perf_counter() - started)"
    )

    # The bytecode is there already when a program starts, in this package as in those that were installed.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def cost() -> float:
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=True
        )
        return float(done.stdout)

    return cost


def cases(address: str) -> list[Case]:
    """Import, and first answer."""
    return [
        Case("import", "s", [Contender(name, in_fresh_process(what)) for name, what in IMPORTS.items()], rounds=20),
        Case(
            "first-answer",
            "s",
            [Contender(name, in_fresh_process(what % f"{address}/call")) for name, what in FIRST_ANSWERS.items()],
            rounds=20,
        ),
    ]
