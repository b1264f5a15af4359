"""From bytes to models: what fits, what does not, and what is not JSON."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from together_di import APIResponseValidationError, Together
from together_di.decoding import Misfit, decoder
from together_di.types._base import CamelModel
from together_di.types.audio import Transcription, TranscriptionVerbose
from together_di.types.chat import ChatCompletion, ChatCompletionChoice, ChatCompletionChunk, ChatCompletionMessage
from together_di.types.embeddings import Embedding
from together_di.types.files import FileResponse
from together_di.types.images import ImageDataURL, ImageFile
from together_di.types.models import SupportedModel
from together_di.types.shared import LogProbs, Usage

from .support.http_server import HTTPServer, answer
from .support.sides import CHAT, KEY, OpenSide, both_sides, chat, completion


def lenient(kind: Any, value: object) -> Any:
    return decoder(kind, strict=False)(json.dumps(value).encode())


def complaint(kind: Any, value: object) -> str:
    with pytest.raises(Misfit) as caught:
        decoder(kind, strict=True)(json.dumps(value).encode())
    return str(caught.value)


def changed(**changes: object) -> dict[str, Any]:
    return {**completion(), **changes}


def test_what_fits_is_decoded_to_the_documented_types() -> None:
    result = lenient(ChatCompletion, completion())
    assert type(result) is ChatCompletion
    assert type(result.choices[0]) is ChatCompletionChoice
    assert type(result.choices[0].message) is ChatCompletionMessage
    assert result.to_dict() == completion()


def test_of_two_models_that_do_not_fit_the_one_with_more_of_the_keys_is_taken() -> None:
    class Small(CamelModel):
        small_name: int

    class Large(CamelModel):
        large_name: int | None = None
        large_size: int

    assert type(lenient(Small | Large, {"largeName": "x"})) is Large


@pytest.mark.parametrize("strict", [False, True])
def test_an_unknown_field_is_kept_as_an_attribute_and_in_model_extra(strict: bool) -> None:
    data = json.dumps(changed(new_field={"a": [1, None]}, another=None)).encode()
    result = decoder(ChatCompletion, strict=strict)(data)
    assert result.new_field == {"a": [1, None]}
    assert result.model_extra == {"new_field": {"a": [1, None]}, "another": None}


def test_an_unknown_field_is_kept_beside_a_field_that_does_not_fit() -> None:
    result: Any = lenient(ChatCompletion, changed(created="soon", new_field=1))
    assert (result.created, result.new_field, result.model_extra) == ("soon", 1, {"new_field": 1})


def test_an_unknown_field_is_kept_deep_inside() -> None:
    body = completion()
    body["choices"][0]["message"] |= {"role": "oracle", "mood": "calm"}
    message = lenient(ChatCompletion, body).choices[0].message
    assert (message.role, message.mood, message.model_extra) == ("oracle", "calm", {"mood": "calm"})


def test_an_unknown_enum_value_is_kept() -> None:
    body = completion()
    body["choices"][0]["finish_reason"] = "content_filter"
    choice: Any = lenient(ChatCompletion, body).choices[0]
    assert type(choice) is ChatCompletionChoice
    assert (choice.finish_reason, choice.message.content) == ("content_filter", "Hello")


def test_an_unknown_enum_value_in_a_list_leaves_the_others_alone() -> None:
    model = lenient(SupportedModel, {"capabilities": ["CAPABILITY_CHAT", "CAPABILITY_FLYING"], "id": "m"})
    assert model.capabilities == ["CAPABILITY_CHAT", "CAPABILITY_FLYING"]


@pytest.mark.parametrize("field", ["id", "created", "model", "choices", "object", "usage"])
def test_null_is_kept_where_it_is_not_expected(field: str) -> None:
    result = lenient(ChatCompletion, changed(**{field: None}))
    assert type(result) is ChatCompletion
    assert getattr(result, field) is None


@pytest.mark.parametrize("field", ["id", "created", "model", "choices", "object"])
def test_a_missing_required_field_is_none(field: str) -> None:
    body = completion()
    del body[field]
    assert getattr(lenient(ChatCompletion, body), field) is None


@pytest.mark.parametrize("field", ["id", "created", "model", "choices", "object"])
def test_a_missing_required_field_is_not_sent_back(field: str) -> None:
    body = completion()
    del body[field]
    assert field not in lenient(ChatCompletion, body).model_fields_set


def test_a_missing_optional_field_has_its_default_when_another_does_not_fit() -> None:
    result = lenient(ChatCompletion, changed(created=None))
    assert (result.usage, result.warnings) == (None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [("id", 7), ("id", ["a"]), ("created", "soon"), ("created", {"at": 1}), ("created", 1.5), ("model", {"name": "m"})],
)
def test_a_scalar_of_the_wrong_type_is_kept_as_it_came(field: str, value: object) -> None:
    result = lenient(ChatCompletion, changed(**{field: value}))
    assert getattr(result, field) == value
    assert type(getattr(result, field)) is type(value)
    assert result.choices[0].message.content == "Hello"


@pytest.mark.parametrize("value", ["text", 7, {"0": {}}, [7, "x", None], [[]]])
def test_a_list_of_something_else_is_kept_as_it_came(value: object) -> None:
    assert lenient(ChatCompletion, changed(choices=value)).choices == value


def test_one_bad_item_leaves_the_others_models() -> None:
    good = completion()["choices"][0]
    choices = lenient(ChatCompletion, changed(choices=[good, 5, good])).choices
    assert [type(choice).__name__ for choice in choices] == ["ChatCompletionChoice", "int", "ChatCompletionChoice"]


def test_one_bad_value_leaves_the_other_values_of_a_mapping() -> None:
    logprobs: Any = lenient(LogProbs, {"top_logprobs": {"a": -1, "b": "much"}})
    assert logprobs.top_logprobs == {"a": -1.0, "b": "much"}


def test_a_model_where_something_else_came_is_that_thing() -> None:
    assert lenient(ChatCompletion, changed(usage="none")).usage == "none"
    assert lenient(ChatCompletion, changed(usage=[1])).usage == [1]


def test_a_bad_optional_model_is_still_a_model() -> None:
    usage = lenient(ChatCompletion, changed(usage={"prompt_tokens": "few", "total_tokens": 3})).usage
    assert type(usage) is Usage
    assert dict(usage) == {"prompt_tokens": "few", "completion_tokens": None, "total_tokens": 3}


def test_a_union_takes_the_arm_whose_required_fields_are_there() -> None:
    picture = lenient(ImageFile, {"data": [{"index": "x", "url": "u"}]}).data[0]
    assert (type(picture), picture.url) == (ImageDataURL, "u")


def test_a_union_takes_the_arm_that_knows_most_fields() -> None:
    kind: Any = Transcription | TranscriptionVerbose
    assert type(lenient(kind, {"text": 7, "duration": 1.0, "words": None})) is TranscriptionVerbose
    assert type(lenient(kind, {"text": 7})) is Transcription


def test_a_union_of_answers_is_decoded_to_the_one_that_came() -> None:
    kind: Any = TranscriptionVerbose | Transcription
    long = {"text": "a", "duration": 1.0, "language": "en", "segments": []}
    assert type(lenient(kind, {"text": "a"})) is Transcription
    assert type(lenient(kind, long)) is TranscriptionVerbose
    assert lenient(kind, {**long, "duration": None}).language == "en"


def test_a_union_with_plain_types_keeps_what_fits_none() -> None:
    chunk = {"choices": [{"index": 0, "delta": {}, "logprobs": "no"}]}
    assert lenient(ChatCompletionChunk, chunk).choices[0].logprobs == "no"
    chunk = {"choices": [{"index": 0, "delta": {}, "logprobs": {"tokens": ["a", 7]}}]}
    assert lenient(ChatCompletionChunk, chunk).choices[0].logprobs.tokens == ["a", 7]


def test_a_field_with_another_name_on_the_wire_is_found_when_something_does_not_fit() -> None:
    file = lenient(FileResponse, {"id": 5, "FileType": "csv"})
    assert (file.id, file.file_type, file.model_extra) == (5, "csv", {})


def test_a_camel_case_answer_is_read_when_something_does_not_fit() -> None:
    model = lenient(
        SupportedModel, {"displayName": "M", "createdAt": "yesterday", "deploymentProfiles": [{"gpuCount": 2}]}
    )
    assert (model.display_name, model.created_at) == ("M", "yesterday")
    assert model.deployment_profiles[0].gpu_count == 2


def test_a_lenient_result_can_be_sent_back_as_it_came() -> None:
    body = changed(created="soon", new_field=[1], choices=[{"message": {"role": "oracle", "content": 5}}])
    result = lenient(ChatCompletion, body)
    assert result.to_dict() == body
    assert json.loads(result.to_json()) == body


def test_a_field_named_like_a_method_does_not_break_the_model() -> None:
    body = changed(created="soon", to_dict=1, model_dump=2, __class__=3)
    result = lenient(ChatCompletion, body)
    assert result.model_extra == {"to_dict": 1, "model_dump": 2, "__class__": 3}
    assert type(result) is ChatCompletion


NO_OBJECTS: list[object] = [None, [], "text", 7, True, [completion()]]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("value", NO_OBJECTS)
def test_an_answer_that_is_no_object_is_a_misfit(value: object, strict: bool) -> None:
    with pytest.raises(Misfit, match="object"):
        decoder(ChatCompletion, strict=strict)(json.dumps(value).encode())


def test_a_large_vector_is_decoded_to_floats() -> None:
    data = {"object": "list", "model": "m", "data": [{"object": "embedding", "index": 0, "embedding": [1, 0.5] * 512}]}
    vector = lenient(Embedding, data).data[0].embedding
    assert len(vector) == 1024
    assert {type(number) for number in vector} == {float}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"id": 7}, "id: "),
        ({"choices": [{"message": {"role": "oracle"}}]}, "choices.0.message.role: "),
        ({"usage": {"prompt_tokens": 1}}, "usage.completion_tokens: "),
        ({"choices": None}, "choices: "),
    ],
)
def test_strict_names_the_place_that_does_not_fit(changes: dict[str, object], place: str) -> None:
    assert complaint(ChatCompletion, changed(**changes)).startswith(place)


NOT_JSON = [b"", b"{", b"nul", b'{"a":}', b"\xff", b'{"id":"c-1"} trailing', b"<html>", b"data: {}", b"\xef\xbb\xbf{}"]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("data", NOT_JSON)
def test_what_is_not_json_is_a_misfit(data: bytes, strict: bool) -> None:
    with pytest.raises(Misfit):
        decoder(ChatCompletion, strict=strict)(data)


@pytest.mark.parametrize(
    "data", [b'{"id": "\xff"}', b'{"id": "\\ud800"}', b"[" * 100_000, b'{"created": ' + b"9" * 5000 + b"}"]
)
def test_odd_json_is_never_another_error(data: bytes) -> None:
    with suppress(Misfit):
        assert decoder(ChatCompletion, strict=False)(data) is not None


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def shaped(kind: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with the fields of a model and anything in them."""
    names = [field.alias or name for name, field in kind.model_fields.items()]
    return st.dictionaries(st.sampled_from(names) | st.text(max_size=8), JSON_VALUES)


