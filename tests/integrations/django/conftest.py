"""Django is set up once; each test starts with a container that has built nothing."""

from __future__ import annotations

from collections.abc import Generator

import pytest

pytest.importorskip("django", reason="Django is not installed")

from together_di_django import get_container

from .project import configure

configure()


@pytest.fixture(autouse=True)
def closed_container() -> Generator[None]:
    yield
    get_container().close()
