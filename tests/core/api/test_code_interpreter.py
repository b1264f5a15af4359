"""The older namespace of the code interpreter, against the emulator, which runs no code."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from together_di import AsyncTogether, BadRequestError, NotFoundError, Together


@pytest.fixture
def client() -> Iterator[Together]:
    with Together(api_key="key-for-tests", transport="embedded", strict=True) as client:
        yield client


def test_code_is_described_and_not_run(client: Together) -> None:
    answer = client.code_interpreter.run("raise SystemExit(1)\n", "python")
    assert answer.errors is None
    assert answer.data is not None
    assert [output.type for output in answer.data.outputs] == ["stdout"]
    assert "runs no code" in str(answer.data.outputs[0].data)


def test_a_session_goes_on(client: Together) -> None:
    files = [{"name": "a.txt", "encoding": "string", "content": "A"}]
    first = client.code_interpreter.run(code="1", language="python", files=files).data  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert first is not None
    again = client.code_interpreter.run(code="2", language="python", session_id=first.session_id).data
    assert again is not None
    assert again.session_id == first.session_id
    sessions = client.code_interpreter.sessions.list().data
    assert sessions is not None
    assert [each.execute_count for each in sessions.sessions if each.id == first.session_id] == [2]


def test_a_session_that_does_not_exist_is_not_found(client: Together) -> None:
    with pytest.raises(NotFoundError):
        client.code_interpreter.run(code="1", language="python", session_id="nothing")


def test_another_language_is_refused(client: Together) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.code_interpreter.run("1", "cobol")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert caught.value.param == "language"


def test_the_async_client_has_it_too() -> None:
    async def story() -> None:
        async with AsyncTogether(api_key="key-for-tests", transport="embedded", strict=True) as client:
            answer = await client.code_interpreter.run(code="1", language="python")
            assert answer.data is not None

    asyncio.run(story())
