"""These tests need a process of their own: Django knows one settings module in a process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

if os.environ.get("DJANGO_SETTINGS_MODULE") != "support_desk.settings":
    # pytest was not started for this project alone, so it has read another configuration than our pyproject.toml.

    class NotHere(pytest.Module):
        """A test module that is not imported."""

        def collect(self) -> list[pytest.Item]:
            """Say why."""
            pytest.skip("Django has one settings module in a process: run pytest for this project alone")

    def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module:
        """Skip every test module."""
        return NotHere.from_parent(parent, path=module_path)
