"""Making a valid instance of a JSON schema, with values taken from the conversation where they fit."""

from __future__ import annotations

import math
import re

from .exchange import ApiError, Json, JsonObject, invalid

_DEEPEST = 40
_GENEROUS_DEPTH = 5
_MOST_INSTANCES = 20_000
_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "idn-email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uri-reference": "/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "json-pointer": "/",
    "regex": ".*",
    "binary": "",
    "byte": "",
}
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w])")
_QUOTED = re.compile(r"[\"“«]([^\"”»]+)[\"”»]")
_NAME = re.compile(r"(?<=[^.!?:\s] )[A-Z][\w-]*(?: [A-Z][\w-]*)*")


class InstanceMaker:
    """Makes one instance of a schema.

    Args:
        root: the whole schema, for its `$ref`s.
        question: what numbers, names and enum members are taken from.
        answer: the text for strings that hold no name.
        param: the request parameter that errors about the schema name.
    """

    def __init__(self, root: JsonObject, question: str, answer: str, param: str) -> None:
        self._root = root
        self._question = question
        self._answer = answer
        self._param = param
        self._made = 0
        self._numbers = [float(text) for text in _NUMBER.findall(question)]
        self._names = list(dict.fromkeys([*_QUOTED.findall(question), *_NAME.findall(question)]))

    def make(self) -> Json:
        """Return the instance.

        Raises:
            ApiError: the schema has no finite instance, or a `$ref` leads nowhere.
        """
        try:
            return self._instance(self._root, 0)
        except OverflowError:
            raise self._malformed("a number in it is too large") from None

    def _instance(self, schema: Json, depth: int, position: int = 0) -> Json:
        self._made += 1
        if self._made > _MOST_INSTANCES:
            raise self._malformed(f"its smallest instance has more than {_MOST_INSTANCES} values")
        if depth > _DEEPEST:
            raise invalid(self._param, "The schema requires itself without end: make the recursion optional.")
        if schema is True or schema == {}:
            return self._answer
        resolved = self._resolved(schema, depth)
        if "const" in resolved:
            return resolved["const"]
        options = resolved.get("enum")
        if isinstance(options, list) and options:
            return self._member(options)
        return self._typed(resolved, depth, position)

    def _resolved(self, schema: Json, depth: int) -> JsonObject:
        """Return the schema with `$ref`, `allOf`, `anyOf` and `oneOf` folded into it."""
        if not isinstance(schema, dict):
            raise self._malformed("each schema has to be an object")
        merged: JsonObject = {k: v for k, v in schema.items() if k not in {"$ref", "allOf", "anyOf", "oneOf"}}
        for part in self._parts(schema, depth):
            if depth > _DEEPEST:
                raise invalid(self._param, "The schema refers to itself without end.")
            _merge(merged, self._resolved(part, depth + 1))
        return merged

    def _parts(self, schema: JsonObject, depth: int) -> list[Json]:
        parts: list[Json] = []
        reference = schema.get("$ref")
        if reference is not None:
            parts.append(self._referred(reference))
        every = schema.get("allOf")
        if isinstance(every, list):
            parts.extend(every)
        for keyword in ("anyOf", "oneOf"):
            options = schema.get(keyword)
            if isinstance(options, list) and options:
                parts.append(self._preferred(options, depth))
        return parts

    def _preferred(self, options: list[Json], depth: int) -> Json:
        nulls = [option for option in options if isinstance(option, dict) and option.get("type") == "null"]
        if nulls and depth > _GENEROUS_DEPTH:
            return nulls[0]
        flat = [option for option in options if not isinstance(option, dict) or "$ref" not in option]
        if flat and depth > _GENEROUS_DEPTH:
            return flat[0]
        return next((option for option in options if option not in nulls), options[0])

    def _referred(self, reference: Json) -> Json:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise self._malformed(f"the reference {reference!r} has to point into the schema, as #/$defs/Name does")
        found: Json = self._root
        for part in reference[1:].strip("/").split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            if not name:
                continue
            if not isinstance(found, dict) or name not in found:
                raise self._malformed(f"the reference {reference!r} leads nowhere")
            found = found[name]
        return found

    def _typed(self, schema: JsonObject, depth: int, position: int) -> Json:
        match _type_of(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "string":
                return self._string(schema, position)
            case "integer":
                return int(self._number(schema, position, whole=True))
            case "number":
                return self._number(schema, position, whole=False)
            case "boolean" | "null" as kind:
                return True if kind == "boolean" else None
            case other:
                raise self._malformed(f"{other!r} is not a type")

    def _object(self, schema: JsonObject, depth: int) -> Json:
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        if not isinstance(properties, dict) or not isinstance(required, list):
            raise self._malformed("`properties` has to be an object and `required` an array")
        made: JsonObject = {}
        for name, part in properties.items():
            if name in required or depth < _GENEROUS_DEPTH:
                made[name] = self._instance(part, depth + 1, len(made))
        extra = schema.get("additionalProperties", True)
        for missing in required:
            if isinstance(missing, str) and missing not in made:
                made[missing] = self._instance(extra if isinstance(extra, dict) else True, depth + 1)
        return made

    def _array(self, schema: JsonObject, depth: int) -> Json:
        first = schema.get("prefixItems", [])
        made = [self._instance(part, depth + 1) for part in first] if isinstance(first, list) else []
        least, most = _bound(schema, "minItems", 0), _bound(schema, "maxItems", math.inf)
        wanted = max(least, min(1.0 if depth < _GENEROUS_DEPTH else 0.0, most))
        item = schema.get("items", True)
        if schema.get("uniqueItems") is True and isinstance(item, dict):
            options = self._resolved(item, depth).get("enum")
            made.extend(options[: int(wanted)] if isinstance(options, list) else [])
        while len(made) < wanted and item is not False:
            made.append(self._instance(item, depth + 1, len(made)))
        return made

    def _string(self, schema: JsonObject, position: int) -> str:
        named = schema.get("format")
        if isinstance(named, str) and named in _FORMATS:
            return _FORMATS[named]
        candidates = [*self._names[position : position + 1], *self._names, self._answer, self._question]
        pattern = schema.get("pattern")
        if isinstance(pattern, str):
            candidates.extend((*(f"{number:g}" for number in self._numbers), "A1", "a", "A", "1", "2026-01-01"))
            return self._matching(pattern, candidates)
        least, most = int(_bound(schema, "minLength", 0)), _bound(schema, "maxLength", math.inf)
        if least > 100_000:
            raise self._malformed("the emulator makes strings of at most 100000 characters")
        chosen = candidates[0] if position < len(self._names) else self._answer
        text = chosen + "." * max(0, least - len(chosen))
        return text if len(text) <= most else text[: int(most)]

    def _matching(self, pattern: str, candidates: list[str]) -> str:
        try:
            expression = re.compile(pattern)
        except re.error as error:
            raise self._malformed(f"the pattern {pattern!r} is not valid: {error}") from None
        found = next((text for text in candidates if expression.search(text)), None)
        if found is None:
            raise self._malformed(f"the emulator cannot make a string for the pattern {pattern!r}")
        return found

    def _number(self, schema: JsonObject, position: int, *, whole: bool) -> float:
        least, most = _limits(schema, whole=whole)
        if least > most:
            raise self._malformed(f"no number is at least {least} and at most {most}")
        step = _bound(schema, "multipleOf", 1.0 if whole else 0.0)
        fitting = [
            number
            for number in (*self._numbers[position:], *self._numbers)
            if least <= number <= most and (not step or number % step == 0)
        ]
        if fitting:
            return fitting[0]
        value = min(max(1.0, least), most)
        if step > 0 and math.isfinite(value / step):
            value = math.ceil(value / step) * step
            value = value if value <= most else math.floor(most / step) * step
        return value

    def _member(self, options: list[Json]) -> Json:
        said = self._question.lower()
        for option in options:
            if isinstance(option, str) and option and re.search(rf"\b{re.escape(option.lower())}\b", said):
                return option
        return options[0]

    def _malformed(self, what: str) -> ApiError:
        return invalid(self._param, f"The JSON schema in `{self._param}` cannot be used: {what}.")


def _merge(into: JsonObject, other: JsonObject) -> None:
    for keyword, value in other.items():
        present = into.get(keyword)
        if isinstance(present, dict) and isinstance(value, dict):
            into[keyword] = {**value, **present}
        elif keyword == "required" and isinstance(present, list) and isinstance(value, list):
            into[keyword] = [*present, *(name for name in value if name not in present)]
        elif keyword in {"minimum", "exclusiveMinimum", "minLength", "minItems"} and keyword in into:
            into[keyword] = max(_bound(into, keyword, -math.inf), _bound(other, keyword, -math.inf))
        elif keyword in {"maximum", "exclusiveMaximum", "maxLength", "maxItems"} and keyword in into:
            into[keyword] = min(_bound(into, keyword, math.inf), _bound(other, keyword, math.inf))
        else:
            into.setdefault(keyword, value)


def _type_of(schema: JsonObject) -> Json:
    kind = schema.get("type")
    if isinstance(kind, list):
        return next((name for name in kind if name != "null"), "null")
    if kind is not None:
        return kind
    if "properties" in schema or "required" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    return "number" if schema.keys() & {"minimum", "maximum", "multipleOf"} else "string"


def _bound(schema: JsonObject, keyword: str, default: float) -> float:
    value = schema.get(keyword)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else default


def _limits(schema: JsonObject, *, whole: bool) -> tuple[float, float]:
    margin = 1.0 if whole else 1e-6
    least = max(_bound(schema, "minimum", -math.inf), _bound(schema, "exclusiveMinimum", -math.inf) + margin)
    most = min(_bound(schema, "maximum", math.inf), _bound(schema, "exclusiveMaximum", math.inf) - margin)
    return (math.ceil(least) if whole and math.isfinite(least) else least), (
        math.floor(most) if whole and math.isfinite(most) else most
    )
