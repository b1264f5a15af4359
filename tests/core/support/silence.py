"""That nothing is warned of."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from together_di import AsyncTogether

from .sides import CHAT


@contextmanager
def no_warnings() -> Generator[None]:
    """Nothing is warned about in here, not even when what is left behind is collected."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
        gc.collect()
    assert [str(one.message) for one in caught] == []


async def call(client: AsyncTogether) -> Any:
    """What a chat completion answers."""
    return (await client.chat.completions.create(**CHAT)).choices[0].message.content
