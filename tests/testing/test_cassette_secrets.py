"""What does not get into a cassette."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from together_di import Together
from together_di.testing import CassetteError, cassette
from together_di.testing.scrubbing import HIDDEN

from ..core.support.http_server import Answer, HTTPServer, answer, message, raw
from ..core.support.leaks import KEY, found_in
from ..core.support.sides import completion

ORGANIZATION = "org-0123456789abcdef"
SIGNED = "https://store.invalid/bucket/a?X-Amz-Credential=AKIA0123456789&X-Amz-Signature=5ca1ab1e5ca1ab1e&partNumber=1"

Work = Callable[[Together], Any]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.json"


def record(path: Path, work: Work, *answers: Answer, **options: Any) -> str:
    """The text of the cassette of `work` with a server that gives these answers."""
    with (
        HTTPServer(*answers) as server,
        Together(api_key=KEY, base_url=server.url, **options) as client,
        cassette(path, record="all"),
    ):
        work(client)
    return path.read_text()


def replay(path: Path, work: Work, **options: Any) -> Any:
    with cassette(path):
        return work(Together(**options))


def ask(client: Any, text: str = "Hi", **more: Any) -> Any:
    return client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}], **more)


def test_the_key_is_not_in_the_headers(path: Path) -> None:
    text = record(path, ask, answer(completion()))
    assert found_in(text) == []
    assert "uthorization" not in text


def test_the_key_is_hidden_wherever_else_it_stands(path: Path) -> None:
    def work(client: Together) -> Any:
        return ask(client, f"My key is {KEY}", extra_query={"q": KEY}, extra_body={"nested": [{"a": f"<{KEY}>"}]})

    said = completion(f'You said "{KEY}"')
    assert found_in(record(path, work, answer(said))) == []
    assert replay(path, work).choices[0].message.content == f'You said "{HIDDEN}"'


def test_another_key_is_as_good_where_the_key_was_hidden(path: Path) -> None:
    record(path, lambda client: ask(client, f"My key is {KEY}!"), answer(completion("Hello")))
    assert replay(path, lambda client: ask(client, "My key is another one!")).choices[0].message.content == "Hello"


def test_the_key_is_hidden_in_bytes_and_in_plain_text(path: Path) -> None:
    sound = raw(message(b"\xff" + KEY.encode() + b"\xff", headers={"Content-Type": "audio/wav"}))
    plain = raw(message(f"key: {KEY}".encode(), headers={"Content-Type": "text/plain"}))

    def work(client: Together) -> list[bytes]:
        return [client.audio.speech.create(model="m", input="a", voice="v").read(), client.files.content("f").read()]

    assert found_in(record(path, work, sound, plain)) == []
    assert replay(path, work) == [b"\xff[hidden]\xff", b"key: [hidden]"]


def test_secrets_of_the_clients_own_headers_are_hidden(path: Path) -> None:
    secrets = {"x-gateway-token": "gateway-0123456789", "cookie": "theme=dark; session=0123456789abcdef"}
    said = completion("gateway-0123456789, 0123456789abcdef")
    text = record(path, ask, answer(said), default_headers={**secrets, "x-team": "search"})
    assert "0123456789" not in text
    assert f'"{HIDDEN}, {HIDDEN}"' in text


def test_cookies_and_the_organization_are_dropped_with_their_headers(path: Path) -> None:
    said = answer(completion(f"for {ORGANIZATION}"), set_cookie="session=0123456789", x_organization=ORGANIZATION)
    text = record(path, ask, said)
    assert "0123456789" not in text
    assert '"for [hidden]"' in text


def test_secrets_are_known_by_the_names_of_their_fields(path: Path) -> None:
    def work(client: Together) -> Any:
        return ask(client, extra_body={"wandb_api_key": "short", "hf_api_token": "hf_0123456789", "max_tokens": 5})

    said = {**completion("hf_0123456789"), "clientSecret": "0123456789", "usage": {"total_tokens": 2}}
    text = record(path, work, answer(said))
    (call,) = json.loads(text)["calls"]
    assert call["request"]["json"]["wandb_api_key"] == HIDDEN
    assert call["request"]["json"]["max_tokens"] == 5
    assert "0123456789" not in text
    assert replay(path, work).usage.total_tokens == 2


def test_names_of_secrets_in_the_description_of_a_tool_are_no_secrets(path: Path) -> None:
    fields = {"user": {"id": {"type": "string"}}, "password": {"type": "string"}, "cookies": ["oat", "nut"]}
    tool = {"type": "function", "function": {"name": "log_in", "parameters": {"properties": fields}}}

    def work(client: Together) -> Any:
        return ask(client, tools=[tool]).choices[0].message.content

    assert HIDDEN not in record(path, work, answer(completion("Hello")))
    assert replay(path, work) == "Hello"


def test_whose_account_it_is_is_hidden_and_the_calls_that_name_it_still_fit(path: Path) -> None:
    whoami = {
        "type": "org_api_key",
        "api_key": {"id": "key-0123456789"},
        "organization": {"id": ORGANIZATION, "name": "Llamas"},
    }

    def work(client: Together) -> Any:
        return client.files.retrieve(client.whoami().organization.id).filename  # type: ignore[union-attr]

    stored = answer({"id": "f", "filename": "a.jsonl", "organization_id": ORGANIZATION})
    text = record(path, work, answer(whoami), stored)
    assert "0123456789" not in text
    assert replay(path, work) == "a.jsonl"


def test_the_maker_of_a_model_is_no_secret(path: Path) -> None:
    text = record(path, ask, answer({**completion("by Mistral AI"), "organization": "Mistral AI"}))
    assert '"by Mistral AI"' in text
    assert '"organization": "Mistral AI"' in text


def test_a_signed_address_loses_its_query_in_bodies(path: Path) -> None:
    def draw(client: Together) -> Any:
        return client.images.generate(model="m", prompt="a cat").data[0].url

    said = {"id": "i", "model": "m", "object": "list", "data": [{"index": 0, "type": "url", "url": SIGNED}]}
    assert "5ca1ab1e" not in record(path, draw, answer(said))
    assert replay(path, draw).startswith("https://store.invalid/bucket/a?X-Amz-Credential=[hidden]&")


def test_an_address_without_a_signature_is_kept(path: Path) -> None:
    said = "See https://docs.invalid/page?name=value, not https://[?token."
    assert said in record(path, ask, answer(completion(said)))


def test_an_upload_to_a_signed_address_is_given_again(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text('{"text": "a"}\n')
    stored = {"id": "file-1", "object": "file", "filename": "data.jsonl"}
    with HTTPServer() as store, HTTPServer() as server:
        signed = f"{store.url}/bucket/a?X-Amz-Credential=AKIA0123456789&X-Amz-Signature=5ca1ab1e5ca1ab1e"
        store.script = [raw(message())]
        named = {"Location": signed, "X-Together-File-ID": "file-1"}
        server.script = [raw(message(status=302, headers=named)), answer(stored)]
        with Together(api_key=KEY, base_url=server.url) as client, cassette(path, record="all"):
            client.files.upload(file)
        assert store.requests[0].target.endswith("X-Amz-Signature=5ca1ab1e5ca1ab1e")
    text = path.read_text()
    assert "5ca1ab1e" not in text
    assert "AKIA" not in text
    assert replay(path, lambda client: client.files.upload(file)).id == "file-1"


def test_a_miss_shows_no_secret(path: Path) -> None:
    record(path, ask, answer(completion()))

    def work(client: Together) -> Any:
        return ask(client, f"My key is {KEY}", extra_query={"api_key": KEY}, extra_body={"hf_api_token": KEY})

    with pytest.raises(CassetteError) as caught:
        replay(path, work)
    assert found_in(str(caught.value)) == []
