"""What importing the package costs and offers, each time in a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

import together_di

HEAVY = ["dependency_injector", "pydantic_settings", "django", "flask", "fastapi", "aiohttp", "together"]


def run(code: str, *options: str) -> Any:
    """What `code` leaves in `result`."""
    program = f"{code}\nimport json as _json\nprint(_json.dumps(result))"
    done = subprocess.run(
        [sys.executable, *options, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def loaded_by(code: str) -> set[str]:
    return set(run(f"{code}\nimport sys\nresult = list(sys.modules)"))


def test_importing_loads_no_framework_and_no_heavy_library() -> None:
    assert loaded_by("import together_di").isdisjoint(HEAVY)


def test_importing_builds_no_model() -> None:
    loaded = loaded_by("import together_di")
    assert not [name for name in loaded if name.startswith("together_di.types.")]


def test_building_a_client_builds_no_model() -> None:
    loaded = loaded_by("import together_di\ntogether_di.Together(api_key='k')\ntogether_di.AsyncTogether(api_key='k')")
    assert not [name for name in loaded if name.startswith("together_di.types.")]
    assert loaded.isdisjoint(HEAVY)


def test_importing_opens_nothing_and_starts_no_thread() -> None:
    code = """
import sys
events = []
sys.addaudithook(lambda event, args: events.append(event) if event.startswith(("socket.", "subprocess.")) else None)
import threading
import together_di
result = [events, threading.active_count()]
"""
    assert run(code) == [[], 1]


def test_importing_warns_about_nothing() -> None:
    assert run("import together_di\nresult = True", "-W", "error") is True


def test_every_public_name_resolves() -> None:
    code = "import together_di\nresult = {name: repr(getattr(together_di, name)) for name in together_di.__all__}"
    assert set(run(code)) == set(together_di.__all__)


def test_a_star_import_gives_every_public_name() -> None:
    code = "from together_di import *\nresult = sorted(globals())"
    assert set(run(code)) >= set(together_di.__all__)


def test_every_public_name_is_listed_by_dir() -> None:
    assert set(run("import together_di\nresult = dir(together_di)")) >= set(together_di.__all__)


def test_the_container_is_loaded_when_it_is_reached_for() -> None:
    loaded = loaded_by("from together_di import TogetherContainer")
    assert "dependency_injector" in loaded
    # dependency-injector itself imports the web frameworks that are installed.
    loaded -= loaded_by("import dependency_injector.containers")
    assert loaded.isdisjoint({"django", "flask", "fastapi"})


def test_the_settings_do_not_load_the_container() -> None:
    loaded = loaded_by("from together_di import TogetherSettings")
    assert "pydantic_settings" in loaded
    assert "dependency_injector" not in loaded


@pytest.mark.parametrize(
    "name", ["ChatCompletion", "ChatCompletionChunk", "Embedding", "FileResponse", "BaseModel", "Usage"]
)
def test_a_type_can_be_imported_from_types(name: str) -> None:
    assert run(f"from together_di.types import {name}\nresult = {name}.__name__") == name


def test_a_type_loads_only_the_module_it_is_in() -> None:
    loaded = loaded_by("from together_di.types import ChatCompletion")
    assert "together_di.types.chat" in loaded
    assert "together_di.types.audio" not in loaded


def test_every_type_listed_by_dir_resolves() -> None:
    code = "from together_di import types\nresult = {name: bool(getattr(types, name)) for name in dir(types)}"
    found = run(code)
    assert "ChatCompletion" in found
    assert "ImageFile" in found or len(found) > 50


@pytest.mark.parametrize("module", ["together_di", "together_di.types"])
def test_an_unknown_name_is_an_attribute_error(module: str) -> None:
    code = f"import {module} as module\ntry:\n    module.Nope\nexcept AttributeError as error:\n    result = str(error)"
    assert "'Nope'" in run(code)


def test_the_package_says_that_it_is_typed() -> None:
    code = "import importlib.resources as r\nresult = r.files('together_di').joinpath('py.typed').is_file()"
    assert run(code) is True
