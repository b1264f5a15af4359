"""Programs written for the official SDK give the same after changing their import.

Each runs twice, with the official package and with ours, against an emulator of its own on loopback.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import together

import together_di
from together_di.emulator import EmulatorServer

MESSAGES = [
    {"role": "system", "content": "Llamas live in the Andes. They hum when they are tired."},
    {"role": "user", "content": "Where do llamas live?"},
]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
JSONL = b'{"text": "a"}\n{"text": "b"}\n'

Program = Callable[[Any, str, Path], Any]


def chat(sdk: Any, url: str, folder: Path) -> Any:
    client = sdk.Together(api_key="k", base_url=url)
    answer = client.chat.completions.create(model="m", messages=MESSAGES, temperature=0.5, n=2, logprobs=1)
    again = [*MESSAGES, answer.choices[0].message, {"role": "user", "content": "When do they hum?"}]
    return answer.to_dict(), client.chat.completions.create(model="m", messages=again).choices[0].message.content


def stream(sdk: Any, url: str, folder: Path) -> Any:
    client = sdk.Client(api_key="k", base_url=url)
    return [chunk.to_dict() for chunk in client.chat.completions.create(model="m", messages=MESSAGES, stream=True)]


def tools(sdk: Any, url: str, folder: Path) -> Any:
    client = sdk.Together(api_key="k", base_url=url)
    answer = client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "Lima?"}], tools=[WEATHER], tool_choice="required"
    )
    call = answer.choices[0].message.tool_calls[0]
    return call.function.name, call.function.arguments, answer.choices[0].finish_reason


def completions(sdk: Any, url: str, folder: Path) -> Any:
    client = sdk.Together(api_key="k", base_url=url)
    whole = client.completions.create(model="m", prompt="Once upon a time", max_tokens=5, stop=["."])
    with client.completions.create(model="m", prompt="Once", stream=True) as chunks:
        return whole.to_dict(), [chunk.choices[0].text for chunk in chunks if chunk.choices]


def vectors(sdk: Any, url: str, folder: Path) -> Any:
    client = sdk.Together(api_key="k", base_url=url)
    ranking = client.rerank.create(model="m", query="b", documents=["a", "b"], top_n=1, return_documents=True)
    return client.embeddings.create(model="m", input=["a", "b"]).to_dict(), ranking.results[0].to_dict()


def pictures(sdk: Any, url: str, folder: Path) -> Any:
    client = sdk.Together(api_key="k", base_url=url)
    answer = client.images.generate(model="m", prompt="p", width=64, height=64, response_format="base64", n=2)
    return [picture.b64_json for picture in answer.data]


def audio(sdk: Any, url: str, folder: Path) -> Any:
    client = sdk.Together(api_key="k", base_url=url)
    file = folder / "speech.wav"
    client.audio.speech.create(model="m", input="Good morning", voice="tara").write_to_file(file)
    text = client.audio.transcriptions.create(file=file, model="openai/whisper-large-v3", language="en").text
    chunks = client.audio.speech.create(model="m", input="Hi", voice="tara", response_format="raw", stream=True)
    voices = client.audio.voices.list().to_dict()
    return file.read_bytes(), text, [chunk.b64 for chunk in chunks], voices


def files(sdk: Any, url: str, folder: Path) -> Any:
    client = sdk.Together(api_key="k", base_url=url)
    (folder / "train.jsonl").write_bytes(JSONL)
    sent = client.files.upload(folder / "train.jsonl", purpose="fine-tune")
    content = client.files.content(sent.id).read()
    known = client.files.retrieve(sent.id).filename, len(client.files.list().data)
    return sent.id, content, known, client.files.delete(sent.id).deleted


def pages(sdk: Any, url: str, folder: Path) -> Any:
    client = sdk.Together(api_key="k", base_url=url, project_id="p")
    first = client.models.list_supported(limit=2)
    everything = [model.id for model in client.models.list_supported(limit=2)]
    made = client.models.create(base_model_id="b", name="n", type="adapter")
    listed = [model.name for model in client.models.list()]
    assert first.has_next_page()
    second = first.get_next_page()
    return [model.id for model in first.data], second.data[0].id, everything, made.name, listed


def errors(sdk: Any, url: str, folder: Path) -> Any:
    client = sdk.Together(api_key="k", base_url=url, max_retries=0)
    seen: list[Any] = []
    try:
        client.files.retrieve("nope")
    except sdk.APIStatusError as error:
        seen += [type(error).__name__, error.status_code, error.response.status_code, error.body]
    try:
        client.chat.completions.create(model="m", messages=MESSAGES, temperature=9)
    except sdk.BadRequestError as error:
        seen += [error.response.json()["error"]["param"], error.response.headers["content-type"]]
    try:
        sdk.Together(api_key="k", base_url="http://127.0.0.1:1", max_retries=0).files.list()
    except sdk.APIConnectionError as error:
        seen += [isinstance(error, sdk.APIError), isinstance(error, sdk.TogetherError), error.__cause__ is not None]
    try:
        client.files.retrieve("")
    except ValueError:
        seen.append("ValueError")
    return seen


def responses(sdk: Any, url: str, folder: Path) -> Any:
    client = sdk.Together(api_key="k", base_url=url, timeout=httpx.Timeout(60.0, read=5.0, write=10.0, connect=2.0))
    raw = client.with_options(max_retries=5, timeout=20.0).chat.completions.with_raw_response.create(
        model="m", messages=MESSAGES, extra_headers={"X-Mine": "1"}, timeout=5
    )
    with client.chat.completions.with_streaming_response.create(model="m", messages=MESSAGES) as response:
        lines = list(response.iter_lines())
    return raw.headers.get("Content-Type"), raw.status_code, raw.parse().choices[0].to_dict(), len(lines)


def own_client(sdk: Any, url: str, folder: Path) -> Any:
    asked: list[str] = []
    with sdk.DefaultHttpxClient(event_hooks={"request": [lambda request: asked.append(request.method)]}) as mine:
        client = sdk.Together(api_key="k", base_url=url, http_client=mine)
        return client.embeddings.create(model="m", input="a").data[0].index, asked


def asynchronous(sdk: Any, url: str, folder: Path) -> Any:
    async def main() -> Any:
        async with sdk.AsyncTogether(api_key="k", base_url=url) as client:
            tasks = [client.chat.completions.create(model="m", messages=MESSAGES) for _ in range(3)]
            answers = [answer.choices[0].message.content for answer in await asyncio.gather(*tasks)]
            chunks = await client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
            said = "".join([chunk.choices[0].delta.content or "" async for chunk in chunks if chunk.choices])
            speech = await client.audio.speech.create(model="m", input="Hi", voice="tara")
            models = [model.id async for model in client.models.list_supported(limit=3)]
            first = await client.models.list_supported(limit=1)
            return answers, said, await speech.read(), models, first.next_cursor

    return asyncio.run(main())


PROGRAMS: list[Program] = [
    chat, stream, tools, completions, vectors, pictures, audio, files, pages, errors, responses, own_client,
    asynchronous,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_a_program_gives_the_same_with_the_official_package_and_with_ours(program: Program, tmp_path: Path) -> None:
    results: list[Any] = []
    for sdk in (together, together_di):
        folder = tmp_path / sdk.__name__
        folder.mkdir()
        with EmulatorServer() as server:
            results.append(program(sdk, server.url, folder))
    official, ours = results
    assert official
    assert ours == official