@pytest.mark.parametrize(
    "kind", [ChatCompletion, ChatCompletionChunk, ImageFile, SupportedModel, FileResponse, LogProbs]
)
@given(data=st.data())
def test_no_json_object_raises(kind: Any, data: st.DataObject) -> None:
    value = data.draw(shaped(kind))
    result = lenient(kind, value)
    assert type(result) is kind
    names = {field.alias: name for name, field in kind.model_fields.items() if field.alias}
    assert {names.get(key, key) for key in value} <= result.model_fields_set


@given(
    st.recursive(shaped(ChatCompletion), lambda inner: st.fixed_dictionaries({"choices": st.lists(inner, max_size=2)}))
)
def test_nested_objects_never_raise(value: dict[str, Any]) -> None:
    assert type(lenient(ChatCompletion, value)) is ChatCompletion


@given(st.binary(max_size=40) | JSON_VALUES.map(lambda value: json.dumps(value).encode()[:-1]), st.booleans())
def test_bytes_raise_nothing_but_the_typed_error(data: bytes, strict: bool) -> None:
    def reply(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=data, headers={"content-type": "text/plain"})

    with httpx.Client(transport=httpx.MockTransport(reply)) as http:
        client = Together(api_key=KEY, strict=strict, http_client=http)
        shown: list[object] = []
        try:
            client.chat.completions.create(**CHAT)
        except APIResponseValidationError as error:
            shown += [error.body, "text/plain" in str(error)]
    assert shown in ([], [data.decode("utf-8", "replace"), True])


