from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.core.emulator.conftest import Api

COMPLETIONS = "/v1/completions"
PROMPT = "Snow is white. Coal is black. Which colour is coal?"


def test_answers_from_the_prompt(api: Api) -> None:
    reply = api.post(COMPLETIONS, model="m", prompt=PROMPT)
    assert reply["choices"][0]["text"] == "Coal is black."
    assert reply["object"] == "text.completion"


def test_echo_and_logprobs_return_the_prompt_with_its_tokens(api: Api) -> None:
    reply = api.post(COMPLETIONS, model="m", prompt=PROMPT, echo=True, logprobs=1)
    assert reply["prompt"][0]["text"] == PROMPT
    assert "".join(reply["prompt"][0]["logprobs"]["tokens"]) == PROMPT
    assert "".join(reply["choices"][0]["logprobs"]["tokens"]) == "Coal is black."


def test_several_prompts_get_n_choices_each(api: Api) -> None:
    reply = api.post(COMPLETIONS, model="m", prompt=[PROMPT, "Hi"], n=2)
    assert [choice["index"] for choice in reply["choices"]] == [0, 1, 2, 3]
    assert "“Hi”" in reply["choices"][2]["text"]


def test_stop_and_max_tokens_cut(api: Api) -> None:
    assert api.post(COMPLETIONS, model="m", prompt=PROMPT, stop=[" black"])["choices"][0]["text"] == "Coal is"
    cut = api.post(COMPLETIONS, model="m", prompt=PROMPT, max_tokens=1)["choices"][0]
    assert (cut["text"], cut["finish_reason"]) == ("Coal", "length")


def test_stream_sends_the_text_in_tokens_and_choices(api: Api) -> None:
    chunks = api.stream(COMPLETIONS, model="m", prompt=PROMPT, seed=3)
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks) == "Coal is black."
    assert "".join(chunk["token"]["text"] for chunk in chunks) == "Coal is black."
    assert (chunks[-1]["finish_reason"], chunks[-1]["seed"]) == ("stop", 3)
    assert chunks[-1]["usage"]["completion_tokens"] == 4


def test_an_empty_prompt_is_refused(api: Api) -> None:
    assert api.refused(COMPLETIONS, model="m", prompt="")["param"] == "prompt"


def test_a_prompt_of_numbers_is_refused(api: Api) -> None:
    assert api.refused(COMPLETIONS, model="m", prompt=[1, 2])["param"] == "prompt.0"
