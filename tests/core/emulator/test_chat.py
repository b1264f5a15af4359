from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.emulator.conftest import Api

CHAT = "/v1/chat/completions"
HANDBOOK = (
    "The shop opens at nine in the morning. Returned goods are refunded within 30 days. "
    "Dr. Weber founded the shop in Basel. Parcels leave the warehouse twice a day."
)


def ask(api: Api, *contents: str, **params: object) -> str:
    messages = [{"role": "user", "content": content} for content in contents]
    return str(api.post(CHAT, model="m", messages=messages, **params)["choices"][0]["message"]["content"])


def test_answers_with_the_sentence_of_the_system_message_that_fits_the_question(api: Api) -> None:
    messages = [
        {"role": "system", "content": f"You are a shop assistant. Answer from the handbook.\n{HANDBOOK}"},
        {"role": "user", "content": "When do I get a refund if I return goods?"},
    ]
    reply = api.post(CHAT, model="m", messages=messages)
    assert reply["choices"][0]["message"] == {
        "role": "assistant",
        "content": "Returned goods are refunded within 30 days.",
    }


def test_answers_from_context_in_the_same_user_message(api: Api) -> None:
    assert ask(api, f"Context: {HANDBOOK}\n\nQuestion: Who founded the shop?\nAnswer:") == (
        "Dr. Weber founded the shop in Basel."
    )


def test_answers_from_an_earlier_turn(api: Api) -> None:
    assert ask(api, "My favourite colour is teal.", "What is my favourite colour?") == "My favourite colour is teal."


def test_does_not_answer_a_question_with_an_earlier_question(api: Api) -> None:
    assert "Spain" in ask(api, "What is the capital of France?", "What is the capital of Spain?")


def test_quotes_the_question_without_context(api: Api) -> None:
    assert "“Why is the sky blue?”" in ask(api, "Why is the sky blue?")


def test_says_the_same_to_the_same_request(api: Api) -> None:
    assert ask(api, HANDBOOK, "When does it open?") == ask(api, HANDBOOK, "When does it open?")


def test_takes_the_text_parts_of_multimodal_content(api: Api) -> None:
    parts = [
        {"type": "text", "text": "The lamp costs 40 euros. What does the lamp cost?"},
        {"type": "image_url", "image_url": {"url": "https://example.com/lamp.png"}},
    ]
    reply = api.post(CHAT, model="m", messages=[{"role": "user", "content": parts}])
    assert reply["choices"][0]["message"]["content"] == "The lamp costs 40 euros."


def test_answers_in_a_script_without_spaces(api: Api) -> None:
    handbook = "店は九時に開きます。返品は三十日以内です。"
    assert ask(api, handbook, "返品はいつまでですか") == "返品は三十日以内です。"


def test_max_tokens_cuts_the_answer_and_says_so(api: Api) -> None:
    reply = api.post(CHAT, model="m", messages=[{"role": "user", "content": "Why?"}], max_tokens=3)
    assert reply["choices"][0]["finish_reason"] == "length"
    assert reply["usage"]["completion_tokens"] == 3


def test_stop_ends_the_answer_before_the_stop_text(api: Api) -> None:
    assert ask(api, HANDBOOK, "When does it open?", stop=[" nine"]) == "The shop opens at"


def test_n_gives_that_many_choices(api: Api) -> None:
    reply = api.post(CHAT, model="m", messages=[{"role": "user", "content": "Hi"}], n=3)
    assert [choice["index"] for choice in reply["choices"]] == [0, 1, 2]


def test_logprobs_name_each_token(api: Api) -> None:
    reply = api.post(CHAT, model="m", messages=[{"role": "user", "content": "Hi"}], logprobs=1)
    choice = reply["choices"][0]
    logprobs = choice["logprobs"]
    assert "".join(logprobs["tokens"]) == choice["message"]["content"]
    assert len(logprobs["tokens"]) == len(logprobs["token_logprobs"]) == len(logprobs["token_ids"])
    assert all(value <= 0 for value in logprobs["token_logprobs"])


def test_echo_returns_the_prompt(api: Api) -> None:
    reply = api.post(CHAT, model="m", messages=[{"role": "user", "content": "Hi"}], echo=True)
    assert reply["prompt"] == [{"text": "Hi", "logprobs": None}]


def test_seed_comes_back(api: Api) -> None:
    reply = api.post(CHAT, model="m", messages=[{"role": "user", "content": "Hi"}], seed=7)
    assert reply["choices"][0]["seed"] == 7


def test_stream_sends_the_plain_answer_word_by_word(api: Api) -> None:
    messages = [{"role": "user", "content": "Where is Zürich, and is it “big”?"}]
    plain = api.post(CHAT, model="m", messages=messages)
    chunks = api.stream(CHAT, model="m", messages=messages)
    contents = [chunk["choices"][0]["delta"]["content"] for chunk in chunks]
    assert "".join(contents) == plain["choices"][0]["message"]["content"]
    assert max(len(content.split()) for content in contents) == 1


def test_stream_opens_with_the_role_and_closes_with_reason_and_usage(api: Api) -> None:
    chunks = api.stream(CHAT, model="m", messages=[{"role": "user", "content": "Hi"}])
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[-2:]] == [None, "stop"]
    assert chunks[-1]["usage"]["total_tokens"] > 0
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}


def test_stream_serves_every_choice(api: Api) -> None:
    chunks = api.stream(CHAT, model="m", messages=[{"role": "user", "content": "Hi"}], n=2)
    texts = ["", ""]
    for chunk in chunks:
        choice = chunk["choices"][0]
        texts[choice["index"]] += choice["delta"]["content"]
    assert texts[0] == texts[1] != ""


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("temperature", -1),
        ("temperature", "hot"),
        ("top_p", 1.5),
        ("n", 0),
        ("n", 129),
        ("n", True),
        ("max_tokens", 0),
        ("max_tokens", -5),
        ("logprobs", 21),
        ("stop", 3),
        ("stream", "yes"),
        ("seed", 1.5),
        ("response_format", "json"),
        ("tools", {}),
        ("model", 3),
        ("model", None),
        ("messages", None),
        ("messages", []),
        ("messages", "Hi"),
    ],
)
def test_refuses_a_value_and_names_the_parameter(api: Api, param: str, value: object) -> None:
    params = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], param: value}
    error = api.refused(CHAT, **params)
    assert error["param"] == param
    assert param in error["message"]


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("Hi", "messages.0"),
        ({"role": "king", "content": "Hi"}, "messages.0.role"),
        ({"role": "user"}, "messages.0.content"),
        ({"role": "user", "content": [{"type": "smell"}]}, "messages.0.content.0.type"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages.0.content.0.text"),
    ],
)
def test_refuses_a_malformed_message_and_says_where(api: Api, message: object, param: str) -> None:
    assert api.refused(CHAT, model="m", messages=[message])["param"] == param


def test_leaves_headings_out_of_the_answer(api: Api) -> None:
    handbook = "# Warranty\nAll machines have a two-year\nwarranty.\n\n# Shipping\n- Parcels take two days."
    assert ask(api, handbook, "How long is the warranty?") == "All machines have a two-year warranty."
    assert ask(api, handbook, "How long do parcels take?") == "Parcels take two days."


def test_an_announced_text_is_answered_with_its_beginning(api: Api) -> None:
    assert ask(api, f"Summarise this:\n\n{HANDBOOK}") == (
        "The shop opens at nine in the morning. Returned goods are refunded within 30 days."
    )
