"""Through the caller's own httpx client."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

import httpx
import pytest

from together_di import (
    APIConnectionError,
    APITimeoutError,
    AsyncTogether,
    AuthenticationError,
    Timeout,
    Together,
)

from .support.http_server import PATIENCE, HTTPServer, answer, chunked, raw, redirect, then_hang_up, then_stall
from .support.sides import CHAT, KEY, completion

GOOD = answer(completion())


pytestmark = pytest.mark.usefixtures("waits")


class Stack:
    """A Together client of either kind on an httpx client of the same kind."""

    def __init__(self, kind: str, httpx_options: dict[str, Any], **options: Any) -> None:
        self.is_async = kind == "async"
        self._runner = asyncio.Runner()
        self.http: Any = (httpx.AsyncClient if self.is_async else httpx.Client)(**httpx_options)
        together: Any = AsyncTogether if self.is_async else Together
        self.client: Any = together(**{"api_key": KEY, "base_url": "http://api.test", **options}, http_client=self.http)

    def chat(self, **more: Any) -> Any:
        return self.run(self.client.chat.completions.create(**CHAT, **more)) if self.is_async else self._chat(more)

    def _chat(self, more: dict[str, Any]) -> Any:
        return self.client.chat.completions.create(**CHAT, **more)

    def run(self, awaitable: Any) -> Any:
        async def main() -> Any:
            return await awaitable

        return self._runner.run(main())

    def stream(self) -> Any:
        if not self.is_async:
            return [chunk.id for chunk in self._chat({"stream": True})]

        async def main() -> list[str]:
            return [chunk.id async for chunk in await self.client.chat.completions.create(stream=True, **CHAT)]

        return self.run(main())

    def close(self) -> None:
        self.run(self.client.aclose()) if self.is_async else self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
        self.run(self.http.aclose()) if self.is_async else self.http.close()
        self._runner.close()


both_kinds = pytest.mark.parametrize("kind", ["sync", "async"])


def mocked(reply: httpx.Response | Exception, seen: list[httpx.Request]) -> dict[str, Any]:
    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return {"transport": httpx.MockTransport(handle)}


def ok() -> httpx.Response:
    return httpx.Response(200, json=completion())


@both_kinds
def test_a_mock_transport_answers(kind: str) -> None:
    seen: list[httpx.Request] = []
    with Stack(kind, mocked(ok(), seen)) as stack:
        assert stack.chat().choices[0].message.content == "Hello"
    assert str(seen[0].url) == "http://api.test/v1/chat/completions"
    assert seen[0].headers["authorization"] == f"Bearer {KEY}"
    assert json.loads(seen[0].content)["model"] == "m"


@both_kinds
def test_event_hooks_see_requests_and_responses(kind: str) -> None:
    seen: list[str] = []

    def on_request(request: httpx.Request) -> None:
        seen.append(request.method)
        request.headers["x-trace"] = "t-1"

    def on_response(response: httpx.Response) -> None:
        seen.append(str(response.status_code))

    async def on_request_async(request: httpx.Request) -> None:
        on_request(request)

    async def on_response_async(response: httpx.Response) -> None:
        on_response(response)

    hooks = (on_request_async, on_response_async) if kind == "async" else (on_request, on_response)
    options = {"event_hooks": {"request": [hooks[0]], "response": [hooks[1]]}}
    with HTTPServer(GOOD) as server, Stack(kind, options, base_url=server.url) as stack:
        stack.chat()
    assert seen == ["POST", "200"]
    assert server.requests[0].headers["x-trace"] == "t-1"


@both_kinds
def test_the_callers_client_is_not_closed(kind: str) -> None:
    with HTTPServer(default=GOOD) as server, Stack(kind, {}, base_url=server.url) as stack:
        stack.chat()
        stack.close()
        assert not stack.http.is_closed
        request = stack.http.get(server.url)
        assert (stack.run(request) if stack.is_async else request).status_code == 200
    assert server.connections == 1


@pytest.mark.parametrize(
    ("together", "http"),
    [
        (Together, httpx.AsyncClient),
        (AsyncTogether, httpx.Client),
        (Together, object),
        (AsyncTogether, dict),
    ],
)
def test_a_client_of_the_wrong_kind_is_refused(together: Any, http: Any) -> None:
    with pytest.raises(
        TypeError, match=rf"http_client of {together.__name__} must be an httpx\.\w+, not {http.__name__}"
    ):
        together(api_key=KEY, http_client=http())


@pytest.mark.parametrize("together", [Together, AsyncTogether])
def test_the_httpx_module_itself_is_refused(together: Any) -> None:
    with pytest.raises(TypeError, match="not module"):
        together(api_key=KEY, http_client=httpx)


@both_kinds
def test_the_timeout_of_the_callers_client_counts_when_no_other_is_given(kind: str) -> None:
    options = {"timeout": httpx.Timeout(PATIENCE, read=0.05)}
    with HTTPServer(then_stall()) as server, Stack(kind, options, base_url=server.url, max_retries=0) as stack:
        assert stack.client.timeout == Timeout(PATIENCE, read=0.05)
        with pytest.raises(APITimeoutError, match=r"sent nothing for 0\.05 s \(timeout read\)"):
            stack.chat()


@both_kinds
def test_a_timeout_that_is_given_wins_over_that_of_the_callers_client(kind: str) -> None:
    with HTTPServer(then_stall()) as server:
        limit = Timeout(PATIENCE, read=0.03)
        with (
            Stack(kind, {"timeout": PATIENCE}, base_url=server.url, timeout=limit, max_retries=0) as stack,
            pytest.raises(APITimeoutError, match=r"0\.03 s"),
        ):
            stack.chat()


@both_kinds
def test_a_client_without_time_limits_is_taken_at_its_word(kind: str) -> None:
    with Stack(kind, {"timeout": None}) as stack:
        assert stack.client.timeout == Timeout(None)


@both_kinds
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ConnectError("refused"), APIConnectionError),
        (httpx.ReadTimeout("slow"), APITimeoutError),
        (httpx.ProxyError("no"), APIConnectionError),
        (httpx.UnsupportedProtocol("gopher"), APIConnectionError),
    ],
)
def test_httpx_errors_become_our_own(kind: str, error: Exception, expected: type[APIConnectionError]) -> None:
    seen: list[httpx.Request] = []
    with Stack(kind, mocked(error, seen), max_retries=0) as stack, pytest.raises(expected) as caught:
        stack.chat()
    assert type(caught.value) is expected
    assert caught.value.request is not None
    assert caught.value.request.key is None


@both_kinds
def test_failed_attempts_are_made_again_through_the_callers_client(kind: str) -> None:
    with HTTPServer(then_hang_up(), answer({}, 503), GOOD) as server, Stack(kind, {}, base_url=server.url) as stack:
        stack.chat()
    assert len({request.headers["idempotency-key"] for request in server.requests}) == 1


@both_kinds
def test_a_status_becomes_the_typed_error(kind: str) -> None:
    seen: list[httpx.Request] = []
    refusal = httpx.Response(401, json={"error": {"message": "No."}}, headers={"x-request-id": "r-1"})
    with Stack(kind, mocked(refusal, seen)) as stack, pytest.raises(AuthenticationError, match="No") as caught:
        stack.chat()
    assert caught.value.request_id == "r-1"


@both_kinds
def test_streams_go_through_the_callers_client(kind: str) -> None:
    stream = raw(chunked(b'data: {"id": "1"}\n\ndata: {"id": "2"}\n\ndata: [DONE]\n\n'))
    with HTTPServer(stream, GOOD) as server, Stack(kind, {}, base_url=server.url) as stack:
        assert stack.stream() == ["1", "2"]
        stack.chat()


@both_kinds
def test_a_compressed_answer_is_decompressed_once(kind: str) -> None:
    body = gzip.compress(json.dumps(completion()).encode())
    seen: list[httpx.Request] = []
    packed = httpx.Response(200, content=body, headers={"content-encoding": "gzip"})
    with Stack(kind, mocked(packed, seen)) as stack:
        assert stack.chat().id == "c-1"


@both_kinds
def test_what_httpx_cannot_decode_is_a_typed_error(kind: str) -> None:
    class Broken(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b"not gzip"

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"not gzip"

    seen: list[httpx.Request] = []
    packed = httpx.Response(200, stream=Broken(), headers={"content-encoding": "gzip"})
    with Stack(kind, mocked(packed, seen), max_retries=0) as stack, pytest.raises(APIConnectionError):
        stack.chat()


@both_kinds
def test_headers_of_the_callers_client_are_sent_but_not_its_key(kind: str) -> None:
    seen: list[httpx.Request] = []
    options = {**mocked(ok(), seen), "headers": {"x-mine": "1", "authorization": "Bearer another"}}
    with Stack(kind, options) as stack:
        stack.chat()
    assert seen[0].headers["x-mine"] == "1"
    assert seen[0].headers.get_list("authorization") == [f"Bearer {KEY}"]


@both_kinds
def test_redirects_are_ours_even_if_the_callers_client_follows_them(kind: str) -> None:
    with (
        HTTPServer(answer({"data": []})) as other,
        HTTPServer(redirect(f"{other.url}/there")) as server,
        Stack(kind, {"follow_redirects": True}, base_url=server.url) as stack,
    ):
        listing = stack.client.files.list()
        assert (stack.run(listing) if stack.is_async else listing).data == []
    assert "authorization" not in other.requests[0].headers


@both_kinds
def test_uploads_go_through_the_callers_client(kind: str) -> None:
    with HTTPServer(answer({"text": "Hi"})) as server, Stack(kind, {}, base_url=server.url) as stack:
        result = stack.client.audio.transcriptions.create(file=b"abc" * 1000, model="m")
        assert (stack.run(result) if stack.is_async else result).text == "Hi"
    assert b"abc" * 1000 in server.requests[0].body
    assert "transfer-encoding" not in server.requests[0].headers


def test_copy_takes_another_http_client() -> None:
    seen: list[httpx.Request] = []
    with Together(api_key=KEY, base_url="http://api.test") as client, httpx.Client(**mocked(ok(), seen)) as http:
        assert client.copy(http_client=http).chat.completions.create(**CHAT).id == "c-1"
    assert len(seen) == 1
