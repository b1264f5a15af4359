"""Types of `client.completions`: https://docs.together.ai/reference/completions-1."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from .._sentinels import NotGiven
from ..request import RequestOptions
from ._base import BaseModel
from .shared import FinishReason, LogProbs, PromptPart, Usage

__all__ = [
    "Completion",
    "CompletionChoice",
    "CompletionChunk",
    "CompletionChunkChoice",
    "CompletionCreateParams",
    "CompletionDelta",
    "CompletionToken",
]


class CompletionChoice(BaseModel):
    """One of the `n` continuations."""

    text: str | None = None
    index: int | None = None
    finish_reason: FinishReason | None = None
    logprobs: LogProbs | None = None
    seed: int | None = None


class Completion(BaseModel):
    """The answer to `completions.create`."""

    id: str
    object: Literal["text.completion", "text_completion"]
    created: int
    model: str
    choices: list[CompletionChoice]
    prompt: list[PromptPart] | None = None
    usage: Usage | None = None


class CompletionToken(BaseModel):
    """The token a chunk brings."""

    id: int
    text: str
    logprob: float
    special: bool


class CompletionDelta(BaseModel):
    """What a chunk adds, in the form of a chat message."""

    role: Literal["system", "user", "assistant", "function", "tool"] | None = None
    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    token_id: int | None = None


class CompletionChunkChoice(BaseModel):
    """A chunk's share of one of the `n` continuations."""

    index: int | None = None
    text: str | None = None
    delta: CompletionDelta | None = None
    finish_reason: FinishReason | None = None


class CompletionChunk(BaseModel):
    """A piece of a streamed continuation."""

    id: str
    choices: list[CompletionChunkChoice]
    token: CompletionToken | None = None
    object: Literal["completion.chunk", "text_completion"] | None = None
    created: int | None = None
    model: str | None = None
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    seed: int | None = None


class _Required(TypedDict):
    model: str
    prompt: str


class CompletionCreateParams(_Required, RequestOptions, total=False):
    """Arguments of `completions.create`."""

    echo: bool | NotGiven
    frequency_penalty: float | NotGiven
    logit_bias: Mapping[str, float] | NotGiven
    logprobs: int | NotGiven
    max_tokens: int | NotGiven
    min_p: float | NotGiven
    n: int | NotGiven
    presence_penalty: float | NotGiven
    repetition_penalty: float | NotGiven
    safety_model: str | NotGiven
    seed: int | NotGiven
    stop: Sequence[str] | NotGiven
    temperature: float | NotGiven
    top_k: int | NotGiven
    top_p: float | NotGiven
