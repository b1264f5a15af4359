"""Types of `client.post_training`: https://docs.together.ai/reference."""
# ruff: noqa: F403 - each module says in __all__ what it gives

from typing import TYPE_CHECKING

from . import checkpoints, model_resources, operations, prepare_for_fp4_inference, sessions, supported_models
from .checkpoints import *
from .model_resources import *
from .operations import *
from .prepare_for_fp4_inference import *
from .sessions import *
from .supported_models import *

if not TYPE_CHECKING:
    # mypy reads only lists of words, and without any it takes what is imported above.
    _MODULES = (checkpoints, model_resources, operations, prepare_for_fp4_inference, sessions, supported_models)
    __all__ = [name for module in _MODULES for name in module.__all__]