@both_sides
def test_a_client_is_lenient(open_side: OpenSide) -> None:
    with HTTPServer(answer(changed(created="soon", new_field=1))) as server, open_side(server.url) as side:
        result = side.call(chat)
    assert (result.created, result.new_field) == ("soon", 1)


@both_sides
@pytest.mark.parametrize("value", NO_OBJECTS)
def test_a_lenient_client_raises_for_an_answer_that_is_no_object(open_side: OpenSide, value: object) -> None:
    with (
        HTTPServer(answer(value)) as server,
        open_side(server.url) as side,
        pytest.raises(APIResponseValidationError, match=r"chat\.completions\.create\(\).*object") as caught,
    ):
        side.call(chat)
    assert caught.value.body == json.dumps(value)


@both_sides
def test_a_strict_client_raises_an_error_that_names_method_and_place(open_side: OpenSide) -> None:
    with (
        HTTPServer(answer(changed(created="soon"))) as server,
        open_side(server.url, strict=True) as side,
        pytest.raises(APIResponseValidationError, match=r"chat\.completions\.create\(\).*created: ") as caught,
    ):
        side.call(chat)
    assert caught.value.status_code == 200
    assert json.loads(str(caught.value.body))["created"] == "soon"


@both_sides
def test_a_strict_client_takes_unknown_fields(open_side: OpenSide) -> None:
    with HTTPServer(answer(changed(new_field=1))) as server, open_side(server.url, strict=True) as side:
        assert side.call(chat).new_field == 1


@both_sides
def test_a_message_that_does_not_fit_can_be_sent_back(open_side: OpenSide) -> None:
    body = completion()
    body["choices"][0]["message"] = {"role": "oracle", "content": ["Hi"], "mood": "calm"}
    with HTTPServer(default=answer(body)) as server, open_side(server.url) as side:
        message = side.call(chat).choices[0].message
        side.call(lambda client: client.chat.completions.create(model="m", messages=[message]))
    assert server.requests[1].json()["messages"] == [{"role": "oracle", "content": ["Hi"], "mood": "calm"}]
