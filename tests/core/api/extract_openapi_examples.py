"""Makes `openapi_examples.json`: `python tests/core/api/extract_openapi_examples.py openapi.yaml 2026-01-31`.

The description (https://github.com/togethercomputer/openapi, MIT license) has few examples of whole answers, and many
of single fields. So for each JSON answer there is what is given as a whole, and what its schema makes with all fields:
the examples of the fields, else the first value that the schema allows; one answer for each alternative of a `oneOf`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

PLAIN = {"integer": 1, "number": 0.5, "boolean": True, "null": None}
FORMATS = {"date-time": "2026-01-02T03:04:05Z", "uri": "https://example.com"}


class Recursive(Exception):
    """A schema is within itself."""


class Maker:
    """Makes answers from schemas; `arm` is which alternative is taken."""

    def __init__(self, schemas: dict[str, Any], arm: int) -> None:
        self.schemas = schemas
        self.arm = arm
        #: How many alternatives were seen at most.
        self.arms = 1
        self._within: list[str] = []

    def value(self, schema: dict[str, Any]) -> Any:
        """What fits a schema; a schema within itself is left out."""
        name = schema.get("$ref", "").rpartition("/")[2]
        if name:
            if name in self._within:
                raise Recursive
            self._within.append(name)
            try:
                return self.value(self.schemas[name])
            finally:
                self._within.pop()
        if "example" in schema or "examples" in schema:
            return schema.get("example", *schema.get("examples", [])[:1])
        for key in ("oneOf", "anyOf"):
            if key in schema:
                self.arms = max(self.arms, len(schema[key]))
                return self.value(schema[key][self.arm % len(schema[key])])
        if "allOf" in schema:
            return self._merged(schema)
        for key in ("const", "default"):
            if key in schema:
                return schema[key]
        return schema["enum"][0] if "enum" in schema else self._of_type(schema)

    def _merged(self, schema: dict[str, Any]) -> Any:
        parts = [self.value(part) for part in schema["allOf"]]
        if not all(isinstance(part, dict) for part in parts):
            return parts[0]
        own = self._object(schema) if "properties" in schema else {}
        return {key: value for part in [*parts, own] for key, value in part.items()}

    def _of_type(self, schema: dict[str, Any]) -> Any:
        kind = schema.get("type", "object")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object":
            return self._object(schema)
        if kind == "array":
            try:
                return [self.value(schema["items"])]
            except Recursive:
                return []
        return PLAIN[kind] if kind in PLAIN else FORMATS.get(schema.get("format", ""), "text")

    def _object(self, schema: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, inner in schema.get("properties", {}).items():
            try:
                made[name] = self.value(inner)
            except Recursive:
                continue
        more = schema.get("additionalProperties")
        if not made and isinstance(more, dict):
            made["key"] = self.value(more)
        return made


def answers(description: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The JSON answers of all operations, of the statuses that mean success."""
    for path, operations in description["paths"].items():
        for verb in operations.keys() & {"get", "post", "put", "patch", "delete"}:
            for status, response in operations[verb]["responses"].items():
                content = response.get("content", {}).get("application/json")
                if content and str(status).startswith("2"):
                    where = {"method": verb.upper(), "path": path, "status": int(status)}
                    yield from ({**where, "body": body} for body in bodies(content, description))


def bodies(content: dict[str, Any], description: dict[str, Any]) -> list[Any]:
    """Different answers with this content."""
    found: list[Any] = [content["example"]] if "example" in content else []
    arm, arms = 0, 1
    while arm < arms:
        maker = Maker(description["components"]["schemas"], arm)
        made = maker.value(content["schema"])
        arm, arms = arm + 1, maker.arms
        if made not in found:
            found.append(made)
    return found


def plain(value: object) -> str:
    """What YAML reads as a time, as JSON writes it."""
    assert isinstance(value, datetime)
    return value.isoformat().replace("+00:00", "Z")


def main(source: Path, day: str) -> None:
    """Write the file next to this one."""
    description = yaml.safe_load(source.read_text())
    found = sorted(answers(description), key=lambda answer: (answer["path"], answer["method"]))
    version = description["info"]["version"]
    head = {"source": f"https://github.com/togethercomputer/openapi, version {version}, MIT license", "read": day}
    lines = ",\n".join(json.dumps(answer, default=plain, ensure_ascii=False) for answer in found)
    text = f'{json.dumps(head)[:-1]}, "made_by": "{Path(__file__).name}", "answers": [\n{lines}\n]}}\n'
    Path(__file__).with_name("openapi_examples.json").write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
