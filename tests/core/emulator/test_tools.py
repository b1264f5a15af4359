from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.core.emulator.conftest import Api

CHAT = "/v1/chat/completions"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the current weather for a city",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer", "minimum": 1},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["city"],
        },
    },
}
ORDER = {
    "type": "function",
    "function": {"name": "lookupOrder", "description": "Look up an order by its number"},
}
QUESTION = "How is the weather in New York over 3 days, in fahrenheit?"


def choice(api: Api, question: str, **params: object) -> Any:
    messages = [{"role": "user", "content": question}]
    return api.post(CHAT, model="m", messages=messages, **{"tools": [WEATHER, ORDER], **params})["choices"][0]


def called(answer: Any) -> str:
    return str(answer["message"]["tool_calls"][0]["function"]["name"])


def test_auto_calls_the_tool_that_the_words_match(api: Api) -> None:
    answer = choice(api, QUESTION)
    assert called(answer) == "get_weather"
    assert answer["finish_reason"] == "tool_calls"
    assert answer["message"]["content"] is None


def test_arguments_come_from_the_question(api: Api) -> None:
    arguments = json.loads(choice(api, QUESTION)["message"]["tool_calls"][0]["function"]["arguments"])
    assert arguments == {"city": "New York", "days": 3, "unit": "fahrenheit"}


def test_auto_answers_in_words_when_no_tool_matches(api: Api) -> None:
    answer = choice(api, "Who wrote Faust?")
    assert answer["finish_reason"] == "stop"
    assert "tool_calls" not in answer["message"]


def test_none_calls_no_tool(api: Api) -> None:
    assert choice(api, QUESTION, tool_choice="none")["finish_reason"] == "stop"


def test_required_calls_a_tool_that_does_not_match(api: Api) -> None:
    assert choice(api, "Who wrote Faust?", tool_choice="required")["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("tool_choice", ["lookupOrder", {"type": "function", "function": {"name": "lookupOrder"}}])
def test_a_named_tool_is_called_whatever_the_question(api: Api, tool_choice: object) -> None:
    assert called(choice(api, QUESTION, tool_choice=tool_choice)) == "lookupOrder"


def test_a_named_tool_that_is_not_offered_is_refused(api: Api) -> None:
    messages = [{"role": "user", "content": "Hi"}]
    error = api.refused(CHAT, model="m", messages=messages, tools=[WEATHER], tool_choice="sing")
    assert error["param"] == "tool_choice"
    assert "get_weather" in error["message"]


def test_required_without_tools_is_refused(api: Api) -> None:
    error = api.refused(CHAT, model="m", messages=[{"role": "user", "content": "Hi"}], tool_choice="required")
    assert error["param"] == "tool_choice"


def test_a_tool_without_a_name_is_refused(api: Api) -> None:
    messages = [{"role": "user", "content": "Hi"}]
    error = api.refused(
        CHAT, model="m", messages=messages, tools=[{"type": "function", "function": {"description": "Sing"}}]
    )
    assert error["param"] == "tools.0.function.name"


def test_after_a_tool_message_the_answer_uses_its_result(api: Api) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": '{"temperature": 21, "sky": "clear"}'},
    ]
    reply = api.post(CHAT, model="m", messages=messages, tools=[WEATHER])
    assert reply["choices"][0]["message"]["content"] == "According to get_weather: temperature: 21, sky: clear."


def test_stream_splits_the_arguments_and_names_the_tool_once(api: Api) -> None:
    chunks = api.stream(CHAT, model="m", messages=[{"role": "user", "content": QUESTION}], tools=[WEATHER])
    calls = [part for chunk in chunks for part in chunk["choices"][0]["delta"].get("tool_calls", [])]
    assert "".join(call["function"]["name"] for call in calls) == "get_weather"
    assert len(calls) > 3
    arguments = json.loads("".join(call["function"]["arguments"] for call in calls))
    assert arguments["city"] == "New York"
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"
