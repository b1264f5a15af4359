from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.core.emulator.conftest import Api

CHAT = "/v1/chat/completions"


def made(api: Api, schema: object, question: str = "Who?") -> Any:
    wanted = {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema}}
    messages = [{"role": "user", "content": question}]
    reply = api.post(CHAT, model="m", messages=messages, response_format=wanted)
    return json.loads(reply["choices"][0]["message"]["content"])


def refusal(api: Api, schema: object) -> Any:
    wanted = {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema}}
    return api.refused(CHAT, model="m", messages=[{"role": "user", "content": "Hi"}], response_format=wanted)


def test_json_object_is_an_object(api: Api) -> None:
    messages = [{"role": "user", "content": "The sea is salty. Is the sea salty?"}]
    reply = api.post(CHAT, model="m", messages=messages, response_format={"type": "json_object"})
    assert json.loads(reply["choices"][0]["message"]["content"]) == {"answer": "The sea is salty."}


def test_every_type_has_an_instance(api: Api) -> None:
    kinds = ["string", "integer", "number", "boolean", "null", "array", "object"]
    schema = {"type": "object", "properties": {kind: {"type": kind} for kind in kinds}, "required": kinds}
    instance = made(api, schema)
    types: dict[str, type] = {
        "string": str,
        "integer": int,
        "number": float,
        "boolean": bool,
        "array": list,
        "object": dict,
    }
    assert all(isinstance(instance[kind], expected) for kind, expected in types.items())
    assert instance["null"] is None


def test_names_numbers_and_enum_members_come_from_the_question(api: Api) -> None:
    schema = {
        "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer"},
            "mood": {"enum": ["sad", "happy"]},
        }
    }
    assert made(api, schema, "Tell me how Anna, who is 31, became happy.") == {
        "name": "Anna",
        "age": 31,
        "mood": "happy",
    }


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"const": 5}, 5),
        ({"enum": ["a", "b"]}, "a"),
        ({"type": "integer", "minimum": 10}, 10),
        ({"type": "integer", "exclusiveMaximum": 0}, -1),
        ({"type": "integer", "minimum": 4, "multipleOf": 5}, 5),
        ({"type": ["null", "boolean"]}, True),
        ({"anyOf": [{"type": "null"}, {"const": 2}]}, 2),
        ({"oneOf": [{"const": "x"}, {"const": "y"}]}, "x"),
        ({"allOf": [{"type": "integer", "minimum": 3}, {"minimum": 8}]}, 8),
        ({"type": "array", "items": {"const": 1}, "minItems": 3}, [1, 1, 1]),
        ({"type": "array", "prefixItems": [{"const": 1}, {"const": "b"}], "items": False}, [1, "b"]),
        ({"$ref": "#/$defs/Two", "$defs": {"Two": {"const": 2}}}, 2),
        ({"type": "string", "format": "date"}, "2026-01-01"),
        ({"type": "string", "maxLength": 3}, "Thi"),
        ({"type": "string", "pattern": "^[A-Z]\\d$"}, "A1"),
        ({"type": "object", "required": ["a"], "additionalProperties": {"const": 0}}, {"a": 0}),
        ({"type": "array", "uniqueItems": True, "minItems": 2, "items": {"enum": ["a", "b"]}}, ["a", "b"]),
    ],
)
def test_instance_keeps_to_the_keyword(api: Api, schema: object, expected: object) -> None:
    assert made(api, {"type": "object", "properties": {"v": schema}, **_definitions(schema)}) == {"v": expected}


def _definitions(schema: Any) -> dict[str, object]:
    return {"$defs": schema["$defs"]} if "$defs" in schema else {}


def test_min_length_is_filled_up(api: Api) -> None:
    assert len(made(api, {"properties": {"v": {"type": "string", "minLength": 500}}})["v"]) >= 500


def test_optional_recursion_ends(api: Api) -> None:
    node = {
        "type": "object",
        "properties": {
            "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
            "kids": {"items": {"$ref": "#/$defs/Node"}},
        },
        "required": ["next"],
    }
    instance = made(api, {"$ref": "#/$defs/Node", "$defs": {"Node": node}})
    while instance["next"] is not None:
        instance = instance["next"]
    assert instance == {"next": None}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"$ref": "#/$defs/Missing"},
        {"type": "integer", "minimum": 3, "maximum": 1},
        {"type": "array", "minItems": 10**9},
        {"type": "string", "pattern": "("},
        {"type": "spell"},
    ],
)
def test_a_schema_without_a_finite_instance_is_refused(api: Api, schema: object) -> None:
    assert refusal(api, schema)["param"] == "response_format"


def test_json_schema_without_a_schema_is_refused(api: Api) -> None:
    error = api.refused(
        CHAT,
        model="m",
        messages=[{"role": "user", "content": "Hi"}],
        response_format={"type": "json_schema", "json_schema": {"name": "x"}},
    )
    assert error["param"] == "response_format.json_schema.schema"


def test_an_unknown_format_is_refused(api: Api) -> None:
    messages = [{"role": "user", "content": "Hi"}]
    error = api.refused(CHAT, model="m", messages=messages, response_format={"type": "xml"})
    assert error["param"] == "response_format.type"
