"""`client.get`, `client.post` and so on, for what this package has no method for."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pydantic
import pytest

from together_di import APIResponseValidationError, NotFoundError, Together

from .support.http_server import HTTPServer, answer, message, raw
from .support.sides import CHAT, KEY, OpenSide, both_sides, completion


class Thing(pydantic.BaseModel):
    id: str


@both_sides
def test_a_path_can_be_posted_to_and_its_answer_is_of_the_type_asked_for(open_side: OpenSide) -> None:
    with HTTPServer(answer({"id": "t-1"})) as server, open_side(server.url) as side:
        thing = side.call(
            lambda client: client.post(
                "/v1/things", cast_to=Thing, body={"timeout": 3}, extra_query={"a": 1}, extra_headers={"X-B": "c"}
            )
        )
    assert thing == Thing(id="t-1")
    (request,) = server.requests
    assert (request.method, request.target, json.loads(request.body)) == ("POST", "/v1/things?a=1", {"timeout": 3})
    assert (request.headers["authorization"], request.headers["x-b"]) == (f"Bearer {KEY}", "c")


@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete"])
def test_every_verb_is_sent_without_a_body_if_there_is_none(verb: str) -> None:
    with HTTPServer(answer({"id": "t-1"})) as server, Together(api_key=KEY, base_url=server.url) as client:
        assert getattr(client, verb)("/v1/things", cast_to=dict[str, str]) == {"id": "t-1"}
    (request,) = server.requests
    assert (request.method, request.body) == (verb.upper(), b"")


@both_sides
def test_the_answer_can_be_had_as_httpx_has_it(open_side: OpenSide) -> None:
    with HTTPServer(answer({"id": "t-1"}, x_request_id="r")) as server, open_side(server.url) as side:
        response = side.call(lambda client: client.get("/v1/things", cast_to=httpx.Response))
    assert isinstance(response, httpx.Response)
    assert (response.json(), response.headers["x-request-id"], response.request.url.path) == (
        {"id": "t-1"},
        "r",
        "/v1/things",
    )


@both_sides
def test_the_answer_can_be_had_as_the_bytes_it_is(open_side: OpenSide) -> None:
    with HTTPServer(default=raw(message(b"\xff"))) as server, open_side(server.url) as side:
        assert side.call(lambda client: client.get("/v1/things", cast_to=bytes)) == b"\xff"
        response = side.call(lambda client: client.with_raw_response.get("/v1/things", cast_to=bytes))
        assert side.call(lambda _: response.parse()) == b"\xff"


@both_sides
def test_a_raw_response_parses_to_the_bytes_it_is(open_side: OpenSide) -> None:
    with HTTPServer(raw(message(b"\xff"))) as server, open_side(server.url) as side:
        response = side.call(lambda client: client.chat.completions.with_raw_response.create(**CHAT))
        assert side.call(lambda _: response.parse(to=bytes)) == b"\xff"


@pytest.mark.parametrize(
    ("path", "options", "said"),
    [
        ("v1/things", {}, "must be a path of the API"),
        ("https://example.com/v1", {}, "must be a path of the API"),
        ("/v1/{id}", {}, "no open places"),
        ("/v1/things", {"model": "m"}, r"client.post\(\) has no option 'model'; what goes into the body"),
    ],
)
def test_what_cannot_be_sent_is_refused(path: str, options: dict[str, Any], said: str) -> None:
    client: Any = Together(api_key=KEY, base_url="http://127.0.0.1:9")
    with pytest.raises((ValueError, TypeError), match=said):
        client.post(path, cast_to=Thing, **options)


def test_errors_are_those_of_every_call() -> None:
    with HTTPServer(answer({"error": {"message": "no"}}, status=404)) as server:
        client = Together(api_key=KEY, base_url=server.url)
        with client, pytest.raises(NotFoundError):
            client.get("/v1/things", cast_to=Thing)


@both_sides
def test_a_raw_response_parses_to_a_type_of_ones_own(open_side: OpenSide) -> None:
    with HTTPServer(answer(completion())) as server, open_side(server.url) as side:
        response = side.call(lambda client: client.chat.completions.with_raw_response.create(**CHAT))
        assert side.call(lambda _: response.parse(to=Thing)) == Thing(id="c-1")
        with pytest.raises(APIResponseValidationError, match=r"parse\(\)"):
            side.call(lambda _: response.parse(to=list[int]))
