"""A Together-compatible HTTP API in one process: deterministic, offline, without a model."""

from __future__ import annotations

from .emulator import Emulator, default_emulator
from .exchange import Reply
from .server import EmulatorServer

__all__ = ["Emulator", "EmulatorServer", "Reply", "default_emulator"]
