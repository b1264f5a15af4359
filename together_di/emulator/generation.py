"""What chat and text completions share: sampling parameters, cutting, log probabilities, usage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .text import pieces, token_count, token_id, token_logprob, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .parameters import Parameters

# Replies carry a fixed time, so that the same request gives the same reply on every day.
EPOCH = 1_767_225_600


@dataclass(frozen=True, slots=True)
class Sampling:
    """The checked sampling parameters that have an effect here."""

    choices: int
    max_tokens: int | None
    stop: tuple[str, ...]
    logprobs: bool
    echo: bool
    seed: int | None
    stream: bool


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated text and why it ended."""

    text: str
    finish_reason: str


def read_sampling(parameters: Parameters) -> Sampling:
    """Check all sampling parameters; those without effect on a deterministic answer are checked alike."""
    parameters.number("temperature", minimum=0, maximum=2)
    parameters.number("top_p", minimum=0, maximum=1)
    parameters.number("min_p", minimum=0, maximum=1)
    parameters.integer("top_k", minimum=-1)
    parameters.number("repetition_penalty", minimum=0)
    parameters.number("presence_penalty", minimum=-2, maximum=2)
    parameters.number("frequency_penalty", minimum=-2, maximum=2)
    parameters.mapping("logit_bias")
    limit = parameters.integer("max_tokens", minimum=1)
    return Sampling(
        choices=parameters.integer("n", minimum=1, maximum=128) or 1,
        max_tokens=limit or parameters.integer("max_completion_tokens", minimum=1),
        stop=tuple(text for text in parameters.strings("stop") if text),
        logprobs=_wants_logprobs(parameters),
        echo=parameters.flag("echo"),
        seed=parameters.integer("seed"),
        stream=parameters.flag("stream"),
    )


def cut(text: str, sampling: Sampling, finish_reason: str = "stop") -> Generated:
    """Apply `stop` and `max_tokens` to a text."""
    ends = [position for stop in sampling.stop if (position := text.find(stop)) >= 0]
    if ends:
        text = text[: min(ends)]
    if sampling.max_tokens is not None and len(text) > sampling.max_tokens:
        found = tokens(text)
        if len(found) > sampling.max_tokens:
            return Generated("".join(found[: sampling.max_tokens]), "length")
    return Generated(text, finish_reason)


def usage(prompt: Sequence[str], completion: Sequence[str]) -> dict[str, int]:
    """Count the tokens of prompts and completions."""
    prompt_tokens = sum(token_count(text) for text in prompt)
    completion_tokens = sum(token_count(text) for text in completion)
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


def logprobs(text: str) -> dict[str, object]:
    """Return the log probabilities of a text's tokens."""
    found = tokens(text)
    return {
        "tokens": found,
        "token_logprobs": [token_logprob(token) for token in found],
        "token_ids": [token_id(token) for token in found],
    }


def echoed(texts: Sequence[str], sampling: Sampling) -> list[dict[str, object]]:
    """Return the prompt list of a reply: filled when `echo` asks for it."""
    if not sampling.echo:
        return []
    return [{"text": text, "logprobs": logprobs(text) if sampling.logprobs else None} for text in texts]


def stream_pieces(text: str, sampling: Sampling) -> list[str]:
    """Split a text into what each chunk carries: a word, or a token when log probabilities are asked for."""
    return tokens(text) if sampling.logprobs else pieces(text)


def _wants_logprobs(parameters: Parameters) -> bool:
    value = parameters.get("logprobs")
    if isinstance(value, bool):
        return value
    return bool(parameters.integer("logprobs", minimum=0, maximum=20))
