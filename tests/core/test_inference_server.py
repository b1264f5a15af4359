"""Against a real inference server: llama.cpp with a model of a few hundred kilobytes.

It also closes kept-alive connections without a word after long streams, which no script of ours made up.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from together_di import APIStatusError, AsyncTogether, AuthenticationError, BadRequestError, Together

from .support.sides import OpenSide, both_sides

pytest.importorskip("xllamacpp")
pytest.importorskip("gguf")

SUPPORT = Path(__file__).parent / "support"
SENTENCE = "Hello from a tiny local model. It only knows this one sentence with café and 🦙!"
QUESTION: dict[str, Any] = {"model": "tiny-test", "messages": [{"role": "user", "content": "Hi"}], "temperature": 0}
TOOLS: dict[str, Any] = {
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "description": "The weather in a city.",
                "parameters": {"type": "object", "properties": {"city": {"enum": ["Rome"]}}, "required": ["city"]},
            },
        }
    ],
    "tool_choice": "required",
    "max_tokens": 400,
}


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    subprocess.run([sys.executable, SUPPORT / "make_tiny_gguf.py", path], check=True, capture_output=True)
    return path


@contextmanager
def served(model: Path, *kind: str) -> Generator[str]:
    """Serve the model: the base URL."""
    command = [sys.executable, str(SUPPORT / "serve_gguf.py"), str(model), "0", *kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        assert process.stdout is not None
        ready = next((line for line in process.stdout if line.startswith("READY ")), "")
        watchdog.cancel()
        watchdog.join()
        try:
            assert ready, "The inference server did not start"
            yield f"{ready.split()[1].rstrip('/')}/v1"
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture(scope="session")
def chat_url(model: Path) -> Iterator[str]:
    with served(model) as url:
        yield url


@pytest.fixture(scope="session")
def embedding_url(model: Path) -> Iterator[str]:
    with served(model, "embed") as url:
        yield url


def opened(open_side: OpenSide, url: str, **options: Any) -> Any:
    return open_side(url, **{"api_key": "sk-local", **options})


@both_sides
def test_a_chat_is_answered(open_side: OpenSide, chat_url: str) -> None:
    with opened(open_side, chat_url) as side:
        answer = side.call(lambda client: client.chat.completions.create(**QUESTION))
    assert answer.choices[0].message.content.strip() == SENTENCE
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


@both_sides
def test_a_streamed_chat_says_the_same_piece_by_piece(open_side: OpenSide, chat_url: str) -> None:
    chunks: list[Any] = []
    with opened(open_side, chat_url) as side:
        side.collect(lambda client: client.chat.completions.create(stream=True, **QUESTION), chunks)
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(pieces).strip() == SENTENCE
    assert len([piece for piece in pieces if piece]) > 10


@both_sides
def test_a_stream_ends_with_the_usage_if_asked(open_side: OpenSide, chat_url: str) -> None:
    chunks: list[Any] = []
    more = {"extra_body": {"stream_options": {"include_usage": True}}}
    with opened(open_side, chat_url) as side:
        side.collect(lambda client: client.chat.completions.create(stream=True, **QUESTION, **more), chunks)
    assert chunks[-1].usage.completion_tokens > 10


@both_sides
def test_several_answers_and_log_probabilities(open_side: OpenSide, chat_url: str) -> None:
    with opened(open_side, chat_url) as side:
        answer = side.call(lambda client: client.chat.completions.create(n=2, max_tokens=3, **QUESTION))
        assert [choice.index for choice in answer.choices] == [0, 1]
        assert {choice.finish_reason for choice in answer.choices} == {"length"}


@both_sides
def test_a_forced_tool_call(open_side: OpenSide, chat_url: str) -> None:
    with opened(open_side, chat_url) as side:
        answer = side.call(lambda client: client.chat.completions.create(**QUESTION, **TOOLS))
        choice = answer.choices[0]
        assert choice.finish_reason == "tool_calls"
        call = choice.message.tool_calls[0]
        assert (call.type, call.function.name) == ("function", "weather")
        assert json.loads(call.function.arguments) == {"city": "Rome"}
        reply = {"role": "tool", "content": "Sunny", "tool_call_id": call.id}
        messages = [*QUESTION["messages"], choice.message, reply]
        after = side.call(lambda client: client.chat.completions.create(**{**QUESTION, "messages": messages}))
    assert after.choices[0].message.content


@both_sides
def test_a_forced_tool_call_in_pieces(open_side: OpenSide, chat_url: str) -> None:
    chunks: list[Any] = []
    with opened(open_side, chat_url) as side:
        side.collect(lambda client: client.chat.completions.create(stream=True, **QUESTION, **TOOLS), chunks)
    calls = [call for chunk in chunks if chunk.choices for call in chunk.choices[0].delta.tool_calls or []]
    assert calls[0].function.name == "weather"
    assert json.loads("".join(call.function.arguments or "" for call in calls)) == {"city": "Rome"}
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "tool_calls"


@both_sides
def test_an_answer_in_json(open_side: OpenSide, chat_url: str) -> None:
    schema = {
        "type": "object",
        "properties": {"ok": {"enum": [True]}},
        "required": ["ok"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    with opened(open_side, chat_url) as side:
        answer = side.call(
            lambda client: client.chat.completions.create(response_format=wanted, max_tokens=400, **QUESTION)
        )
    assert json.loads(answer.choices[0].message.content) == {"ok": True}


@both_sides
def test_a_continuation(open_side: OpenSide, chat_url: str) -> None:
    with opened(open_side, chat_url) as side:
        answer = side.call(lambda client: client.completions.create(model="tiny-test", prompt="Say:", temperature=0))
    assert answer.choices[0].text.strip() == SENTENCE


@both_sides
def test_a_streamed_continuation(open_side: OpenSide, chat_url: str) -> None:
    chunks: list[Any] = []
    with opened(open_side, chat_url) as side:
        side.collect(
            lambda client: client.completions.create(model="tiny-test", prompt="Say:", temperature=0, stream=True),
            chunks,
        )
    assert "".join(chunk.choices[0].text or "" for chunk in chunks if chunk.choices).strip() == SENTENCE


@both_sides
def test_embeddings(open_side: OpenSide, embedding_url: str) -> None:
    with opened(open_side, embedding_url) as side:
        result = side.call(lambda client: client.embeddings.create(model="tiny-test", input=["café", "café", "llama"]))
    vectors = [item.embedding for item in result.data]
    assert [len(vector) for vector in vectors] == [64, 64, 64]
    assert vectors[0] == pytest.approx(vectors[1])
    assert vectors[0] != pytest.approx(vectors[2])


@both_sides
def test_a_wrong_key_is_refused(open_side: OpenSide, chat_url: str) -> None:
    with opened(open_side, chat_url, api_key="wrong") as side, pytest.raises(AuthenticationError) as caught:
        side.call(lambda client: client.chat.completions.create(**QUESTION))
    assert caught.value.status_code == 401
    assert isinstance(caught.value.body, dict)


@both_sides
def test_a_conversation_that_is_too_long_is_a_bad_request(open_side: OpenSide, chat_url: str) -> None:
    messages = [{"role": "user", "content": "x" * 20_000}]
    with opened(open_side, chat_url) as side, pytest.raises(BadRequestError) as caught:
        side.call(lambda client: client.chat.completions.create(model="tiny-test", messages=messages))
    assert caught.value.type == "exceed_context_size_error"


@both_sides
def test_an_unknown_path_is_a_status_error(open_side: OpenSide, chat_url: str) -> None:
    with opened(open_side, chat_url, max_retries=0) as side, pytest.raises(APIStatusError) as caught:
        side.call(lambda client: client.rerank.create(model="tiny-test", query="q", documents=["d"]))
    assert caught.value.status_code in {404, 501}


@both_sides
def test_a_long_stream_that_is_left_frees_the_server(open_side: OpenSide, chat_url: str) -> None:
    long: dict[str, Any] = {"max_tokens": 1500, "extra_body": {"ignore_eos": True}}

    def leave(client: Any) -> Any:
        if isinstance(client, Together):
            for _ in client.chat.completions.create(stream=True, **QUESTION, **long):
                return None
            return None

        async def leave_async() -> None:
            async for _ in await client.chat.completions.create(stream=True, **QUESTION, **long):
                return

        return leave_async()

    with opened(open_side, chat_url) as side:
        for _ in range(3):
            side.call(leave)
        answer = side.call(lambda client: client.chat.completions.create(**QUESTION))
    assert answer.choices[0].message.content.strip() == SENTENCE


@both_sides
def test_sixty_calls_after_long_streams_survive_the_connections_the_server_drops(
    open_side: OpenSide, chat_url: str
) -> None:
    with opened(open_side, chat_url) as side:
        for _ in range(60):
            chunks: list[Any] = []
            side.collect(lambda client: client.chat.completions.create(stream=True, **QUESTION, **TOOLS), chunks)
            assert chunks
            answer = side.call(lambda client: client.chat.completions.create(max_tokens=1, **QUESTION))
            assert answer.choices[0].finish_reason == "length"


def test_two_tasks_stream_at_once(chat_url: str) -> None:
    async def text(client: AsyncTogether) -> str:
        stream = await client.chat.completions.create(stream=True, **QUESTION)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])

    async def main() -> tuple[str, str]:
        async with AsyncTogether(api_key="sk-local", base_url=chat_url) as client:
            return await asyncio.gather(text(client), text(client))

    assert [answer.strip() for answer in asyncio.run(main())] == [SENTENCE] * 2


def test_one_client_in_many_event_loops(chat_url: str) -> None:
    client = AsyncTogether(api_key="sk-local", base_url=chat_url)

    async def ask() -> Any:
        return (await client.chat.completions.create(max_tokens=1, **QUESTION)).choices[0].message.content

    assert len({asyncio.run(ask()) for _ in range(10)}) == 1
    client.close_nowait()


def test_the_model_is_the_same_bytes_each_time(model: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.gguf"
    subprocess.run([sys.executable, SUPPORT / "make_tiny_gguf.py", again], check=True, capture_output=True)
    assert again.read_bytes() == model.read_bytes()
