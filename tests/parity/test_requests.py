"""Every method of the official SDK exists here, takes the same arguments and sends the same request."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

import together_di
from together_di.endpoint import Method
from together_di.resource import Resource

from .examples import arguments, parameters
from .official import (
    KEY,
    method_of,
    namespace_of,
    official_methods,
    official_request,
    our_async_request,
    our_request,
    path_arguments,
)

METHODS = official_methods()
every_method = pytest.mark.parametrize("name", sorted(METHODS))
every_form = pytest.mark.parametrize("form", ["required", "first", "last"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.wav"
    path.write_bytes(b"RIFF")
    return path


@pytest.fixture
def ours() -> together_di.Together:
    return together_di.Together(api_key=KEY, project_id="p", transport="embedded")


def declared(client: Any, name: str) -> Method:
    """The declaration of one of our methods."""
    found = inspect.getattr_static(type(namespace_of(client, name)), name.rpartition(".")[2])
    assert isinstance(found, Method)
    return found


def test_the_official_sdk_has_as_many_methods_as_when_this_was_written() -> None:
    assert len(METHODS) == 177


@every_method
@every_form
def test_the_request_is_the_official_one(name: str, form: str, file: Path) -> None:
    values = arguments(METHODS[name], form, file)
    assert our_request(name, dict(values)) == official_request(name, dict(values))


@every_method
def test_the_async_client_sends_the_same(name: str, file: Path) -> None:
    values = arguments(METHODS[name], "first", file)
    assert our_async_request(name, dict(values)) == our_request(name, dict(values))


@every_method
def test_the_arguments_are_the_official_ones(name: str, ours: together_di.Together) -> None:
    official = parameters(METHODS[name])
    signature = declared(ours, name).signature
    assert signature.known - (_options(ours) - official.keys()) == official.keys()
    required = {key for key, parameter in official.items() if parameter.default is parameter.empty}
    assert signature.required - {"project_id"} == required - {"stream", "project_id"}
    positional = [key for key, parameter in official.items() if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    assert list(signature.positional) == positional


def _options(client: together_di.Together) -> set[str]:
    return declared(client, "files.list").signature.known


@every_method
def test_an_empty_argument_is_refused_where_it_stands_in_the_path(
    name: str, ours: together_di.Together, file: Path
) -> None:
    method = declared(ours, name)
    for argument in path_arguments(method.template.path):
        values = arguments(METHODS[name], "required", file) | {argument: ""}
        with pytest.raises(ValueError, match=argument.partition("_")[0]):
            method_of(ours, name)(**values)


@every_method
def test_the_response_can_be_had_raw_and_unread(name: str, ours: together_di.Together) -> None:
    resource, last = namespace_of(ours, name), name.rpartition(".")[2]
    assert callable(getattr(resource.with_raw_response, last))
    assert callable(getattr(resource.with_streaming_response, last))
    assert isinstance(resource, Resource)
