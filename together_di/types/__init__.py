"""Response models and the types of request arguments, one module for each namespace.

A name is looked for in those modules when it is first used, so that a program builds only the models it needs.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._base import *
    from .account import *
    from .audio import *
    from .batches import *
    from .beta import *
    from .chat import *
    from .clusters import *
    from .code_interpreter import *
    from .completions import *
    from .embeddings import *
    from .endpoints import *
    from .evals import *
    from .files import *
    from .fine_tuning import *
    from .images import *
    from .models import *
    from .organization import *
    from .post_training import *
    from .projects import *
    from .rerank import *
    from .shared import *
    from .videos import *

_MODULES = (
    "chat", "completions", "embeddings", "images", "audio", "rerank", "files", "models", "shared", "_base", "account",
    "batches", "evals", "fine_tuning", "videos", "projects", "organization", "clusters", "endpoints", "post_training",
    "beta", "code_interpreter",
)  # fmt: skip


def __getattr__(name: str) -> object:
    if not name.startswith("_"):
        for module_name in _MODULES:
            module = importlib.import_module(f".{module_name}", __name__)
            if name in module.__all__:
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(name for module in _MODULES for name in importlib.import_module(f".{module}", __name__).__all__)
