"""`POST /v1/completions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .answers import answer, question_of
from .exchange import Reply, Request, event_reply, invalid, json_reply
from .generation import EPOCH, Generated, Sampling, cut, echoed, logprobs, read_sampling, stream_pieces, usage
from .parameters import Parameters
from .text import token_id, token_logprob

if TYPE_CHECKING:
    from collections.abc import Iterator


def create_completion(request: Request) -> Reply:
    """Continue one prompt or several, plain or streamed."""
    parameters = Parameters.parse(request.body)
    model = parameters.text("model")
    parameters.required("prompt")
    prompts = parameters.strings("prompt")
    if not any(prompts):
        raise invalid("prompt", "`prompt` is empty: send at least one character.")
    sampling = read_sampling(parameters)
    outcomes = [
        cut(answer(question_of(prompt), [prompt]), sampling) for prompt in prompts for _ in range(sampling.choices)
    ]
    counted = usage(prompts, [outcome.text for outcome in outcomes])
    identifier = request.identifier("cmpl")
    if sampling.stream:
        return event_reply(_chunks({"id": identifier, "model": model}, outcomes, sampling, counted))
    return json_reply(
        {
            "id": identifier,
            "object": "text.completion",
            "created": EPOCH,
            "model": model,
            "prompt": echoed(prompts, sampling),
            "choices": [_choice(index, outcome, sampling) for index, outcome in enumerate(outcomes)],
            "usage": counted,
        }
    )


def _choice(index: int, outcome: Generated, sampling: Sampling) -> dict[str, object]:
    return {
        "index": index,
        "text": outcome.text,
        "finish_reason": outcome.finish_reason,
        "logprobs": logprobs(outcome.text) if sampling.logprobs else None,
        "seed": sampling.seed,
    }


def _chunks(
    base: dict[str, str], outcomes: list[Generated], sampling: Sampling, counted: dict[str, int]
) -> Iterator[object]:
    for index, outcome in enumerate(outcomes):
        for piece in stream_pieces(outcome.text, sampling):
            yield _chunk(base, index, piece, sampling)
        last = index == len(outcomes) - 1
        yield _chunk(base, index, "", sampling, outcome.finish_reason, counted if last else None)


def _chunk(
    base: dict[str, str],
    index: int,
    text: str,
    sampling: Sampling,
    reason: str | None = None,
    counted: dict[str, int] | None = None,
) -> dict[str, object]:
    delta = {"role": "assistant", "content": text}
    return {
        **base,
        "object": "completion.chunk",
        "created": EPOCH,
        "token": {"id": token_id(text), "text": text, "logprob": token_logprob(text), "special": not text},
        "choices": [{"index": index, "text": text, "delta": delta, "finish_reason": reason}],
        "finish_reason": reason,
        "usage": counted,
        "seed": sampling.seed,
    }
