from __future__ import annotations

import json
import os
from threading import Barrier, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.emulator.conftest import Api, body_of
from together_di.emulator import Emulator, default_emulator

CHAT = "/v1/chat/completions"


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer  ", "Basic abc"])
def test_a_request_without_a_key_is_refused(api: Api, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    reply = api.emulator.handle("GET", "/v1/models", headers, b"", base_url="http://x")
    assert reply.status == 401
    assert set(api.json(reply)["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("/v1/v1/chat/completions", "/v1 twice"),
        ("/chat/completions", "Did you mean /v1/chat/completions?"),
        ("/v1/chat/completion", "Did you mean /v1/chat/completions?"),
        ("/v1/embedding", "Did you mean /v1/embeddings?"),
        ("/", "/v1"),
    ],
)
def test_an_unknown_path_gets_advice(api: Api, path: str, advice: str) -> None:
    reply = api.send("POST", path)
    assert reply.status == 404
    assert advice in api.json(reply)["error"]["message"]


def test_a_wrong_method_is_told_the_right_ones(api: Api) -> None:
    reply = api.send("PUT", "/v1/files/some-id")
    assert (reply.status, reply.headers["allow"]) == (405, "DELETE, GET")


@pytest.mark.parametrize("body", [b"", b"  ", b"{", b"[1]", b'"text"', b"\xff\xfe", b'{"model": NaN}'])
def test_a_body_that_is_no_json_object_is_refused(api: Api, body: bytes) -> None:
    reply = api.send("POST", CHAT, body)
    assert (reply.status, api.json(reply)["error"]["code"]) == (400, "invalid_json")


def test_every_reply_has_its_own_request_id(api: Api) -> None:
    replies = [api.send("GET", "/v1/models"), api.send("GET", "/nowhere"), api.send("POST", CHAT)]
    assert len({reply.headers["x-request-id"] for reply in replies}) == 3


def test_a_trailing_slash_and_a_query_do_no_harm(api: Api) -> None:
    assert api.send("GET", "/v1/models/?x=1&y").status == 200


def test_the_default_emulator_is_one_for_all_threads() -> None:
    together = Barrier(4)
    found: list[Emulator] = []

    def find() -> None:
        together.wait()
        found.append(default_emulator())

    threads = [Thread(target=find) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {id(emulator) for emulator in found} == {id(default_emulator())}


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "role", "content", "function", "name", "schema", "items"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
_PARAMS = st.sampled_from(
    [
        "messages",
        "n",
        "stop",
        "tools",
        "tool_choice",
        "response_format",
        "prompt",
        "input",
        "query",
        "documents",
    ]
)


@settings(max_examples=150, deadline=None, database=None, derandomize=True)
@given(
    path=st.sampled_from([CHAT, "/v1/completions", "/v1/embeddings", "/v1/rerank", "/v1/audio/speech"]),
    params=st.dictionaries(_PARAMS, _JSON, max_size=3),
)
def test_no_body_makes_it_raise(path: str, params: dict[str, object]) -> None:
    api = Api()
    usable = {"model": "m", "prompt": "Hi", "input": "Hi", "query": "Hi", "documents": ["Hi"], "voice": "v"}
    messages = {"messages": [{"role": "user", "content": "Hi"}]}
    reply = api.send("POST", path, json.dumps({**usable, **messages, **params}).encode())
    assert reply.status in {200, 400}
    if reply.status == 400:
        assert set(json.loads(body_of(reply))["error"]) == {"message", "type", "param", "code"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_has_an_emulator_of_its_own() -> None:
    parents = default_emulator()
    child = os.fork()
    if child == 0:
        os._exit(0 if default_emulator() is not parents else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
