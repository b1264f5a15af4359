"""Testing programs that call Together AI: `FakeTogether`, and a pytest plugin that comes with the package.

>>> from together_di.testing import FakeTogether
>>> fake = FakeTogether()
>>> fake.chat.completions.create.returns("Bonjour").then.returns("Salut")
<script of chat.completions.create: 2 answers>
>>> question = [{"role": "user", "content": "Say hello in French"}]
>>> fake.chat.completions.create(model="m", messages=question).choices[0].message.content
'Bonjour'
>>> fake.calls[0].params["model"]
'm'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cassettes import CassetteError as CassetteError
    from .cassettes import UnusedRecordingWarning as UnusedRecordingWarning
    from .cassettes import cassette as cassette
    from .fake import FakeTogether as FakeTogether
    from .interception import NetworkBlockedError as NetworkBlockedError
    from .interception import intercepted as intercepted
    from .recorder import Call as Call
    from .script import UnscriptedCallError as UnscriptedCallError
    from .unittest import TogetherTestMixin as TogetherTestMixin

__all__ = [
    "Call",
    "CassetteError",
    "FakeTogether",
    "NetworkBlockedError",
    "TogetherTestMixin",
    "UnscriptedCallError",
    "UnusedRecordingWarning",
    "cassette",
    "intercepted",
]

#: Imported when first asked for: pytest imports this package in every session, also where nobody uses it.
_LAZY = {
    "Call": ".recorder",
    "CassetteError": ".cassettes",
    "FakeTogether": ".fake",
    "NetworkBlockedError": ".interception",
    "TogetherTestMixin": ".unittest",
    "UnscriptedCallError": ".script",
    "UnusedRecordingWarning": ".cassettes",
    "cassette": ".cassettes",
    "intercepted": ".interception",
}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
